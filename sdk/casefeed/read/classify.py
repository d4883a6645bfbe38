"""Judging one record, purely: is it an event of this feed, or why not.

A fault of the record is an outcome here; a fault of the surroundings (a registry that is away) never is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from casefeed.contract.catalogue import EventType, Schema, canonical_json
from casefeed.contract.codec import Datum, decode, decode_resolved, event_hash, fails_synthetic_guard
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.contract.framing import FRAME_HEADER_BYTES, MAX_VALUE_BYTES, header_text, kafka_key, unframe
from casefeed.contract.guard import is_real_a_number
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.records import ReceivedRecord


@dataclass(frozen=True, slots=True)
class ReadableSchema:
    """A schema this reader can read: a packaged version, or another version of a packaged type (`writer_schema`)."""

    event_type: EventType
    fingerprint: bytes
    writer_schema: Schema | None = None

    @property
    def text(self) -> str:
        """The canonical JSON of the version that records are written under."""
        return self.event_type.canonical_json if self.writer_schema is None else canonical_json(self.writer_schema)


@dataclass(frozen=True, slots=True)
class RejectedSchema:
    """A schema whose records are parked or refused, with the outcome that each gets."""

    outcome: Parked | Refused


class DecodedEvent(NamedTuple):
    """A record that is an event, or a statement: its schema, its content (raw form), and what proves it."""

    schema: ReadableSchema
    body: Datum
    datum: bytes
    hash: bytes

    @property
    def event_type(self) -> EventType:
        """The event's type."""
        return self.schema.event_type

    @property
    def fingerprint(self) -> bytes:
        """The fingerprint of the schema it was written under."""
        return self.schema.fingerprint

    @property
    def header(self) -> Datum:
        """The event's header (raw form)."""
        header: Datum = self.body["header"]
        return header


Classified = DecodedEvent | Parked | Refused


def schema_id_of(record: ReceivedRecord) -> int | None:
    """The schema id a record is framed with; None where it is not framed (`classify` says why)."""
    if not record.value:
        return None
    try:
        return unframe(record.value)[0]
    except ContractError:
        return None


def classify(record: ReceivedRecord, schema: ReadableSchema | RejectedSchema | None) -> Classified:
    """What `record` is, given the schema that its id stands for (None where it is not framed)."""
    return classify_fast(record, schema) or _classify_fully(record, schema)


def classify_fast(record: ReceivedRecord, schema: ReadableSchema | RejectedSchema | None) -> DecodedEvent | None:
    """The event that a record of a packaged schema plainly is; None at any doubt, and `classify` has the words."""
    if not isinstance(schema, ReadableSchema) or schema.writer_schema is not None:
        return None
    value, event_type = record.value, schema.event_type
    if not value or len(value) > MAX_VALUE_BYTES or record.topic not in event_type.topics:
        return None
    datum = value[FRAME_HEADER_BYTES:]
    try:
        body = decode(event_type, datum)
    except (RefusedError, ContractError):
        return None
    if record.key != kafka_key(event_type, body).encode():
        return None
    for name, header_value in record.headers:
        if name == "ce_type" and header_value != event_type.ce_type:
            return None
    return DecodedEvent(schema, body, datum, event_hash(schema.fingerprint, datum))


def _classify_fully(record: ReceivedRecord, schema: ReadableSchema | RejectedSchema | None) -> Classified:
    if record.key is not None and is_real_a_number(record.key):
        return Refused(RefusedReason.NOT_SYNTHETIC, "the Kafka key")
    if not record.value:
        return Parked(ParkedReason.EMPTY_VALUE)
    if len(record.value) > MAX_VALUE_BYTES:
        if isinstance(schema, ReadableSchema) and fails_synthetic_guard(
            schema.event_type, unframe(record.value)[1], schema.writer_schema
        ):
            return _not_synthetic(schema.event_type)
        return Parked(ParkedReason.OVERSIZE_VALUE, f"{len(record.value)} bytes")
    if schema is None:
        return Parked(ParkedReason.WRONG_MAGIC_BYTE)
    if isinstance(schema, RejectedSchema):
        return schema.outcome
    event_type = schema.event_type
    _, datum = unframe(record.value)
    decode_error: ContractError | None = None
    body: Datum = {}
    try:
        if schema.writer_schema is None:
            body = decode(event_type, datum)
        else:
            body = decode_resolved(event_type, schema.writer_schema, datum)
    except RefusedError as error:
        return Refused(error.reason, error.where)
    except ContractError as error:
        decode_error = error
    # What is parked keeps its bytes, so what can be read is guarded even where the rest cannot be.
    if decode_error is not None and fails_synthetic_guard(event_type, datum, schema.writer_schema):
        return _not_synthetic(event_type)
    header_type = header_text(record.headers, "ce_type")
    if header_type is not None and header_type != event_type.name:
        return Parked(ParkedReason.OTHER_SUBJECT, f"the schema id stands for {event_type.name}")
    if record.topic not in event_type.topics:
        return Parked(ParkedReason.WRONG_TOPIC, event_type.name)
    if decode_error is not None:
        return Parked(decode_error.reason, str(decode_error))
    key = kafka_key(event_type, body)
    if record.key != key.encode():
        return Parked(ParkedReason.KEY_MISMATCH, event_type.name, key if event_type.is_case_event else None)
    return DecodedEvent(schema, body, datum, event_hash(schema.fingerprint, datum))


def _not_synthetic(event_type: EventType) -> Refused:
    return Refused(RefusedReason.NOT_SYNTHETIC, event_type.name)
