"""What both peers do to a record before they store it: fastavro, the guard, the pydantic model, one fact."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastavro import schemaless_reader

from casefeed.case.facts import Fact, fact_of
from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import event_hash
from casefeed.contract.generated.models import parse
from casefeed.contract.guard import guard_synthetic

TABLES = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, child_key TEXT NOT NULL, source TEXT NOT NULL,
    sequence INTEGER NOT NULL, type TEXT NOT NULL, occurred_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL,
    published_at INTEGER NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    hash BLOB NOT NULL, datum BLOB NOT NULL, UNIQUE (child_key, source, sequence)
);
CREATE TABLE fact (
    child_key TEXT NOT NULL, occurred_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, event_id TEXT NOT NULL,
    kind TEXT NOT NULL, area TEXT NOT NULL, about TEXT NOT NULL, holds INTEGER NOT NULL, finding INTEGER NOT NULL,
    detail TEXT NOT NULL, amends TEXT NOT NULL, PRIMARY KEY (child_key, occurred_at, recorded_at, event_id)
) WITHOUT ROWID;
CREATE TABLE figure_step (
    figure TEXT NOT NULL, day_true INTEGER NOT NULL, day_known INTEGER NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (figure, day_true, day_known)
) WITHOUT ROWID;
CREATE TABLE listed (
    list TEXT NOT NULL, area TEXT NOT NULL, since INTEGER NOT NULL, child_key TEXT NOT NULL, about TEXT NOT NULL,
    what TEXT NOT NULL, recorded_at INTEGER NOT NULL, ended INTEGER,
    PRIMARY KEY (list, area, since, child_key, about)
) WITHOUT ROWID;
CREATE INDEX listed_of_child ON listed (child_key, list);
CREATE INDEX listed_since ON listed (list, since);
CREATE TABLE position (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
"""
"""The same log, facts, counters, lists and position as the ledger's, under the keys that the events bring."""

EVENT_COLUMNS = (
    "event_id", "child_key", "source", "sequence", "type", "occurred_at", "recorded_at", "published_at", "topic",
    "partition", "offset", "hash", "datum",
)  # fmt: skip
FACT_COLUMNS = (
    "child_key", "occurred_at", "recorded_at", "event_id", "kind", "area", "about", "holds", "finding", "detail",
    "amends",
)  # fmt: skip
LISTED_COLUMNS = ("list", "area", "since", "child_key", "about", "what", "recorded_at", "ended")


@dataclass(slots=True)
class PeerRecord:
    """A record read and held to the contract: its row of the log, and its fact."""

    event_id: str
    child_key: str
    row: tuple[Any, ...]
    fact: Fact


def read_record(
    types: Mapping[int, EventType], key: bytes | None, value: bytes, position: tuple[str, int, int], published_at: int
) -> PeerRecord:
    """Read one record with fastavro and hold it to the whole contract; raises what the contract raises."""
    event_type, datum = types[int.from_bytes(value[1:5], "big")], value[5:]
    source = io.BytesIO(datum)
    event: Any = schemaless_reader(source, event_type.raw_schema, None)
    if source.tell() != len(datum):
        raise ValueError("bytes are left over")
    guard_synthetic(event_type, event)
    parse(event_type, event)
    header = event["header"]
    if key != header["child_key"].encode() or position[0] not in event_type.topics:
        raise ValueError("another key or topic")
    row = (
        header["event_id"], header["child_key"], header["source"], header["sequence"], event_type.name,
        header["occurred_at"], header["recorded_at"], published_at, *position,
        event_hash(event_type.fingerprint, datum), datum,
    )  # fmt: skip
    return PeerRecord(header["event_id"], header["child_key"], row, fact_of(event_type.short_name, event))
