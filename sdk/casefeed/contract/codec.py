"""Bytes to events and back: strict when writing, exhaustive when reading.

Data is in raw form throughout: timestamps are ints (ms UTC), dates ints (days), uuids strings.

The generated code, and fastavro with the validator for what that code does not take, are loaded when they are needed.
"""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, cast

from casefeed.contract.catalogue import EventType, Schema, canonical_json, load_catalogue, released_schema
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.contract.fast_path import FAST_PATH_ERRORS, FastCodec
from casefeed.contract.fast_path import Datum as Datum
from casefeed.contract.guard import guard_schema, guard_synthetic, synthetic_patterns
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.contract.validation import is_sealed, validate, values_at

PERSONAL_PARTS = ("child", "sponsor")
SEALED_FIELDS = ("key_id", "nonce", "ciphertext")
"""What a personal part in sealed form holds."""
META_EVENTS = frozenset(
    ("EventCorrected", "EventRetracted", "ChildKeysMerged", "ChildKeysUnmerged", "EventsRequested")
)
"""Events that speak of other events; none of them can be restated."""


@cache
def _avro() -> Any:
    from casefeed.contract import avro_errors  # fastavro, loaded with the first datum that no fast codec takes

    return avro_errors


@lru_cache(maxsize=256)
def _fast_codec(fingerprint: bytes) -> FastCodec | None:
    from casefeed.contract.generated.codecs import FAST_CODECS  # loaded with the first event

    return FAST_CODECS.get(fingerprint)


def encode(event_type: EventType, datum: Datum) -> bytes:
    """The Avro datum of an event.

    Raises ContractError for an unknown or missing field or a broken rule, RefusedError if it is not synthetic.
    """
    fast_codec = _fast_codec(event_type.fingerprint)
    if fast_codec is not None:
        try:
            encoded = fast_codec.encode(datum)
            if event_type.has_cross_record_rules:
                check_cross_record(event_type, datum)
            return encoded
        except FAST_PATH_ERRORS:
            pass  # said in words below
    return encode_checked(event_type, datum)


def encode_checked(event_type: EventType, datum: Datum) -> bytes:
    """As `encode`, by guard, rules and fastavro: slower by far, with words for what is wrong."""
    branched = dict(checked_event(event_type, datum, writing=True))
    for part in PERSONAL_PARTS:
        if part in branched:
            clear = "casefeed.Sponsor" if part == "sponsor" else f"{event_type.name}Child"
            branched[part] = ("casefeed.Sealed" if is_sealed(datum[part]) else clear, datum[part])
    out = io.BytesIO()
    _avro().schemaless_writer(out, event_type.raw_schema, branched, strict=True)
    return out.getvalue()


def decode(event_type: EventType, datum: bytes) -> Datum:
    """The event that `datum` holds, guarded and held to every rule.

    Raises ContractError (its `reason` says what to park it for) or RefusedError.
    """
    fast_codec = _fast_codec(event_type.fingerprint)
    if fast_codec is not None:
        try:
            event = fast_codec.decode(datum)
            if event_type.has_cross_record_rules:
                check_cross_record(event_type, event)
            return event
        except FAST_PATH_ERRORS:
            pass  # said in words below
    event = decode_checked(event_type, datum)
    if fast_codec is not None:
        # fastavro takes a boolean of 2 for true, a negative symbol for one from the end, a number in too many bytes.
        raise ContractError(event_type.name, "has a value that Avro never writes so", ParkedReason.UNDECODABLE)
    return event


def decode_checked(event_type: EventType, datum: bytes) -> Datum:
    """As `decode`, by fastavro, guard and rules: slower by far, with words for what is wrong."""
    return checked_event(event_type, read_exact(event_type.raw_schema, datum, event_type.name), writing=True)


def decode_resolved(event_type: EventType, writer: Schema, datum: bytes) -> Datum:
    """As `decode`, for a datum written under another version of the schema (`writer`, as parsed JSON).

    Raises ContractError (UNREADABLE_VERSION where that version cannot be read as the one known here, or would
    be read with another meaning) or RefusedError, also for what only the writer's version has.
    """
    version = _writer_version(event_type, canonical_json(writer))
    guard_synthetic(version, read_exact(version.raw_schema, datum, event_type.name))
    try:
        event = _avro().schemaless_reader(io.BytesIO(datum), version.raw_schema, event_type.raw_schema)
    except _avro().AVRO_ERRORS:
        raise _unreadable_version(event_type, "cannot be read as the version known here") from None
    return checked_event(event_type, cast(Datum, event))


