"""An event as somebody gives it to a desk: JSON in, the contract's raw form out, without what the desk fills in.

Times may be ms or RFC 3339 text, days numbers or ISO text, and what may be null may be left out. Nothing else is
converted. Pure: no clock, no store.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from casefeed.contract.catalogue import EventType, FieldPath, load_catalogue, union_branches, walk_fields
from casefeed.contract.codec import Datum, encode
from casefeed.contract.errors import ContractError
from casefeed.contract.validation import is_sealed, optional_fields

SET_BY_DESK = ("source", "sequence", "agreement_profile")
"""What the desk alone gives."""
DEFAULTED_BY_DESK = ("event_id", "recorded_at", "agency")
"""What the desk gives where nobody else did."""
MAX_LINE_BYTES = 1024 * 1024
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,3})?([Zz]|[+-]\d\d:\d\d)")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EventInput:
    """An event before it has its number: `header` holds what was given of it, `body` the other fields.

    `new_child`: of a child whom the desk gives a key. `corrected`: what a correction puts in an earlier event's
    place.
    """

    event_type: EventType
    header: Datum
    body: Datum
    new_child: bool = False
    corrected: EventInput | None = None

    def content(self, child_key: Any, recorded_header: Datum | None) -> Datum:
        """The fields beside the header, of a correction with the datum of what it restates.

        What `restated` leaves out of its header is that of the corrected event, `recorded_header` where the desk has
        it. Raises ContractError or RefusedError where it is no event, or its header lacks what the desk does not
        have.
        """
        if self.corrected is None:
            return self.body
        kind, named = self.corrected.event_type, self.body.get("corrects_event_id")
        header = {**(recorded_header or {}), **self.corrected.header, "event_id": named, "child_key": child_key}
        header_fields = kind.schema["fields"][0]["type"]["fields"]
        missing = [each["name"] for each in header_fields if each["name"] not in header]
        if missing:
            raise ContractError(
                f"{self.event_type.name}.restated.header",
                f"lacks {', '.join(missing)}, and this desk does not hold the event that is corrected; copy them "
                "from it (`casefeed tail` shows it)",
            )
        datum = encode(kind, {"header": header, **self.corrected.body})
        return {**self.body, "restated_dataschema": kind.dataschema, "restated": datum}


def parse_json(text: bytes) -> Any:
    """The JSON value of `text`; raises ContractError where it is none or names a field twice."""
    if len(text) > MAX_LINE_BYTES:
        raise ContractError("the event", "is longer than 1 MiB")
    try:
        return _JSON_DECODER.decode(text.decode())
    except json.JSONDecodeError as error:
        raise ContractError(
            "the event", f"is not JSON (line {error.lineno}, column {error.colno} cannot be read)"
        ) from None
    except ContractError:
        raise
    except (ValueError, RecursionError) as error:
        raise ContractError("the event", f"is not JSON ({type(error).__name__})") from None


def event_input(record: Any, topic: str, *, new_child: bool = False) -> EventInput:
    """The draft of an event for `topic`, `{"type": ..., "header": {...}, ...}`; `record` is taken over.

    Raises ContractError where it has no such form; whether its fields hold to the contract shows when it is recorded.
    """
    kind = _take_event_type("", record, topic)
    restated = record.pop("restated") if isinstance(record.get("restated"), dict) else None
    for filled in (*SET_BY_DESK, *(["child_key"] if new_child else [])):
        if filled in record["header"]:
            raise ContractError(f"{kind.name}.header.{filled}", "is given by the desk; leave it out")
    _fill_defaults(kind, record)
    header: Datum = record.pop("header")
    for name in [each for each in DEFAULTED_BY_DESK if header.get(each, "") is None]:
        del header[name]
    return EventInput(
        kind, header, record, new_child, None if restated is None else _corrected_input(kind, restated, topic)
    )


def _take_event_type(where: str, record: Any, topic: str) -> EventType:
    """The type that a record names, which is taken out of it; `where` it stands."""
    if not isinstance(record, dict) or not isinstance(record.get("header"), dict):
        raise ContractError(where or "the event", 'is no record {"type": ..., "header": {...}, ...}')
    kinds = _types_on_topic(topic)
    name = record.pop("type", None)
    kind = kinds.get(name.removeprefix("casefeed.")) if isinstance(name, str) else None
    if kind is None:
        field = f"{where}.type" if where else "type"
        raise ContractError(field, f"is no event type of {topic}; there are {', '.join(kinds)}")
    return kind


def _corrected_input(kind: EventType, record: Datum, topic: str) -> EventInput:
    """The draft of what a correction, a `kind`, restates; its header may be left out, in part or whole."""
    record.setdefault("header", {})
    event_type = _take_event_type(f"{kind.name}.restated", record, topic)
    _fill_defaults(event_type, record, header=False)
    return EventInput(event_type, record.pop("header"), record)


def with_schema(original: EventInput, kind: EventType) -> EventInput:
    """The same draft under another version of its type: what is null and unknown there was not given."""
    if kind.fingerprint == original.event_type.fingerprint:
        return original
    event = copy.deepcopy({"header": original.header, **original.body})
    there = {path for path, _ in walk_fields(kind.schema)}
    for path in optional_fields(original.event_type):
        part = _parent_record(event, path)
        if path not in there and part is not None and part.get(path[-1], "") is None:
            del part[path[-1]]
    _fill_defaults(kind, event)
    return EventInput(kind, event.pop("header"), event, original.new_child)


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ContractError("the event", "has a field twice in one record")
    return fields


_JSON_DECODER = json.JSONDecoder(object_pairs_hook=_unique_fields)


@cache
def _types_on_topic(topic: str) -> Mapping[str, EventType]:
    return {each.short_name: each for each in load_catalogue().on_topic(topic)}


@cache
def _time_fields(kind: EventType) -> Mapping[FieldPath, str]:
    """The fields that hold a time or a day, by path, with their logical type."""
    fields = {}
    for path, item in walk_fields(kind.schema):
        for member in union_branches(item["type"]):
            logical = member.get("logicalType") if isinstance(member, dict) else None
            if logical in ("timestamp-millis", "date"):
                fields[path] = logical
    return fields


def _fill_defaults(kind: EventType, record: Datum, *, header: bool = True) -> None:
    for path in optional_fields(kind):
        part = _parent_record(record, path) if header or path[0] != "header" else None
        if part is not None and not is_sealed(part):
            part.setdefault(path[-1], None)
    for path, logical in _time_fields(kind).items():
        part = _parent_record(record, path)
        value = part.get(path[-1]) if part is not None else None
        if part is not None and isinstance(value, str):
            part[path[-1]] = parse_time(f"{kind.name}.{'.'.join(path)}", value, logical)


def _parent_record(record: Any, path: FieldPath) -> Datum | None:
    for name in path[:-1]:
        record = record.get(name) if isinstance(record, dict) else None
    return record if isinstance(record, dict) else None


def parse_time(where: str, text: str, logical: str) -> int:
    """The ms of an RFC 3339 time, or the days of an ISO date; raises ContractError naming `where`, not the text."""
    try:
        if logical == "date":
            if _ISO_DAY.fullmatch(text):
                return (date.fromisoformat(text) - _EPOCH.date()).days
        elif _RFC3339.fullmatch(text):
            return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        pass
    form = "a day as 2024-05-31" if logical == "date" else "a time as 2024-05-31T08:00:00Z, to the millisecond"
    raise ContractError(where, f"is neither {form} nor a whole number")
