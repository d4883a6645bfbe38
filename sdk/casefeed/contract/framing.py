"""How a datum travels: Confluent framing of the value, CloudEvents 1.0 headers in binary mode.

The body alone is enough: headers repeat, never add.
"""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from casefeed.contract.catalogue import EventType
from casefeed.contract.errors import ContractError
from casefeed.contract.reasons import ParkedReason

if TYPE_CHECKING:
    from casefeed.contract.fast_path import Datum

MAX_VALUE_BYTES = 1024 * 1024
Headers = tuple[tuple[str, bytes], ...]
_FRAME_HEADER = struct.Struct(">bI")
FRAME_HEADER_BYTES = _FRAME_HEADER.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPECVERSION_HEADER = ("ce_specversion", b"1.0")
_CONTENT_TYPE_HEADER = ("content-type", b"application/avro")


def frame(schema_id: int, datum: bytes) -> bytes:
    """Magic byte 0, the registry's schema id in four bytes, the datum."""
    return _FRAME_HEADER.pack(0, schema_id) + datum


def unframe(value: bytes) -> tuple[int, bytes]:
    """The schema id and the datum of a framed value; raises ContractError when it is not framed."""
    if len(value) < _FRAME_HEADER.size or value[0] != 0:
        raise ContractError("value", "is not framed", ParkedReason.WRONG_MAGIC_BYTE)
    return _FRAME_HEADER.unpack_from(value)[1], value[_FRAME_HEADER.size :]


def rfc3339(millis: int) -> str:
    """A millisecond timestamp as RFC 3339 in UTC; raises OverflowError outside the years 1 to 9999."""
    seconds, millis = divmod(millis, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{_iso_day(day)}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"


@lru_cache(maxsize=4096)
def _iso_day(day: int) -> str:
    try:
        return date.fromordinal(_EPOCH.toordinal() + day).isoformat()
    except ValueError:
        raise OverflowError("a time outside the years 1 to 9999") from None


def kafka_key(event_type: EventType, datum: Datum) -> str:
    """The Kafka key of a record (raw form): its child key, of a statement its source."""
    key: str = datum["header"]["child_key" if event_type.is_case_event else "source"]
    return key


def cloud_event_headers(event_type: EventType, datum: Datum) -> Headers:
    """The complete CloudEvents headers of an event, or of a statement (raw form)."""
    header = datum["header"]
    name, dataschema = _type_headers(event_type)
    if not event_type.is_case_event:
        header = {
            "event_id": header["statement_id"],
            "source": header["source"],
            "occurred_at": header["stated_at"],
            "child_key": header["source"],
        }
    return (
        _SPECVERSION_HEADER,
        ("ce_id", header["event_id"].encode()),
        name,
        ("ce_source", header["source"].encode()),
        ("ce_time", rfc3339(header["occurred_at"]).encode()),
        ("ce_subject", header["child_key"].encode()),
        dataschema,
        _CONTENT_TYPE_HEADER,
    )


@lru_cache(maxsize=256)
def _type_headers(event_type: EventType) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """The two headers that every event of a type has alike."""
    return ("ce_type", event_type.name.encode()), ("ce_dataschema", event_type.dataschema.encode())


def header_text(headers: Headers, name: str) -> str | None:
    """The first header of this name as text, or None when it is absent or not UTF-8."""
    for key, value in headers:
        if key == name:
            try:
                return value.decode()
            except (UnicodeDecodeError, AttributeError):
                return None
    return None
