"""What can be asked of a store: a child's events, which children are uncertain and why, how far it has read.

Each takes a connection to the store's file (`store.connect`, read-only will do). Times are ms UTC.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.codec import Datum, decode, decode_resolved
from casefeed.contract.errors import ContractError
from casefeed.kafka.records import Partition
from casefeed.read.gaps import Gap, gaps_of_child
from casefeed.read.parked import ParkedRecord, ParkedState, parked_of_child
from casefeed.read.statements import SQL
from casefeed.store import StoreError, json_array


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of the log with every clock and where it came from; `body` is its content (raw form)."""

    event_type: EventType
    body: Datum
    source: str
    sequence: int
    occurred_at: int
    recorded_at: int
    published_at: int
    received_at: int
    partition: Partition
    offset: int

    @property
    def event_id(self) -> str:
        """The event's id."""
        return str(self.body["header"]["event_id"])

    @property
    def agency(self) -> str:
        """The agency that wrote the fact down."""
        return str(self.body["header"]["agency"])


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What keeps a child's case from being known whole; false where nothing does."""

    parked: tuple[ParkedRecord, ...]
    gaps: tuple[Gap, ...]

    def __bool__(self) -> bool:
        return bool(self.parked or self.gaps)

    @property
    def since(self) -> int | None:
        """When the case became uncertain."""
        times = [each.received_at for each in self.parked] + [gap.since for gap in self.gaps]
        return min(times, default=None)


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """While open, every question sees the store at the same moment, whatever its reader writes."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


def stored_events(db: sqlite3.Connection, child_key: str) -> list[StoredEvent]:
    """A child's events in order of when they came about; raises StoreError for one that can no longer be read."""
    schemas: dict[int, tuple[bytes, str, str]] = {}
    events = []
    for row in db.execute(SQL["events_of_child"], (child_key,)):
        if row["schema"] not in schemas:
            schemas[row["schema"]] = tuple(db.execute(SQL["schema_by_id"], (row["schema"],)).fetchone())
        event_type, body = _decode(*schemas[row["schema"]], row["datum"], row["event_id"])
        clocks = (row["occurred_at"], row["recorded_at"], row["published_at"], row["received_at"])
        place = ((row["topic"], row["partition"]), row["offset"])
        events.append(StoredEvent(event_type, body, row["source"], row["sequence"], *clocks, *place))
    return events


def _decode(fingerprint: bytes, name: str, text: str, datum: bytes, event_id: bytes) -> tuple[EventType, Datum]:
    event_type = load_catalogue().event_types.get(name)
    try:
        if event_type is None:
            raise ContractError(name, "is no event type of this release")
        if event_type.fingerprint == fingerprint:
            return event_type, decode(event_type, datum)
        return event_type, decode_resolved(event_type, json.loads(text), datum)
    except ContractError as error:
        raise StoreError(
            f"event {uuid.UUID(bytes=event_id)} of the log cannot be read by this release ({error}); "
            "use the release that took it in"
        ) from error


def uncertainty_of(db: sqlite3.Connection, child_key: str) -> Uncertainty:
    """The parked records and the missing numbers of a child."""
    parked = (each for each in parked_of_child(db, child_key) if each.state is ParkedState.OPEN)
    return Uncertainty(tuple(parked), tuple(gaps_of_child(db, child_key)))


def uncertain_children(db: sqlite3.Connection, child_keys: Iterable[str]) -> frozenset[str]:
    """Those of `child_keys` that have a parked record that is open, or a missing number."""
    return frozenset(row[0] for row in db.execute(SQL["uncertain_children"], (json_array(child_keys),)))


def uncertain_counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many `children` are uncertain, and how many records `parked` and `gaps` in a sequence make them so.

    Each key is one child here: what merges say is for whoever derives cases from the log.
    """
    row = db.execute(SQL["uncertain_counts"]).fetchone()
    return {name: row[name] for name in ("children", "parked", "gaps")}


def end_offsets_checked_at(db: sqlite3.Connection) -> int | None:
    """When the reader last looked how far the topics reach; None where it never did."""
    return db.execute(SQL["end_offsets_checked_at"]).fetchone()[0] or None
