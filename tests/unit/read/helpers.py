"""Filling a store without a broker."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, STATEMENT_TOPICS
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.read.classify import Classified
from casefeed.read.event_log import NewEvent
from casefeed.read.statements import SQL
from casefeed.read.store import Handler, PositionUpdate, RecordCounts, SqliteStore

RECEIVED_MS = 1_700_000_000_000
PARTITIONS: dict[Partition, int] = {(ORR_TOPIC, 0): 0, (ICE_TOPIC, 0): 0}


def nothing(_: sqlite3.Connection, __: Sequence[NewEvent]) -> None:
    """A handler that derives nothing."""


def take(
    store: SqliteStore, *judged: tuple[ReceivedRecord, Classified], handler: Handler = nothing, moves: Any = None
) -> RecordCounts:
    """Take records in; positions move only where `moves` says so."""
    return store.commit_batch(judged, moves or {}, handler)


def count(store: SqliteStore, table: str) -> int:
    """How many rows a table has."""
    return int(store.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def moved(to: int, *, before: int = 0, last: ReceivedRecord | None = None) -> dict[Partition, PositionUpdate]:
    """The move of ORR's partition."""
    return {(ORR_TOPIC, 0): PositionUpdate(before, to, last)}


def bytes_of(path: Path) -> bytes:
    """What the store's files hold, the write-ahead log included."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.iterdir()) if each.is_file())


def promise(
    store: SqliteStore, source: str, next_by: int | None, *, stated_at: int = RECEIVED_MS, waiting: int = 0
) -> None:
    """Keep that an ORR source spoke at `stated_at` by its clock, five seconds later by the broker's."""
    topic = STATEMENT_TOPICS[ORR_TOPIC]
    row = (source, topic, "ORR", stated_at, next_by, 7, waiting, None, stated_at + 5000, stated_at + 5000)
    with store.transaction() as db:
        db.execute(SQL["upsert_heartbeat"], row)
