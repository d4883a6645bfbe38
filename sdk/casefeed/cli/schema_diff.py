"""`casefeed schema diff`: what changed between two versions, in words for readers and for writers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from casefeed.cli.tables import print_rows
from casefeed.contract.avro_errors import AVRO_ERRORS
from casefeed.contract.catalogue import EventType, Schema, build_catalogue
from casefeed.contract.errors import SchemaError
from casefeed.contract.resources import data_dir
from casefeed.runtime.errors import CheckFailed, UsageError
from casefeed.schema_tools.candidates import candidate_schemas
from casefeed.schema_tools.diff import SchemaChange, VersionNames, schema_changes
from casefeed.schema_tools.releases import release_folders

CURRENT = "current"
_COLUMNS = ("event_type", "field", "rule", "breaks", "sentence", "readers", "writers")


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B", default=CURRENT)
@click.option(
    "--format", "form", type=click.Choice(["text", "table", "json", "csv"]), default="text", show_default=True
)
def diff_command(before: str, after: str, form: str) -> None:
    """Say what changed from A to B: what readers meet, and what writers have to do.

    A and B are releases (0.1), `current` for the packaged schemas, or folders or files of schemas; B is current
    unless given. Exits 1 when B may not follow A.
    """
    try:
        one, other = resolve_schemas(before), resolve_schemas(after)
        # A file shows one event type, or those that hold one part: nothing is said of the rest.
        files = [schemas for named, schemas in ((before, one), (after, other)) if Path(named).is_file()]
        if files:
            shown = set().union(*files)
            one, other = ({name: each[name] for name in shown & each.keys()} for each in (one, other))
        changes = schema_changes(one, other, VersionNames(before, after))
    except SchemaError as fault:
        raise UsageError(f"{fault}.") from fault
    if form == "text":
        for each in _paragraphs(changes, 0 if files else len(other)):
            click.echo(each)
    else:
        print_rows([asdict(each) for each in changes], form, _COLUMNS)
    breaking = sum(each.breaks for each in changes)
    if breaking:
        raise CheckFailed(f"{after} may not follow {before}: {breaking} of {len(changes)} changes break with it.")
    if form == "text":
        click.echo(f"{after} may follow {before}." if changes else f"{before} and {after} say the same.")


def resolve_schemas(named: str) -> dict[str, Schema]:
    """The event schemas that a release, `current`, a folder or a file stands for, by full name.

    Raises SchemaError when it stands for none, with what there is, or for one that Avro does not allow.
    """
    try:
        found = _load_schemas(named)
        for each in found.values():
            EventType.from_schema(each)
    except SchemaError:
        raise
    except AVRO_ERRORS as error:
        words = f"{named} has a schema that does not parse ({type(error).__name__})"
        raise SchemaError(f"{words}; mend what the Avro specification does not allow") from error
    return found


def _load_schemas(named: str) -> dict[str, Schema]:
    released = release_folders(data_dir() / "released")
    path = released.get(named, Path(named))
    if named == CURRENT:
        return candidate_schemas(None)
    if path.is_file():
        return candidate_schemas(path)
    if path.is_dir():
        return {name: each.schema for name, each in build_catalogue(path).record_types.items()}
    known = ", ".join([*released, CURRENT])
    raise SchemaError(f"{named} is no release, no folder and no file of schemas; there are {known}")


def _paragraphs(changes: Iterable[SchemaChange], total: int) -> Iterator[str]:
    """Each change for people; one that several event types share is told once."""
    shared: dict[tuple[str, ...], list[SchemaChange]] = {}
    for each in changes:
        field = "" if each.field == each.event_type else each.field
        shared.setdefault((each.rule, field, each.sentence, each.writers), []).append(each)
    for (rule, field, sentence, writers), alike in shared.items():
        all_types = len(alike) == total > 1
        types = f"every event type ({total})" if all_types else ", ".join(each.event_type for each in alike)
        yield (
            f"{rule}: {f'{field} in {types}' if field else types}\n  {sentence.rstrip('.')}.\n"
            f"  Readers: {alike[0].readers}.\n  Writers: {writers.rstrip('.')}.\n"
        )
