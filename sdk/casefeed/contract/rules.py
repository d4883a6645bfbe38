"""The rules of a schema as a validator: types, bounds, patterns and symbols, read from the schema itself.

The constraints stand in the `.avsc` as field properties (`pattern`, `minimum`, `maximum`, `max_length`,
`min_items`, `max_items`), so the schema stays the one source. Data is validated in raw form: ints for
timestamps and dates, strings for uuids.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from casefeed.contract.catalogue import EventType, Schema, branches, record_parts
from casefeed.contract.errors import ContractError

UNRECOGNIZED = "UNRECOGNIZED"
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this event type",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "bytes_type": "must be bytes",
    "list_type": "must be a list",
    "dict_type": "must be a record",
    "string_pattern_mismatch": "does not match {pattern}",
    "string_too_long": "is longer than {max_length} characters",
    "bytes_too_long": "is longer than {max_length} bytes",
    "too_short": "has fewer than {min_length} items",
    "too_long": "has more than {max_length} items",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
    "literal_error": "is not one of its symbols",
}


class _Builder:
    """Builds the validator of one self-contained schema; named types are known once met."""

    def __init__(self, *, writing: bool) -> None:
        self.writing = writing
        self.named: dict[str, CoreSchema] = {}

    def of(self, type_: Any, props: Schema) -> CoreSchema:
        if isinstance(type_, list):
            return self.union(type_, props)
        if isinstance(type_, str):
            return self.named[type_] if type_ in self.named else self.primitive(type_, props)
        kind = type_["type"]
        if kind == "record":
            return self.keep(type_, self.record(type_))
        if kind == "enum":
            symbols = [s for s in type_["symbols"] if not (self.writing and s == UNRECOGNIZED)]
            return self.keep(type_, core_schema.literal_schema(symbols))
        if kind == "array":
            items = self.of(type_["items"], {})
            return core_schema.list_schema(
                items, min_length=props.get("min_items"), max_length=props.get("max_items"), strict=True
            )
        return self.primitive(kind, props)

    def keep(self, type_: Schema, built: CoreSchema) -> CoreSchema:
        self.named[f"{type_.get('namespace', 'casefeed')}.{type_['name']}"] = built
        self.named[type_["name"]] = built
        return built

    def record(self, schema: Schema) -> CoreSchema:
        fields = {
            item["name"]: core_schema.typed_dict_field(self.of(item["type"], item), required=True)
            for item in schema["fields"]
        }
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)

    def union(self, members: list[Any], props: Schema) -> CoreSchema:
        if "null" in members:
            (other,) = [member for member in members if member != "null"]
            return core_schema.nullable_schema(self.of(other, props))
        clear, sealed = members
        choices: dict[str, CoreSchema] = {"clear": self.of(clear, props), "sealed": self.of(sealed, props)}
        return core_schema.tagged_union_schema(choices, discriminator=clear_or_sealed)

    def primitive(self, kind: str, props: Schema) -> CoreSchema:
        if kind == "string":
            return core_schema.str_schema(
                pattern=props.get("pattern"), max_length=props.get("max_length"), strict=True
            )
        if kind in ("int", "long"):
            low, high = (INT_MIN, INT_MAX) if kind == "int" else (LONG_MIN, LONG_MAX)
            return core_schema.int_schema(
                ge=props.get("minimum", low), le=props.get("maximum", high), strict=True
            )
        if kind == "boolean":
            return core_schema.bool_schema(strict=True)
        return core_schema.bytes_schema(max_length=props.get("max_length"), strict=True)


def clear_or_sealed(part: Any) -> str:
    """Which branch of a personal part's union `part` is."""
    return "sealed" if isinstance(part, dict) and "ciphertext" in part else "clear"


def is_sealed(part: Any) -> bool:
    """Whether a personal part is in sealed form."""
    return clear_or_sealed(part) == "sealed"


@cache
def _validator(event_type: EventType, writing: bool) -> SchemaValidator:
    return SchemaValidator(_Builder(writing=writing).of(event_type.schema, {}))


def _sentence(problem: Any) -> tuple[str, str]:
    where = ".".join(str(step) for step in problem["loc"] if step not in ("clear", "sealed"))
    words = _WORDS.get(problem["type"], "has the wrong form")
    return where, words.format(**problem.get("ctx", {}))


def validate(event_type: EventType, datum: Any, *, writing: bool = False) -> None:
    """Hold `datum` (raw form) to every rule of its schema; raises ContractError naming field and rule.

    `writing` also refuses the symbol that stands for an unknown one.
    """
    try:
        _validator(event_type, writing).validate_python(datum)
    except ValidationError as error:
        where, rule = _sentence(error.errors(include_url=False, include_input=False)[0])
        raise ContractError(f"{event_type.name}.{where}".rstrip("."), rule) from None
    header = datum["header"]
    if header["recorded_at"] < header["occurred_at"]:
        raise ContractError(f"{event_type.name}.header.recorded_at", "is before occurred_at")


def properties(event_type: EventType, prop: str) -> dict[tuple[str, ...], Any]:
    """The fields of an event type that carry the schema property `prop`, with its value, by path."""
    return {path: item[prop] for path, item in record_parts(event_type.schema) if prop in item}


def named_types(node: Any) -> dict[str, Schema]:
    """Every record and enum defined inside a self-contained schema, by short name."""
    found: dict[str, Schema] = {}
    for member in branches(node):
        if not isinstance(member, dict):
            continue
        if member.get("type") in ("record", "enum"):
            found[member["name"]] = member
        for item in member.get("fields", []):
            found |= named_types(item["type"])
        if "items" in member:
            found |= named_types(member["items"])
        if isinstance(member.get("type"), dict | list):
            found |= named_types(member["type"])
    return found
