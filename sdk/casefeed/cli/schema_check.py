"""`casefeed schema check`: may these schemas follow what was released?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from casefeed.cli.listing import FORMS, tell
from casefeed.contract.catalogue import Schema, versions
from casefeed.contract.compatibility import Finding
from casefeed.contract.errors import SchemaFault
from casefeed.contract.resources import data_dir
from casefeed.runtime.errors import AnswerIsNo, WrongUse
from casefeed.runtime.text import plural
from casefeed.schema_tools.candidates import findings, proposed
from casefeed.schema_tools.releases import altered, missing, releases

Found = list[tuple[str, Finding]]


@click.command("check")
@click.argument("new", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of earlier schemas; the packaged releases unless another is given.",
)
@click.option("--format", "form", type=FORMS, default="table", show_default=True)
def check_command(new: Path | None, against: Path | None, form: str) -> None:
    """Check that the schema file NEW, or every packaged one, may follow the earlier ones.

    Exits 1 with the rule, the field and the remedy of each finding. NEW may also be a record or an enum that
    events hold: then each event that holds it is checked. Without NEW, the releases themselves are checked too:
    that none of their files was changed, and that no event type of theirs is gone.
    """
    folder = against or data_dir() / "released"
    try:
        earlier = versions(folder)
        candidates = proposed(new)
        found = findings(candidates, earlier) if new else everything(candidates, folder, earlier)
    except SchemaFault as fault:
        raise WrongUse(f"{fault}.") from fault
    if form == "table":
        show(found)
    else:
        rows = [{"schema": name, **asdict(each)} for name, each in found]
        tell(rows, form, ("schema", "rule", "field", "sentence", "remedy"))
    schemas = plural(len(candidates), "schema")
    if found:
        raise AnswerIsNo(f"{plural(len(found), 'finding')} in {schemas}: mend before a release.")
    if form == "table":
        compared = sum(len(earlier.get(name, ())) for name in candidates)
        after = (
            f"may follow {plural(compared, 'earlier version')}"
            if compared
            else "there is no earlier release to follow"
        )
        click.echo(f"{schemas} {'keeps' if len(candidates) == 1 else 'keep'} the spelling rules and {after}.")


def everything(candidates: Mapping[str, Schema], folder: Path, earlier: Mapping[str, list[Schema]]) -> Found:
    """What keeps `candidates`, as all that the feed has, from following the releases in `folder`."""
    gone = [(each.field, each) for each in missing(candidates, earlier)]
    spoilt = [(name, each) for name, path in releases(folder).items() for each in altered(path)]
    return [*findings(candidates, earlier), *gone, *spoilt]


def show(found: Found) -> None:
    """Print findings for people: rule and field, what is wrong, what to do."""
    for name, each in found:
        subject = name if each.field == name else f"{name} {each.field}"
        click.echo(f"{each.rule}: {subject}\n  {each.sentence}.\n  {each.remedy}")
