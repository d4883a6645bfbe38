"""What is proposed for the feed: the packaged schemas, a changed file among them, and what speaks against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from casefeed.contract.avro_errors import AVRO_ERRORS
from casefeed.contract.catalogue import EventType, Schema, assemble_schema, canonical_json, read_named_types
from casefeed.contract.compatibility import SchemaViolation, check_compatibility
from casefeed.contract.errors import SchemaError
from casefeed.contract.resources import data_dir
from casefeed.schema_tools.lint import lint_schema


def candidate_schemas(new: Path | None) -> dict[str, Schema]:
    """The event schemas to look at, by full name: every packaged one, or those that the file `new` changes.

    Where `new` defines an event type, that one; where it is a record or an enum, each event type that holds it.

    Raises SchemaError for a file that is no Avro schema with a name and a namespace.
    """
    packaged = read_named_types(data_dir() / "avro")
    events = {name for name, each in packaged.items() if "topics" in each}
    if new is None:
        return {name: assemble_schema(name, packaged) for name in sorted(events)}
    try:
        part = json.loads(new.read_text(encoding="utf-8"))
        name = f"{part['namespace']}.{part['name']}"
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaError(f"{new.name} is no Avro schema with a name and a namespace; mend the file") from error
    if "topics" in part or name not in packaged:
        return {name: assemble_schema(name, packaged | {name: part})}
    changed = {each: assemble_schema(each, packaged | {name: part}) for each in sorted(events)}
    return {each: text for each, text in changed.items() if f'"{part["name"]}"' in canonical_json(text)}


def candidate_violations(
    candidates: Mapping[str, Schema], earlier: Mapping[str, list[Schema]]
) -> list[tuple[str, SchemaViolation]]:
    """What keeps `candidates` from following the `earlier` versions, each with the schema it is of.

    A finding that many schemas share is told once.
    """
    found: dict[SchemaViolation, str] = {}
    for name, candidate in candidates.items():
        try:
            EventType.from_schema(candidate)
            each_of = [*lint_schema(candidate), *check_compatibility(candidate, earlier.get(name, []))]
        except AVRO_ERRORS as error:
            words = f"does not parse ({type(error).__name__})"
            each_of = [SchemaViolation("not-avro", name, words, "Mend what the Avro specification does not allow.")]
        for each in each_of:
            found.setdefault(each, name)
    return [(name, each) for each, name in found.items()]
