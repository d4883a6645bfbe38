"""`casefeed schema`: the event types, what each field says of itself, and whether a change may be released."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from casefeed.cli.schema_register import register_command
from casefeed.contract.catalogue import (
    EventType,
    Schema,
    assemble,
    branches,
    canonical,
    load,
    read_parts,
    record_parts,
    versions,
)
from casefeed.contract.codec import PERSONAL_PARTS
from casefeed.contract.errors import NOT_AVRO, SchemaFault
from casefeed.contract.evolution import Finding, gate
from casefeed.contract.privacy import Sensitivity
from casefeed.contract.resources import data_dir
from casefeed.contract.spelling import spelling
from casefeed.wire.errors import AnswerIsNo, WrongUse

WIDTH_IN_A_PIPE = 200
SHORT_HEX = 12
FORMS = click.Choice(["table", "json", "csv"])
# What a field says of itself in a column of its own; the rest are the rules of its values.
_SHOWN = {"name", "type", "doc", "sensitivity", "niem", "unit", "default", "pseudonym"}

Row = dict[str, Any]


@click.group
def schema() -> None:
    """List, show and register the event types; check whether a schema may be released."""


schema.add_command(register_command)


@schema.command("list")
@click.option("--format", "form", type=FORMS, default="table", show_default=True)
def list_command(form: str) -> None:
    """List the event types: topics, number of fields, the schema's fingerprint."""
    types = sorted(load().types.values(), key=lambda each: each.name)
    shown: list[Row] = [
        {
            "name": each.name,
            "topics": sorted(each.topics),
            "fields": len(_fields(each)),
            "fingerprint": each.fingerprint.hex() if form == "json" else each.fingerprint.hex()[:SHORT_HEX],
        }
        for each in types
    ]
    _tell(
        shown,
        form,
        Column("name"),
        Column("topics"),
        Column("fields", justify="right"),
        Column("fingerprint"),
    )


@schema.command("show")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "avsc"]),
    default="table",
    show_default=True,
)
def show_command(name: str, form: str) -> None:
    """Show the fields of the event type NAME, or with --format avsc its whole schema."""
    try:
        event_type = load().named(name)
    except KeyError as error:
        raise WrongUse(f"{error.args[0]}.") from None
    if form == "avsc":
        click.echo(json.dumps(event_type.schema, indent=2, ensure_ascii=False))
        return
    if form == "table":
        topics = ", ".join(sorted(event_type.topics))
        click.echo(f"{event_type.name} on {topics}\n{event_type.schema['doc']}")
    _tell(_fields(event_type), form, *(Column(head, overflow="fold") for head in _HEADS))


_HEADS = ("field", "type", "sensitivity", "niem", "unit", "doc")


@schema.command("check")
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
    events hold: then each event that holds it is checked.
    """
    try:
        earlier = versions(against or data_dir() / "released")
        checked, found = _check(_candidates(new), earlier)
    except SchemaFault as fault:
        raise WrongUse(f"{fault}.") from fault
    compared = sum(len(earlier.get(name, ())) for name in checked)
    if form == "table":
        for name, each in found:
            subject = name if each.field == name else f"{name} {each.field}"
            click.echo(f"{each.rule}: {subject}\n  {each.sentence}.\n  {each.remedy}")
    else:
        rows = [{"schema": name, **asdict(each)} for name, each in found]
        heads = ("schema", "rule", "field", "sentence", "remedy")
        _tell(rows, form, *(Column(head) for head in heads))
    if found:
        raise AnswerIsNo(f"{len(found)} findings in {len(checked)} schemas: mend them before a release.")
    if form == "table":
        after = (
            f"may follow the {compared} earlier versions"
            if compared
            else "follow no earlier release: there is none"
        )
        click.echo(f"{len(checked)} schemas keep the spelling rules and {after}.")


def _candidates(new: Path | None) -> dict[str, Schema]:
    """The schemas to check, by name: every packaged one, or those that the file `new` defines or changes."""
    packaged = read_parts(data_dir() / "avro")
    events = {name for name, each in packaged.items() if "topics" in each}
    if new is None:
        return {name: assemble(name, packaged) for name in sorted(events)}
    try:
        part = json.loads(new.read_text(encoding="utf-8"))
        name = f"{part['namespace']}.{part['name']}"
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaFault(
            f"{new.name} is no Avro schema with a name and a namespace; mend the file"
        ) from error
    if "topics" in part or name not in packaged:
        return {name: assemble(name, packaged | {name: part})}
    changed = {each: assemble(each, packaged | {name: part}) for each in sorted(events)}
    return {each: text for each, text in changed.items() if f'"{part["name"]}"' in canonical(text)}


def _check(
    candidates: dict[str, Schema], earlier: dict[str, list[Schema]]
) -> tuple[list[str], list[tuple[str, Finding]]]:
    """The names checked, and each finding with the schema it is of; one that many share is told once."""
    found: dict[Finding, str] = {}
    for name, candidate in candidates.items():
        try:
            EventType.of(candidate)
            findings = [*spelling(candidate), *gate(candidate, earlier.get(name, []))]
        except NOT_AVRO as error:
            words = f"does not parse ({type(error).__name__})"
            findings = [Finding("not-avro", name, words, "Mend what the Avro specification does not allow.")]
        for each in findings:
            found.setdefault(each, name)
    return list(candidates), [(name, each) for each, name in found.items()]


def _fields(event_type: EventType) -> list[Row]:
    """The fields of an event type, one a row; the three of the sealed form are the same everywhere and left out."""
    return [
        {
            "field": ".".join(path),
            "type": _words(item["type"]),
            "sensitivity": Sensitivity(item["sensitivity"]).words
            + (" (pseudonym)" if "pseudonym" in item else ""),
            "niem": item["niem"],
            "unit": item.get("unit"),
            "doc": item["doc"],
            "symbols": _symbols(item["type"]),
            "rules": {key: value for key, value in item.items() if key not in _SHOWN},
        }
        for path, item in record_parts(event_type.schema)
        if not (path[0] in PERSONAL_PARTS and path[-1] in ("key_id", "nonce", "ciphertext"))
    ]


def _symbols(type_: Any) -> list[str]:
    """The symbols of an enum, or of a list of one, where it is written out."""
    return [
        symbol
        for member in branches(type_)
        if isinstance(member, dict)
        for symbol in member.get("symbols", ()) or _symbols(member.get("items", []))
    ]


def _words(type_: Any) -> str:
    """A type in words."""
    members = branches(type_)
    if len(members) > 1:
        shown = " or ".join(_words(each) for each in members if each != "null")
        return f"{shown}, or null" if "null" in members else shown
    (only,) = members
    if not isinstance(only, dict):
        return str(only).rpartition(".")[2]
    if only["type"] == "array":
        return f"list of {_words(only['items'])}"
    return str(only.get("logicalType") or only.get("name") or only["type"])


def _tell(rows: Sequence[Row], form: str, *columns: Column) -> None:
    """Print rows as a table for people, as JSON or as CSV for programs."""
    heads = [str(column.header) for column in columns]
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(heads)
        out.writerows(_texts(row, heads) for row in rows)
    else:
        table = Table(*columns, box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*(Text(text) for text in _texts(row, heads)))
        Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_PIPE).print(table)


def _texts(row: Row, heads: Iterable[str]) -> list[str]:
    values = (row[head] for head in heads)
    return [
        ", ".join(each) if isinstance(each, list) else "" if each is None else str(each) for each in values
    ]
