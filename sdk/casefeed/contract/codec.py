"""Bytes to events and back: strict when writing, exhaustive when reading.

Data is in raw form throughout: timestamps are ints (ms UTC), dates ints (days), uuids strings.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any, cast

from fastavro import schemaless_reader, schemaless_writer

from casefeed.contract.catalogue import EventType, Schema, parse, without_logical_types
from casefeed.contract.errors import ContractError
from casefeed.contract.guard import guard_synthetic
from casefeed.contract.reasons import ParkedReason
from casefeed.contract.rules import is_sealed, validate

Datum = dict[str, Any]
MAX_VALUE_BYTES = 1024 * 1024
PERSONAL_PARTS = ("child", "sponsor")
# What fastavro raises on bytes that are not the schema's: each is caught to be said as ContractError.
_BAD_BYTES = (
    EOFError,
    IndexError,
    KeyError,
    ValueError,
    TypeError,
    OverflowError,
    MemoryError,
    StopIteration,
)


def encode(event_type: EventType, datum: Datum) -> bytes:
    """The Avro datum of an event.

    Raises ContractError for an unknown or missing field or a broken rule, Forbidden where it is not synthetic.
    """
    guard_synthetic(event_type, datum)
    validate(event_type, datum, writing=True)
    branched = dict(datum)
    for part in PERSONAL_PARTS:
        if part in branched:
            name = "casefeed.Sealed" if is_sealed(datum[part]) else clear_name(event_type, part)
            branched[part] = (name, datum[part])
    out = io.BytesIO()
    schemaless_writer(out, event_type.raw, branched, strict=True)
    return out.getvalue()


def clear_name(event_type: EventType, part: str) -> str:
    """The full name of the clear record of a personal part."""
    return "casefeed.Sponsor" if part == "sponsor" else f"{event_type.name}Child"


def decode(event_type: EventType, datum: bytes) -> Datum:
    """The event that `datum` holds, guarded and held to every rule.

    Raises ContractError (its `reason` says what to park it for) or Forbidden.
    """
    return checked(event_type, read_exactly(event_type.raw, datum, event_type.name))


def decode_resolved(event_type: EventType, writer: Schema, datum: bytes) -> Datum:
    """As `decode`, for a datum written under another version of the schema (`writer`, as parsed JSON)."""
    try:
        parsed = parse(without_logical_types(writer))
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(
            event_type.name, "has a schema version that does not parse", ParkedReason.UNREADABLE_VERSION
        ) from error
    read_exactly(parsed, datum, event_type.name)
    try:
        event = schemaless_reader(io.BytesIO(datum), parsed, event_type.raw)
    except _BAD_BYTES as error:
        raise ContractError(
            event_type.name, "cannot be read as the version known here", ParkedReason.UNREADABLE_VERSION
        ) from error
    return checked(event_type, cast(Datum, event))


def checked(event_type: EventType, event: Datum) -> Datum:
    """`event` once guard and rules hold."""
    guard_synthetic(event_type, event)
    validate(event_type, event)
    return event


def read_exactly(parsed: Schema, datum: bytes, name: str) -> Datum:
    """The record that is all of `datum`; raises ContractError when bytes are missing, wrong or left over."""
    source = io.BytesIO(datum)
    try:
        event = schemaless_reader(source, parsed, None)
    except _BAD_BYTES:
        raise ContractError(name, "does not decode under its schema", ParkedReason.UNDECODABLE) from None
    if source.tell() != len(datum):
        left = len(datum) - source.tell()
        raise ContractError(name, f"has {left} bytes left over", ParkedReason.TRAILING_BYTES)
    return cast(Datum, event)


def event_hash(fingerprint: bytes, datum: bytes) -> bytes:
    """The hash of an event (32 bytes): sha256 over its schema's fingerprint and its datum."""
    return hashlib.sha256(fingerprint + datum).digest()
