"""`casefeed schema`: the event types, what each field says of itself, and whether a change may be released."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from casefeed.cli.schema_asyncapi import asyncapi_command
from casefeed.cli.schema_check import check_command
from casefeed.cli.schema_diff import diff_command
from casefeed.cli.schema_release import release_command
from casefeed.cli.tables import FORMATS, TableRow, print_rows
from casefeed.contract.catalogue import EventType, load_catalogue, union_branches, walk_fields
from casefeed.contract.codec import PERSONAL_PARTS, SEALED_FIELDS
from casefeed.contract.compatibility import enum_symbols
from casefeed.contract.privacy import Sensitivity
from casefeed.runtime.errors import UsageError
from casefeed.runtime.settings import load

SHORT_HEX = 12
# What a field says of itself in a column of its own; the rest are the rules of its values.
_COLUMN_KEYS = {"name", "type", "doc", "sensitivity", "niem", "unit", "default", "pseudonym"}


@click.group
def schema() -> None:
    """List, show and register the event types; check, compare and release their schemas."""


for _each in (asyncapi_command, check_command, diff_command, release_command):
    schema.add_command(_each)


@schema.command("list")
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def list_command(form: str) -> None:
    """List the event types: topics, number of fields, the schema's fingerprint."""
    types = sorted(load_catalogue().record_types.values(), key=lambda each: each.name)
    shown: list[TableRow] = [
        {
            "name": each.name,
            "topics": sorted(each.topics),
            "fields": len(_field_rows(each)),
            "fingerprint": each.fingerprint.hex() if form == "json" else each.fingerprint.hex()[:SHORT_HEX],
        }
        for each in types
    ]
    print_rows(shown, form, ("name", "topics", "fields", "fingerprint"), right_aligned=("fields",))


@schema.command("show")
@click.argument("name")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "avsc"]), default="table", show_default=True
)
def show_command(name: str, form: str) -> None:
    """Show the fields of the event type NAME, or with --format avsc its whole schema."""
    try:
        event_type = load_catalogue().by_name(name)
    except KeyError as error:
        raise UsageError(f"{error.args[0]}.") from None
    if form == "avsc":
        click.echo(json.dumps(event_type.schema, indent=2, ensure_ascii=False))
        return
    if form == "table":
        topics = ", ".join(sorted(event_type.topics))
        click.echo(f"{event_type.name} on {topics}\n{event_type.schema['doc']}")
    print_rows(_field_rows(event_type), form, _COLUMNS)


_COLUMNS = ("field", "type", "sensitivity", "niem", "unit", "doc")


def _field_rows(event_type: EventType) -> list[TableRow]:
    """The fields of an event type, one a row; the three of the sealed form are the same everywhere and left out."""
    return [
        {
            "field": ".".join(path),
            "type": _type_text(item["type"]),
            "sensitivity": Sensitivity(item["sensitivity"]).label + (" (pseudonym)" if "pseudonym" in item else ""),
            "niem": item["niem"],
            "unit": item.get("unit"),
            "doc": item["doc"],
            "symbols": enum_symbols(item["type"]),
            "rules": {key: value for key, value in item.items() if key not in _COLUMN_KEYS},
        }
        for path, item in walk_fields(event_type.schema)
        if not (path[0] in PERSONAL_PARTS and path[-1] in SEALED_FIELDS)
    ]


def _type_text(type_: Any) -> str:
    """A type in words."""
    members = union_branches(type_)
    if len(members) > 1:
        shown = " or ".join(_type_text(each) for each in members if each != "null")
        return f"{shown}, or null" if "null" in members else shown
    (only,) = members
    if not isinstance(only, dict):
        return str(only).rpartition(".")[2]
    if only["type"] == "array":
        return f"list of {_type_text(only['items'])}"
    return str(only.get("logicalType") or only.get("name") or only["type"])


@schema.command("register")
def register_command() -> None:
    """Register every packaged schema; doing it again changes nothing.

    A producer registers what it sends by itself: this makes the registry whole before the first event.
    """
    registered = asyncio.run(_register(load().registry_url))
    for name, number in sorted(registered.items()):
        click.echo(f"{name}: {number}")


async def _register(url: str) -> dict[str, int]:
    from casefeed.kafka.registry import SchemaRegistry  # not for --help

    async with SchemaRegistry(url) as registry:
        return await registry.register_all(load_catalogue())
