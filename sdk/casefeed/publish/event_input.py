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

from casefeed.contract.catalogue import EventType, branches, load, record_parts
from casefeed.contract.codec import Datum, encode
from casefeed.contract.errors import ContractError
from casefeed.contract.validation import is_sealed

Path = tuple[str, ...]

FILLED_IN = ("source", "sequence", "agreement_profile")
"""What the desk alone gives."""
MAY_LACK = ("event_id", "recorded_at", "agency")
"""What the desk gives where nobody else did."""
MAX_LINE_BYTES = 1024 * 1024
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,3})?([Zz]|[+-]\d\d:\d\d)")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has its number: `header` holds what was given of it, `body` the other fields.

    `new_child`: of a child whom the desk gives a key. `restated`: what a correction puts in an earlier event's place.
    """

    event_type: EventType
    header: Datum
    body: Datum
    new_child: bool = False
    restated: Draft | None = None

    def content(self, child_key: Any, held: Datum | None) -> Datum:
        """The fields beside the header, of a correction with the datum of what it restates.

        What `restated` leaves out of its header is that of the corrected event, `held` where the desk has it. Raises
        ContractError or Forbidden where it is no event, or its header lacks what the desk does not have.
        """
        if self.restated is None:
            return self.body
        kind, named = self.restated.event_type, self.body.get("corrects_event_id")
        header = {**(held or {}), **self.restated.header, "event_id": named, "child_key": child_key}
        lacking = [name for name in _header_fields(kind) if name not in header]
        if lacking:
            raise ContractError(
                f"{self.event_type.name}.restated.header",
                f"lacks {', '.join(lacking)}, and this desk does not hold the event that is corrected; copy them "
                "from it (`casefeed tail` shows it)",
            )
        datum = encode(kind, {"header": header, **self.restated.body})
        return {**self.body, "restated_dataschema": kind.dataschema, "restated": datum}


def parse(text: bytes) -> Any:
    """The JSON value of `text`; raises ContractError where it is none or names a field twice."""
    if len(text) > MAX_LINE_BYTES:
        raise ContractError("the event", "is longer than 1 MiB")
    try:
        return _JSON.decode(text.decode())
    except json.JSONDecodeError as error:
        raise ContractError(
            "the event", f"is not JSON (line {error.lineno}, column {error.colno} cannot be read)"
        ) from None
    except ContractError:
        raise
    except (ValueError, RecursionError) as error:
        raise ContractError("the event", f"is not JSON ({type(error).__name__})") from None


def draft(given: Any, topic: str, *, new_child: bool = False) -> Draft:
    """The draft of an event for `topic`, `{"type": ..., "header": {...}, ...}`; `given` is taken over.

    Raises ContractError where it has no such form; whether its fields hold to the contract shows when it is recorded.
    """
    kind = _kind_of("", given, topic)
    restated = given.pop("restated") if isinstance(given.get("restated"), dict) else None
    for filled in (*FILLED_IN, *(["child_key"] if new_child else [])):
        if filled in given["header"]:
            raise ContractError(f"{kind.name}.header.{filled}", "is given by the desk; leave it out")
    _complete(kind, given)
    header: Datum = given.pop("header")
    for name in [each for each in MAY_LACK if header.get(each, "") is None]:
        del header[name]
    return Draft(
        kind, header, given, new_child, None if restated is None else _restated(kind, restated, topic)
    )


def _kind_of(where: str, given: Any, topic: str) -> EventType:
    """The type that a record names, which is taken out of it; `where` it stands."""
    if not isinstance(given, dict) or not isinstance(given.get("header"), dict):
        raise ContractError(where or "the event", 'is no record {"type": ..., "header": {...}, ...}')
    kinds = _kinds(topic)
    name = given.pop("type", None)
    kind = kinds.get(name.removeprefix("casefeed.")) if isinstance(name, str) else None
    if kind is None:
        field = f"{where}.type" if where else "type"
        raise ContractError(field, f"is no event type of {topic}; there are {', '.join(kinds)}")
    return kind


def _restated(kind: EventType, given: Datum, topic: str) -> Draft:
    """The draft of what a correction, a `kind`, restates; its header may be left out, in part or whole."""
    given.setdefault("header", {})
    event_type = _kind_of(f"{kind.name}.restated", given, topic)
    _complete(event_type, given, header=False)
    return Draft(event_type, given.pop("header"), given)


@cache
def _header_fields(kind: EventType) -> tuple[str, ...]:
    return tuple(path[1] for path, _ in record_parts(kind.schema) if path[0] == "header" and len(path) == 2)


def under(given: Draft, kind: EventType) -> Draft:
    """The same draft under another version of its type: what is null and unknown there was not given."""
    if kind.fingerprint == given.event_type.fingerprint:
        return given
    event = copy.deepcopy({"header": given.header, **given.body})
    there = {path for path, _ in record_parts(kind.schema)}
    for path in _optional(given.event_type):
        part = _part(event, path)
        if path not in there and part is not None and part.get(path[-1], "") is None:
            del part[path[-1]]
    _complete(kind, event)
    return Draft(kind, event.pop("header"), event, given.new_child)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ContractError("the event", "has a field twice in one record")
    return made


_JSON = json.JSONDecoder(object_pairs_hook=_once)


@cache
def _kinds(topic: str) -> Mapping[str, EventType]:
    return {each.short: each for each in load().on(topic)}


@cache
def _times(kind: EventType) -> Mapping[Path, str]:
    """The fields that hold a time or a day, by path, with their logical type."""
    found = {}
    for path, item in record_parts(kind.schema):
        for member in branches(item["type"]):
            logical = member.get("logicalType") if isinstance(member, dict) else None
            if logical in ("timestamp-millis", "date"):
                found[path] = logical
    return found


@cache
def _optional(kind: EventType) -> tuple[Path, ...]:
    """The fields that may be null."""
    return tuple(path for path, item in record_parts(kind.schema) if "null" in branches(item["type"]))


def _complete(kind: EventType, given: Datum, *, header: bool = True) -> None:
    for path in _optional(kind):
        part = _part(given, path) if header or path[0] != "header" else None
        if part is not None and not is_sealed(part):
            part.setdefault(path[-1], None)
    for path, logical in _times(kind).items():
        part = _part(given, path)
        value = part.get(path[-1]) if part is not None else None
        if part is not None and isinstance(value, str):
            part[path[-1]] = number_of(f"{kind.name}.{'.'.join(path)}", value, logical)


def _part(given: Any, path: Path) -> Datum | None:
    for name in path[:-1]:
        given = given.get(name) if isinstance(given, dict) else None
    return given if isinstance(given, dict) else None


def number_of(where: str, text: str, logical: str) -> int:
    """The ms of an RFC 3339 time, or the days of an ISO date; raises ContractError naming `where`, not the text."""
    try:
        if logical == "date":
            if _ISO_DAY.fullmatch(text):
                return (date.fromisoformat(text) - _EPOCH.date()).days
        elif _RFC3339.fullmatch(text):
            return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        pass
    form = (
        "a day as 2024-05-31" if logical == "date" else "a time as 2024-05-31T08:00:00Z, to the millisecond"
    )
    raise ContractError(where, f"is neither {form} nor a whole number")
