"""An event as the record that goes out, with its place in the archive."""

from __future__ import annotations

from dataclasses import dataclass

from casefeed.contract import catalogue, codec, framing
from casefeed.contract.archive import Envelope
from synthetic_world.telling import Telling


@dataclass(frozen=True, slots=True)
class Record:
    """A record of `topic` that goes out at `at` (ms UTC); those of the same moment by event id."""

    topic: str
    at: int
    event_id: str
    envelope: Envelope


def record_of(told: Telling) -> Record:
    """The record of an event, going out when it was recorded; raises ContractError where the event breaks a rule."""
    kind = catalogue.load_catalogue().by_name(told.type_name)
    head = told.event["header"]
    envelope = Envelope(
        key=head["child_key"],
        headers=framing.cloud_event_headers(kind, told.event),
        fingerprint=kind.fingerprint,
        datum=codec.encode(kind, told.event),
    )
    return Record(told.topic, head["recorded_at"], head["event_id"], envelope)