@lru_cache(maxsize=256)
def _writer_version(event_type: EventType, text: str) -> EventType:
    """Another version of `event_type`, from its canonical JSON."""
    from casefeed.contract.compatibility import misread_violations

    schema = json.loads(text)
    try:
        version = EventType.from_schema(schema)
        synthetic_patterns(version)
        guard_schema(event_type.name, schema)
        changed = misread_violations(schema, event_type.schema)
    except RefusedError:
        raise
    except _avro().AVRO_ERRORS as error:
        raise _unreadable_version(event_type, "has a schema version that does not parse") from error
    if changed:
        raise _unreadable_version(event_type, f"would be misread: {changed[0].field} {changed[0].sentence}")
    return version


def _unreadable_version(event_type: EventType, rule: str) -> ContractError:
    return ContractError(event_type.name, rule, ParkedReason.UNREADABLE_VERSION)


def checked_event(event_type: EventType, event: Datum, *, writing: bool = False) -> Datum:
    """`event` once guard and rules hold; `writing` as in `validation.validate`."""
    guard_synthetic(event_type, event)
    validate(event_type, event, writing=writing)
    if event_type.has_cross_record_rules:
        check_cross_record(event_type, event)
    return event


def check_cross_record(event_type: EventType, event: Datum) -> None:
    """Hold to their rules the fields that are bound to another record; raises ContractError or RefusedError."""
    for item in event_type.schema["fields"]:
        if "unlike" in item and event[item["name"]] in values_at(event, tuple(item["unlike"].split("."))):
            raise ContractError(f"{event_type.name}.{item['name']}", f"is the same as {item['unlike']}")
        if "datum_under" in item:
            corrected_event(event_type, event)


def corrected_event(event_type: EventType, event: Datum) -> tuple[EventType, Datum]:
    """The event (raw form) that a correction puts in an earlier one's place, with its type.

    Raises ContractError where it is none, speaks of events itself, is under a schema that this release does not know,
    or is of another event or child than the correction; RefusedError where it is not synthetic.
    """
    where, named = f"{event_type.name}.restated", event["restated_dataschema"]
    writer = None
    kind = load_catalogue().by_dataschema(named)
    if kind is None and (writer := released_schema(named)) is not None:
        kind = load_catalogue().event_types.get(f"{writer['namespace']}.{writer['name']}")
    if kind is None:
        raise ContractError(
            where, "is under a schema that this release does not know", ParkedReason.UNREADABLE_VERSION
        )
    if kind.short_name in META_EVENTS or not kind.is_case_event:
        raise ContractError(where, f"is of type {kind.short_name}, which is corrected by retracting it")
    datum: bytes = event["restated"]
    try:
        corrected = decode(kind, datum) if writer is None else decode_resolved(kind, writer, datum)
    except ContractError as error:
        if fails_synthetic_guard(kind, datum, writer):
            raise RefusedError(where, RefusedReason.NOT_SYNTHETIC) from None
        raise ContractError(where, f"holds no event: {error}", error.reason) from None
    for expected, name in ((event["corrects_event_id"], "event_id"), (event["header"]["child_key"], "child_key")):
        if corrected["header"][name] != expected:
            raise ContractError(f"{where}.header.{name}", "is not that of the event that is corrected")
    return kind, corrected


def read_exact(schema: Schema, datum: bytes, name: str) -> Datum:
    """The record that is all of `datum`; raises ContractError when bytes are missing, wrong or left over."""
    source = io.BytesIO(datum)
    try:
        event = _avro().schemaless_reader(source, schema, None)
    except _avro().AVRO_ERRORS:
        raise ContractError(name, "does not decode under its schema", ParkedReason.UNDECODABLE) from None
    if source.tell() != len(datum):
        left = len(datum) - source.tell()
        raise ContractError(name, f"has {left} bytes left over", ParkedReason.TRAILING_BYTES)
    return cast(Datum, event)


def fails_synthetic_guard(event_type: EventType, datum: bytes, writer: Schema | None = None) -> bool:
    """Whether the synthetic guard refuses what can be read of `datum`: no mark, or an identifier out of its range.

    For bytes that are kept, or sent, though `decode` does not take them: as many of the first fields are read as
    can be, under `writer` where it is another version. False where not even the header can be read.
    """
    version = event_type
    if writer is not None:
        with suppress(*_avro().AVRO_ERRORS):
            parsed = EventType.from_schema(writer)
            synthetic_patterns(parsed)
            version = parsed
    fields = version.raw_schema["fields"]
    for count in range(len(fields), 0, -1):
        with suppress(*_avro().AVRO_ERRORS):
            prefix_schema = {**version.raw_schema, "fields": fields[:count]}
            read = cast(Datum, _avro().schemaless_reader(io.BytesIO(datum), prefix_schema, None))
            break
    else:
        return False
    try:
        guard_synthetic(version, read)
    except RefusedError:
        return True
    return False


def event_hash(fingerprint: bytes, datum: bytes) -> bytes:
    """The hash of an event (32 bytes): sha256 over its schema's fingerprint and its datum."""
    return hashlib.sha256(fingerprint + datum).digest()
