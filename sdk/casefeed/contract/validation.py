"""The rules of a schema as a validator: types, bounds, patterns and symbols, read from the schema itself.

The constraints stand in the `.avsc` as field properties (`pattern`, `minimum`, `maximum`, `max_length`,
`min_items`, `max_items`, `item_pattern`, `item_max_length`, `not_before`), so the schema stays the one
source. Data is validated in raw form: ints for timestamps and dates, strings for uuids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from casefeed.contract.catalogue import EventType, FieldPath, Schema, union_branches, walk_fields
from casefeed.contract.errors import ContractError

if TYPE_CHECKING:
    from pydantic_core import ValidationError

UNRECOGNIZED = "UNRECOGNIZED"
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
CHILD_KEY_PATTERN = re.compile(rb"[a-z2-7]{16}")
SOURCE_PATTERN = re.compile(r"[a-z][a-z0-9-]{2,39}")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}|[0-9]{1,6}")

_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this event type",
    "string_type": "must be a string",
    "string_unicode": "is not text: it holds half a character",
    "invalid_key": "has a key that is not a string",
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
    "literal_error": "must be one of {expected}",
    "not_before": "has {name} before {earlier}",
}


def is_child_key(text: str) -> bool:
    """Whether `text` has the form of a child key (sixteen of a-z and 2-7)."""
    return CHILD_KEY_PATTERN.fullmatch(text.encode()) is not None


def is_source(text: str) -> bool:
    """Whether `text` has the form of a recording store's name."""
    return SOURCE_PATTERN.fullmatch(text) is not None


def number_bounds(kind: str, props: Schema) -> tuple[int, int]:
    """The least and the greatest number that a field with these properties may hold, an "int" or a "long"."""
    low, high = (INT_MIN, INT_MAX) if kind == "int" else (LONG_MIN, LONG_MAX)
    return props.get("minimum", low), props.get("maximum", high)


def item_constraints(props: Schema) -> Schema:
    """The constraints that a list's field states for each item."""
    return {key.removeprefix("item_"): value for key, value in props.items() if key.startswith("item_")}


def clear_or_sealed(part: Any) -> str:
    """Which branch of a personal part's union `part` is."""
    return "sealed" if isinstance(part, dict) and "ciphertext" in part else "clear"


def is_sealed(part: Any) -> bool:
    """Whether a personal part is in sealed form."""
    return clear_or_sealed(part) == "sealed"


def values_at(datum: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What `datum` holds at `path`, through lists; nothing where a part is null, sealed or not there."""
    if isinstance(datum, list):
        for item in datum:
            yield from values_at(item, path)
    elif not path:
        yield datum
    elif isinstance(datum, dict) and path[0] in datum:
        yield from values_at(datum[path[0]], path[1:])


def first_error(error: ValidationError) -> tuple[str, str]:
    """Where the first fault of a pydantic error lies and the rule it breaks, without the value.

    A key that does not look like a field's name is not repeated: it may be a value that slipped.
    """
    problem: Any = error.errors(include_url=False, include_input=False)[0]
    steps = [str(step) for step in problem["loc"] if step not in ("clear", "sealed")]
    where = ".".join(step if _FIELD_NAME.fullmatch(step) else "(a key)" for step in steps)
    context = problem.get("ctx", {})
    if problem["type"] == "literal_error":
        context["expected"] = context["expected"].replace("'", "")
    return where, _MESSAGES.get(problem["type"], "has the wrong form").format(**context)


@cache
def _validators() -> Any:
    from casefeed.contract import validator  # pydantic-core, loaded with the first datum that needs words

    return validator


def validate(event_type: EventType, datum: Any, *, writing: bool = False) -> None:
    """Hold `datum` (raw form) to every rule of its schema; raises ContractError naming field and rule.

    `writing` also refuses the symbol that stands for an unknown one.
    """
    rules = _validators()
    try:
        rules.validator(event_type, writing).validate_python(datum)
    except rules.ValidationError as error:
        where, rule = first_error(error)
        raise ContractError(f"{event_type.name}.{where}".rstrip("."), rule) from None
    for path, earlier in fields_with_property(event_type, "not_before").items():
        for part in values_at(datum, path[:-1]):
            late, early = part.get(path[-1]), part.get(earlier)
            if late is not None and early is not None and late < early:
                raise ContractError(f"{event_type.name}.{'.'.join(path)}", f"is before {earlier}")


@cache
def optional_fields(event_type: EventType) -> tuple[FieldPath, ...]:
    """The paths of the fields that may be null."""
    return tuple(path for path, item in walk_fields(event_type.schema) if "null" in union_branches(item["type"]))


@cache
def fields_with_property(event_type: EventType, prop: str) -> dict[tuple[str, ...], Any]:
    """The fields of an event type that carry the schema property `prop`, with its value, by path."""
    return {path: item[prop] for path, item in walk_fields(event_type.schema) if prop in item}
