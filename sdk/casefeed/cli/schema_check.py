"""`casefeed schema check`: may these schemas follow what was released?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from casefeed.cli.tables import FORMATS, print_rows
from casefeed.contract.catalogue import Schema, schema_versions
from casefeed.contract.compatibility import SchemaViolation
from casefeed.contract.errors import SchemaError
from casefeed.contract.resources import data_dir
from casefeed.runtime.errors import CheckFailed, UsageError
from casefeed.runtime.text import plural
from casefeed.schema_tools.candidates import candidate_schemas, candidate_violations
from casefeed.schema_tools.releases import altered_files, release_folders, removed_types

NamedViolations = list[tuple[str, SchemaViolation]]


@click.command("check")
@click.argument("new", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of earlier schemas; the packaged releases unless another is given.",
)
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def check_command(new: Path | None, against: Path | None, form: str) -> None:
    """Check that the schema file NEW, or every packaged one, may follow the earlier ones.

    Exits 1 with the rule, the field and the remedy of each finding. NEW may also be a record or an enum that
    events hold: then each event that holds it is checked. Without NEW, the releases themselves are checked too:
    that none of their files was changed, and that no event type of theirs is gone.
    """
    folder = against or data_dir() / "released"
    try:
        earlier = schema_versions(folder)
        candidates = candidate_schemas(new)
        found = candidate_violations(candidates, earlier) if new else check_all(candidates, folder, earlier)
    except SchemaError as fault:
        raise UsageError(f"{fault}.") from fault
    if form == "table":
        print_violations(found)
    else:
        rows = [{"schema": name, **asdict(each)} for name, each in found]
        print_rows(rows, form, ("schema", "rule", "field", "sentence", "remedy"))
    schemas = plural(len(candidates), "schema")
    if found:
        raise CheckFailed(f"{plural(len(found), 'finding')} in {schemas}: mend before a release.")
    if form == "table":
        compared = sum(len(earlier.get(name, ())) for name in candidates)
        after = (
            f"may follow {plural(compared, 'earlier version')}"
            if compared
            else "there is no earlier release to follow"
        )
        click.echo(f"{schemas} {'keeps' if len(candidates) == 1 else 'keep'} the spelling rules and {after}.")


def check_all(candidates: Mapping[str, Schema], folder: Path, earlier: Mapping[str, list[Schema]]) -> NamedViolations:
    """What keeps `candidates`, as all that the feed has, from following the releases in `folder`."""
    gone = [(each.field, each) for each in removed_types(candidates, earlier)]
    spoilt = [(name, each) for name, path in release_folders(folder).items() for each in altered_files(path)]
    return [*candidate_violations(candidates, earlier), *gone, *spoilt]


def print_violations(found: NamedViolations) -> None:
    """Print findings for people: rule and field, what is wrong, what to do."""
    for name, each in found:
        subject = name if each.field == name else f"{name} {each.field}"
        click.echo(f"{each.rule}: {subject}\n  {each.sentence}.\n  {each.remedy}")
