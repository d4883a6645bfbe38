"""Hypothesis strategies for the feed's events, generated from the schemas themselves.

`datums(event_type)` draws valid raw data of an event type: what `codec.encode` takes, `codec.decode` gives.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from casefeed.contract import codec
from casefeed.contract.catalogue import EventType, Schema, load_catalogue
from casefeed.contract.model_base import CanonicalUuid
from casefeed.contract.validation import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, UNRECOGNIZED, item_constraints
from tests.code_lists import code_lists

Raw = dict[str, Any]
FREE_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
_PRINTABLE = st.characters(exclude_categories=["C"])
_ASCII = st.characters(min_codepoint=32, max_codepoint=126)


def event_types() -> SearchStrategy[EventType]:
    """One of the packaged event types."""
    return st.sampled_from(sorted(load_catalogue().event_types.values(), key=lambda each: each.name))


def events() -> SearchStrategy[tuple[EventType, Raw]]:
    """An event type with valid raw data of it."""
    return event_types().flatmap(lambda each: st.tuples(st.just(each), datums(each)))


@cache
def datums(event_type: EventType, *, sealed: bool | None = None) -> SearchStrategy[Raw]:
    """Valid raw data of `event_type`: marked synthetic, identifiers in their ranges, codes on their lists.

    `sealed`: every personal part sealed (True), clear (False), or either (None).
    """
    made = _Maker(sealed).of(event_type.schema, {})
    if event_type.short_name == "EventCorrected":
        return st.tuples(made, restatable(sealed)).map(lambda drawn: correcting(*drawn))
    if event_type.short_name == "ChildKeysMerged":
        return made.filter(lambda drawn: drawn["merged_child_key"] != drawn["header"]["child_key"])
    return made


def restatable(sealed: bool | None = None) -> SearchStrategy[tuple[EventType, Raw]]:
    """An event of a type that a correction may restate."""
    kinds = [each for each in load_catalogue().event_types.values() if each.short_name not in codec.META_EVENTS]
    return st.sampled_from(sorted(kinds, key=lambda each: each.name)).flatmap(
        lambda each: st.tuples(st.just(each), datums(each, sealed=sealed))
    )


def correcting(correction: Raw, event: tuple[EventType, Raw]) -> Raw:
    """`correction`, an EventCorrected, with `event` as what it restates."""
    kind, datum = event
    named = {"event_id": correction["corrects_event_id"], "child_key": correction["header"]["child_key"]}
    return correction | {
        "restated_dataschema": kind.dataschema,
        "restated": codec.encode(kind, datum | {"header": datum["header"] | named}),
    }


class _Maker:
    """Walks one self-contained schema; named types are known once met."""

    def __init__(self, sealed: bool | None) -> None:
        self.sealed = sealed
        self.named: dict[str, SearchStrategy[Any]] = {}

    def of(self, type_: Any, props: Schema) -> SearchStrategy[Any]:
        if isinstance(type_, list):
            return self.union(type_, props)
        if isinstance(type_, str):
            return self.named[type_] if type_ in self.named else self.primitive(type_, props)
        kind = type_["type"]
        if kind == "array":
            return st.lists(
                self.of(type_["items"], item_constraints(props)),
                min_size=props.get("min_items", 0),
                max_size=props.get("max_items", 4),
            )
        if kind == "record":
            made = st.fixed_dictionaries({i["name"]: self.of(i["type"], i) for i in type_["fields"]})
            later = {i["name"]: i["not_before"] for i in type_["fields"] if "not_before" in i}
            made = made.map(lambda drawn: _in_order(drawn, later)) if later else made
        elif kind == "enum":
            made = st.sampled_from([symbol for symbol in type_["symbols"] if symbol != UNRECOGNIZED])
        else:
            return self.primitive(kind, props)
        self.named[f"{type_.get('namespace', 'casefeed')}.{type_['name']}"] = made
        return made

    def union(self, members: list[Any], props: Schema) -> SearchStrategy[Any]:
        made = [self.of(member, props) for member in members]
        if "null" in members or len(members) == 1 or self.sealed is None:
            return st.one_of(made)
        return made[int(self.sealed)]

    def primitive(self, kind: str, props: Schema) -> SearchStrategy[Any]:
        match kind:
            case "null":
                return st.none()
            case "boolean":
                return st.just(True) if props.get("name") == "synthetic" else st.booleans()
            case "int" | "long":
                low, high = (INT_MIN, INT_MAX) if kind == "int" else (LONG_MIN, LONG_MAX)
                return st.integers(props.get("minimum", low), props.get("maximum", high))
            case "bytes":
                return st.binary(max_size=min(props.get("max_length", 32), 32))
            case _:
                return self.text(props)

    def text(self, props: Schema) -> SearchStrategy[str]:
        if "code_list" in props:
            return st.sampled_from(sorted(code_lists()[props["code_list"]]))
        pattern = props.get("synthetic_pattern", props.get("pattern"))
        if pattern == CanonicalUuid.PATTERN:
            return st.integers(0, 2**128 - 1).map(lambda number: str(uuid.UUID(int=number, version=4)))
        if pattern is not None and pattern != FREE_TEXT:
            return st.from_regex(pattern, fullmatch=True, alphabet=_ASCII)
        return st.text(_PRINTABLE, max_size=props.get("max_length", 40))


def _in_order(drawn: Raw, later: dict[str, str]) -> Raw:
    """`drawn` with each later time not before the earlier one it is bound to."""
    for late, early in later.items():
        drawn[early], drawn[late] = sorted((drawn[early], drawn[late]))
    return drawn


# Values of every kind that a raw field may wrongly hold, near misses among them.
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.0,
    2**31,
    2**63,
    -(2**63),
    4102444800001,
    "",
    "A\n",
    "AAA\n",
    "x\x00",
    "\ud800",
    "９９９９９",  # noqa: RUF001 - digits of another script, which \d would take
    "UNRECOGNIZED",
    "A" * 101,
    "0190A5B0-0000-7000-8000-000000000001",
    "0190a5b0-0000-0000-8000-000000000001",
    "{0190a5b0-0000-7000-8000-000000000001}",
    b"",
    b"x" * 70_000,
    [],
    [None],
    ["CHILD"] * 5,
    {},
    {"ciphertext": b"x"},
)


def damaged(datum: Raw) -> Iterator[Raw]:
    """Every way to change one thing of `datum`: each field with each odd value, one too few, one too many."""
    for path in _paths(datum):
        for odd in (*ODD_VALUES, _DROP):
            yield _changed(datum, path, odd)
        for extra in ("extra", "ciphertext", "line1", "Maria Lopez"):
            yield _changed(datum, (*path[:-1], extra), "x")


_DROP = object()


def _changed(datum: Raw, path: tuple[str, ...], value: Any) -> Raw:
    name, *rest = path
    if rest:
        return datum | {name: _changed(datum[name], tuple(rest), value)}
    return {key: each for key, each in (datum | {name: value}).items() if each is not _DROP}


def _paths(datum: Raw) -> Iterator[tuple[str, ...]]:
    for name, value in datum.items():
        yield (name,)
        if isinstance(value, dict):
            for inner in _paths(value):
                yield (name, *inner)
