"""Judging one record, purely: is it an event of this feed, or why not.

A fault of the record is an outcome here; a fault of the surroundings (a registry that is away) never is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from casefeed.contract.catalogue import EventType, Schema, canonical
from casefeed.contract.codec import (
    MAX_VALUE_BYTES,
    Datum,
    decode,
    decode_resolved,
    denies_synthetic,
    event_hash,
)
from casefeed.contract.errors import ContractError, Forbidden
from casefeed.contract.framing import FRAME_BYTES, header, key_of, unframe
from casefeed.contract.guard import names_a_person
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.records import Received


@dataclass(frozen=True, slots=True)
class Known:
    """A schema this reader can read: a packaged version, or another version of a packaged type (`writer`)."""

    event_type: EventType
    fingerprint: bytes
    writer: Schema | None = None

    @property
    def text(self) -> str:
        """The canonical JSON of the version that records are written under."""
        return self.event_type.text if self.writer is None else canonical(self.writer)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A schema whose records are parked or refused, with the outcome that each gets."""

    outcome: Parked | Refused


class Event(NamedTuple):
    """A record that is an event, or a statement: its schema, its content (raw form), and what proves it."""

    schema: Known
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


Examined = Event | Parked | Refused


def schema_id_of(record: Received) -> int | None:
    """The schema id a record is framed with; None where it is not framed (`examine` says why)."""
    if not record.value:
        return None
    try:
        return unframe(record.value)[0]
    except ContractError:
        return None


def examine(record: Received, schema: Known | Unusable | None) -> Examined:
    """What `record` is, given the schema that its id stands for (None where it is not framed)."""
    return plain_event(record, schema) or _examined(record, schema)


def plain_event(record: Received, schema: Known | Unusable | None) -> Event | None:
    """The event that a record of a packaged schema plainly is; None at any doubt, and `examine` has the words."""
    if not isinstance(schema, Known) or schema.writer is not None:
        return None
    value, event_type = record.value, schema.event_type
    if not value or len(value) > MAX_VALUE_BYTES or record.topic not in event_type.topics:
        return None
    datum = value[FRAME_BYTES:]
    try:
        body = decode(event_type, datum)
    except (Forbidden, ContractError):
        return None
    if record.key != key_of(event_type, body).encode():
        return None
    for name, said in record.headers:
        if name == "ce_type" and said != event_type.ce_type:
            return None
    return Event(schema, body, datum, event_hash(schema.fingerprint, datum))


def _examined(record: Received, schema: Known | Unusable | None) -> Examined:
    if record.key is not None and names_a_person(record.key):
        return Refused(RefusedReason.NOT_SYNTHETIC, "the Kafka key")
    if not record.value:
        return Parked(ParkedReason.EMPTY_VALUE)
    if len(record.value) > MAX_VALUE_BYTES:
        if isinstance(schema, Known) and denies_synthetic(
            schema.event_type, unframe(record.value)[1], schema.writer
        ):
            return _not_synthetic(schema.event_type)
        return Parked(ParkedReason.OVERSIZE_VALUE, f"{len(record.value)} bytes")
    if schema is None:
        return Parked(ParkedReason.WRONG_MAGIC_BYTE)
    if isinstance(schema, Unusable):
        return schema.outcome
    event_type = schema.event_type
    _, datum = unframe(record.value)
    fault: ContractError | None = None
    body: Datum = {}
    try:
        if schema.writer is None:
            body = decode(event_type, datum)
        else:
            body = decode_resolved(event_type, schema.writer, datum)
    except Forbidden as error:
        return Refused(error.reason, error.where)
    except ContractError as error:
        fault = error
    # What is parked keeps its bytes, so what can be read is guarded even where the rest cannot be.
    if fault is not None and denies_synthetic(event_type, datum, schema.writer):
        return _not_synthetic(event_type)
    named = header(record.headers, "ce_type")
    if named is not None and named != event_type.name:
        return Parked(ParkedReason.OTHER_SUBJECT, f"the schema id stands for {event_type.name}")
    if record.topic not in event_type.topics:
        return Parked(ParkedReason.WRONG_TOPIC, event_type.name)
    if fault is not None:
        return Parked(fault.reason, str(fault))
    key = key_of(event_type, body)
    if record.key != key.encode():
        return Parked(ParkedReason.KEY_MISMATCH, event_type.name, key if event_type.of_a_child else None)
    return Event(schema, body, datum, event_hash(schema.fingerprint, datum))


def _not_synthetic(event_type: EventType) -> Refused:
    return Refused(RefusedReason.NOT_SYNTHETIC, event_type.name)
