"""How a datum travels: Confluent framing of the value, CloudEvents 1.0 headers in binary mode.

The body alone is enough: headers repeat, never add.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import Datum
from casefeed.contract.errors import ContractError
from casefeed.contract.reasons import ParkedReason

Headers = tuple[tuple[str, bytes], ...]
_FRAME = struct.Struct(">bI")
FRAME_BYTES = _FRAME.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONTENT_TYPE = b"application/avro"


def frame(schema_id: int, datum: bytes) -> bytes:
    """Magic byte 0, the registry's schema id in four bytes, the datum."""
    return _FRAME.pack(0, schema_id) + datum


def unframe(value: bytes) -> tuple[int, bytes]:
    """The schema id and the datum of a framed value; raises ContractError when it is not framed."""
    if len(value) < _FRAME.size or value[0] != 0:
        raise ContractError("value", "is not framed", ParkedReason.WRONG_MAGIC_BYTE)
    return _FRAME.unpack_from(value)[1], value[_FRAME.size :]


def rfc3339(millis: int) -> str:
    """A millisecond timestamp as RFC 3339 in UTC."""
    return (_EPOCH + timedelta(milliseconds=millis)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cloud_events(event_type: EventType, datum: Datum) -> Headers:
    """The complete CloudEvents headers of an event (raw form)."""
    header = datum["header"]
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", header["event_id"].encode()),
        ("ce_type", event_type.name.encode()),
        ("ce_source", header["source"].encode()),
        ("ce_time", rfc3339(header["occurred_at"]).encode()),
        ("ce_subject", header["child_key"].encode()),
        ("ce_dataschema", event_type.dataschema.encode()),
        ("content-type", CONTENT_TYPE),
    )


def header(headers: Headers, name: str) -> str | None:
    """The first header of this name as text, or None when it is absent or not UTF-8."""
    for key, value in headers:
        if key == name:
            try:
                return value.decode()
            except (UnicodeDecodeError, AttributeError):
                return None
    return None
