"""What can be asked of a store: a child's events, what is uncertain about a child, what is parked.

Each takes a connection to the store's file (`store.connect`, read-only will do). Times are ms UTC.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from casefeed.contract.catalogue import EventType, load
from casefeed.contract.codec import Datum, decode, decode_resolved
from casefeed.contract.errors import ContractError
from casefeed.contract.framing import Headers
from casefeed.contract.reasons import ParkedReason
from casefeed.read.log import SQL
from casefeed.read.store import CHILD_KEY
from casefeed.sqlite import StoreFault
from casefeed.wire.consumer import Partition

_REASONS = {each.value: each for each in ParkedReason}


@dataclass(frozen=True, slots=True)
class Recorded:
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
class ParkedRecord:
    """A parked record without its bytes. `applied`: it could be read later and lies in the log as well."""

    id: int
    partition: Partition
    offset: int
    digest: bytes
    child_key: str | None
    published_at: int
    received_at: int
    reason: ParkedReason
    detail: str
    key_bytes: int | None
    value_bytes: int | None
    headers: Headers
    applied: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a child and source that are missing below one that is held: from `first` to `last`.

    `since` is when the first event past the gap was received.
    """

    source: str
    first: int
    last: int
    since: int


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


def is_child_key(text: str) -> bool:
    """Whether `text` has the form of a child key (sixteen of a-z and 2-7)."""
    return CHILD_KEY.fullmatch(text.encode()) is not None


def events_of(db: sqlite3.Connection, child_key: str) -> list[Recorded]:
    """A child's events in order of when they came about; raises StoreFault for one that can no longer be read."""
    schemas: dict[int, tuple[bytes, str, str]] = {}
    found = []
    for row in db.execute(SQL["events_of_child"], (child_key,)):
        if row["schema"] not in schemas:
            schemas[row["schema"]] = tuple(db.execute(SQL["schema_by_row"], (row["schema"],)).fetchone())
        event_type, body = _read(*schemas[row["schema"]], row["datum"], row["event_id"])
        clocks = (row["occurred_at"], row["recorded_at"], row["published_at"], row["received_at"])
        partition = (row["topic"], row["partition"])
        found.append(
            Recorded(event_type, body, row["source"], row["sequence"], *clocks, partition, row["offset"])
        )
    return found


def _read(fingerprint: bytes, name: str, text: str, datum: bytes, event_id: bytes) -> tuple[EventType, Datum]:
    event_type = load().types.get(name)
    try:
        if event_type is None:
            raise ContractError(name, "is no event type of this release")
        if event_type.fingerprint == fingerprint:
            return event_type, decode(event_type, datum)
        return event_type, decode_resolved(event_type, json.loads(text), datum)
    except ContractError as error:
        raise StoreFault(
            f"event {uuid.UUID(bytes=event_id)} of the log cannot be read by this release ({error}); "
            "use the release that took it in"
        ) from error


def uncertainty_of(db: sqlite3.Connection, child_key: str) -> Uncertainty:
    """The parked records and the missing numbers of a child."""
    parked = (_parked(row) for row in db.execute(SQL["parked_of_child"], (child_key,)))
    numbers: dict[str, list[tuple[int, int]]] = {}
    for source, sequence, received_at in db.execute(SQL["numbers_of_child"], (child_key,)):
        numbers.setdefault(source, []).append((sequence, received_at))
    gaps = [gap for source, held in numbers.items() for gap in gaps_in(source, held)]
    return Uncertainty(tuple(each for each in parked if not each.applied), tuple(gaps))


def gaps_in(source: str, held: list[tuple[int, int]]) -> Iterator[Gap]:
    """The gaps between numbers held, each as (number, time received), by number ascending."""
    previous = 0
    for index, (number, _) in enumerate(held):
        if number > previous + 1:
            yield Gap(source, previous + 1, number - 1, min(received for _, received in held[index:]))
        previous = number


def uncertain_among(db: sqlite3.Connection, child_keys: Iterable[str]) -> frozenset[str]:
    """Those of `child_keys` that have a parked record or a missing number."""
    keys = json.dumps(sorted(set(child_keys)))
    return frozenset(row[0] for row in db.execute(SQL["uncertain_among"], (keys,)))


def parked_records(
    db: sqlite3.Connection,
    *,
    reason: ParkedReason | None = None,
    topic: str | None = None,
    child_key: str | None = None,
    limit: int | None = None,
) -> tuple[list[ParkedRecord], int]:
    """The parked records that pass every filter given, the first parked first, and how many pass in all."""
    filters = (None if reason is None else reason.value, topic, child_key)
    rows = db.execute(SQL["parked_list"], (*filters, -1 if limit is None else limit))
    found = [_parked(row) for row in rows]
    return found, int(db.execute(SQL["parked_count"], filters).fetchone()[0])


def parked_record(db: sqlite3.Connection, number: int) -> ParkedRecord | None:
    """The parked record with this number."""
    row = db.execute(SQL["parked_one"], (number,)).fetchone()
    return None if row is None else _parked(row)


def ends_seen_at(db: sqlite3.Connection) -> int | None:
    """When the reader last looked how far the topics reach; None where it never did."""
    return db.execute(SQL["ends_seen_at"]).fetchone()[0] or None


def _parked(row: sqlite3.Row) -> ParkedRecord:
    headers = tuple((name, base64.b64decode(value)) for name, value in json.loads(row["headers"]))
    return ParkedRecord(
        id=row["id"],
        partition=(row["topic"], row["partition"]),
        offset=row["offset"],
        digest=row["digest"],
        child_key=row["child_key"],
        published_at=row["published_at"],
        received_at=row["received_at"],
        reason=_REASONS[row["reason"]],
        detail=row["detail"],
        key_bytes=row["key_bytes"],
        value_bytes=row["value_bytes"],
        headers=headers,
        applied=bool(row["applied"]),
    )
