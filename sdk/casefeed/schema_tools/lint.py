"""What a schema must say of itself, whether or not there is an earlier version: the spelling rules of the house.

Every field has a doc, a sensitivity tag and a NIEM name or null; a measure has its unit; what is personal lies in
a personal part; what may be unknown one day has a default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from casefeed.contract.catalogue import (
    CASE_TOPICS,
    STATEMENT_TOPICS,
    Schema,
    defined_types,
    union_branches,
    walk_fields,
)
from casefeed.contract.codec import PERSONAL_PARTS
from casefeed.contract.compatibility import SchemaViolation, full_name
from casefeed.contract.guard import forbidden_fields
from casefeed.contract.privacy import PERSONAL_TAGS, Sensitivity
from casefeed.contract.validation import UNRECOGNIZED

_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SYMBOL_CASE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_UNITS = {
    "timestamp-millis": "ms since 1970-01-01T00:00:00Z",
    "date": "days since 1970-01-01",
    "bytes": "bytes",
    "int": "years",
}
_TAGS = frozenset(each.value for each in Sensitivity)


def lint_schema(schema: Schema) -> Iterator[SchemaViolation]:
    """What is not well said in a self-contained event schema; nothing when all is."""
    name = full_name(schema)
    if not schema.get("doc"):
        yield SchemaViolation(
            "no-doc", name, "has no doc", "Say in one sentence which fact it is and what occurred_at means."
        )
    topics = set(schema.get("topics", ()))
    if not topics or not (topics <= set(CASE_TOPICS) or topics <= set(STATEMENT_TOPICS.values())):
        either, stated = " or ".join(CASE_TOPICS), " or ".join(STATEMENT_TOPICS.values())
        remedy = f"Name {either} under topics, or both; for a statement {stated}."
        yield SchemaViolation("no-topic", name, "is on no topic of the feed, or on one that is not", remedy)
    if not schema.get("purpose"):
        yield SchemaViolation(
            "no-purpose", name, "has no purpose", "Name the purpose it is released for (domain 4.0)."
        )
    if not schema["fields"] or schema["fields"][0]["name"] != "header":
        yield SchemaViolation("no-header", name, "does not begin with the header", "Make header the first field.")
    for path in forbidden_fields(schema):
        yield SchemaViolation(
            "forbidden-field", path, "is a field that the feed never carries", "Take the field out."
        )
    for steps, item in walk_fields(schema):
        yield from _field_violations(".".join(steps), steps, item)


def _field_violations(path: str, steps: tuple[str, ...], item: Schema) -> Iterator[SchemaViolation]:
    if not _SNAKE_CASE.fullmatch(item["name"]):
        yield SchemaViolation(
            "not-snake-case", path, "is not in snake_case", "Spell it in lower case with underscores."
        )
    if not item.get("doc"):
        yield SchemaViolation("no-doc", path, "has no doc", "Say in one sentence what it holds.")
    tag = item.get("sensitivity")
    if tag not in _TAGS:
        yield SchemaViolation(
            "no-sensitivity", path, "has no sensitivity tag", f"Tag it with one of {', '.join(sorted(_TAGS))}."
        )
    elif tag in PERSONAL_TAGS and not item.get("pseudonym") and steps[0] not in PERSONAL_PARTS:
        remedy = "Move it into child or sponsor."
        yield SchemaViolation("personal-outside-part", path, "is personal and lies outside a personal part", remedy)
    if "niem" not in item:
        remedy = "Give the NIEM 6.0 name, or null where there is none."
        yield SchemaViolation("no-niem", path, "says nothing of NIEM", remedy)
    yield from _measure_violations(path, item)
    members = union_branches(item["type"])
    if "null" in members and (members[0] != "null" or item.get("default", "") is not None):
        remedy = "Put null first in the union and give the default null."
        yield SchemaViolation("optional-without-default", path, "may be null but has no default null", remedy)
    for member in defined_types(item["type"]):
        yield from _type_violations(path, member)


def _measure_violations(path: str, item: Schema) -> Iterator[SchemaViolation]:
    kinds = {_measure_kind(each) for each in union_branches(item["type"])} - {None}
    for kind in sorted(str(each) for each in kinds):
        if item.get("unit") != _UNITS[kind] and (kind != "int" or "unit" not in item):
            remedy = f'Add "unit": "{_UNITS[kind]}"' + (" or what else it counts." if kind == "int" else ".")
            yield SchemaViolation("no-unit", path, "is a measure without its unit", remedy)
        if kind != "bytes" and not {"minimum", "maximum"} <= item.keys():
            yield SchemaViolation("no-bounds", path, "has no bounds", "Give it minimum and maximum.")
    for prop in ("pattern", "synthetic_pattern", "item_pattern"):
        pattern = item.get(prop, "^$")
        if not (pattern.startswith("^") and pattern.endswith("$")) or re.search(r"\\[dDwWsSbB]|\(\?", pattern):
            remedy = "Anchor it with ^ and $ and spell classes out: [0-9], not \\d; engines differ."
            yield SchemaViolation("loose-pattern", path, f"{prop} does not mean the same to every engine", remedy)


def _measure_kind(type_: Any) -> str | None:
    """The kind of measure that a type is; None for what has no unit."""
    if isinstance(type_, dict):
        return type_.get("logicalType") if type_.get("logicalType") in _UNITS else None
    return type_ if type_ in ("bytes", "int") else None


def _type_violations(path: str, schema: Schema) -> Iterator[SchemaViolation]:
    if not schema.get("doc"):
        yield SchemaViolation(
            "no-doc", path, f"has the type {schema['name']}, which has no doc", "Say what it stands for."
        )
    if schema["type"] != "enum":
        return
    if schema.get("default") != UNRECOGNIZED:
        remedy = f"Add the symbol {UNRECOGNIZED} and make it the default."
        yield SchemaViolation(
            "enum-without-default", path, "has no symbol for what an older reader does not know", remedy
        )
    for symbol in schema["symbols"]:
        if not _SYMBOL_CASE.fullmatch(symbol):
            yield SchemaViolation(
                "not-upper-case", path, f"has the symbol {symbol}", "Spell it in capitals with underscores."
            )
