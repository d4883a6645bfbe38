"""The store of a reader: one SQLite file that holds positions, the log, parked and refused records.

A handler's own tables live in the same file, so what it derives commits together with the position. All
times are ms UTC.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeGuard
from uuid import UUID

from casefeed.contract.catalogue import STATEMENT_TOPICS
from casefeed.contract.framing import header_text
from casefeed.contract.outcomes import Applied, Duplicate, Outcome, Parked, Refused
from casefeed.contract.validation import CHILD_KEY_PATTERN
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.read.classify import Classified, DecodedEvent, ReadableSchema
from casefeed.read.event_log import NewEvent, append_events, event_id_bytes
from casefeed.read.gaps import refresh_gaps_after
from casefeed.read.heartbeats import record_heartbeats
from casefeed.read.parked import serialize_headers
from casefeed.read.statements import SQL
from casefeed.store import StoreError, StoreFile


class PositionConflict(StoreError):
    """The position was moved by somebody else since it was read; nothing of this batch was kept."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a partition stands: the next offset, the last one read and its digest, the end as seen."""

    next_offset: int
    last_offset: int | None
    last_digest: bytes | None
    end_offset: int


@dataclass(frozen=True, slots=True)
class PositionUpdate:
    """One partition's step: from the offset it stood at, to the next to read, past `last_record`."""

    from_offset: int
    to_offset: int
    last_record: ReceivedRecord | None


@dataclass(slots=True)
class RecordCounts:
    """How many records had which outcome, and why those that did not apply."""

    applied: int = 0
    duplicates: int = 0
    heartbeats: int = 0
    parked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: RecordCounts) -> None:
        """Take other counts in."""
        self.applied += other.applied
        self.duplicates += other.duplicates
        self.heartbeats += other.heartbeats
        self.parked += other.parked
        self.refused += other.refused


Handler = Callable[[sqlite3.Connection, Sequence[NewEvent]], None]
MillisecondClock = Callable[[], int]


def record_digest(record: ReceivedRecord) -> bytes:
    """The sha256 of a record's key and value, with their lengths."""
    sha = hashlib.sha256()
    for part in (record.key, record.value):
        sha.update(b"-" if part is None else len(part).to_bytes(8, "big") + part)
    return sha.digest()


def claimed_event_id(record: ReceivedRecord, classified: Classified) -> bytes | None:
    """The event that a record is, or says in its header that it is; None where it says nothing that can be one."""
    if isinstance(classified, DecodedEvent):
        return event_id_bytes(classified)
    try:
        return UUID(header_text(record.headers, "ce_id") or "").bytes
    except ValueError:
        return None


def split_statements(
    classified: Sequence[tuple[ReceivedRecord, Classified]],
) -> tuple[list[tuple[ReceivedRecord, Classified]], list[tuple[ReceivedRecord, DecodedEvent]]]:
    """The records of a batch that are events of children, or not to be applied; and the statements among them."""
    rest: list[tuple[ReceivedRecord, Classified]] = []
    statements: list[tuple[ReceivedRecord, DecodedEvent]] = []
    for record, result in classified:
        if _is_statement(result):
            statements.append((record, result))
        else:
            rest.append((record, result))
    return rest, statements


def _is_statement(classified: Classified) -> TypeGuard[DecodedEvent]:
    return isinstance(classified, DecodedEvent) and not classified.event_type.is_case_event


class SqliteStore(StoreFile):
    """One reader's file. `now` gives the time of receiving in ms UTC."""

    EXCLUSIVE = True
    AFTER_ERROR = "nothing of the batch was kept, and it is read again once the store can be written"

    def __init__(self, path: Path, *, now: MillisecondClock, packages: Sequence[str] = ()) -> None:
        """`packages` are those whose `migrations/` make the handler's own tables in the same file."""
        super().__init__(path, ("casefeed.read", *packages))
        self.now = now
        self._source_ids: dict[str, int] = {}
        self._schema_ids: dict[bytes, int] = {}

    def clear_caches(self) -> None:
        """Row numbers handed out in a transaction that was undone are gone."""
        self._source_ids.clear()
        self._schema_ids.clear()

    def cluster_id(self) -> str | None:
        """The cluster whose positions these are; None in a new store."""
        row = self.db.execute(SQL["cluster"]).fetchone()
        return None if row is None else str(row[0])

    def positions(self) -> dict[Partition, Position]:
        """Where every partition stands."""
        return {(row[0], row[1]): Position(*row[2:]) for row in self.db.execute(SQL["positions"])}

    def initialize_positions(
        self, cluster_id: str, start_offsets: Mapping[Partition, int], *, rewind: bool = False
    ) -> None:
        """Bind the store to a cluster and give every partition without a position its start.

        With `rewind` every partition is read again from its start.
        """
        with self.transaction() as db:
            db.execute(SQL["upsert_cluster"], (cluster_id,))
            known = self.positions()
            for (topic, partition), start in start_offsets.items():
                if (topic, partition) not in known:
                    db.execute(SQL["insert_position"], (topic, partition, start, start))
                elif rewind:
                    db.execute(SQL["rewind_position"], (start, start, topic, partition))

    def record_end_offsets(self, end_offsets: Mapping[Partition, int]) -> None:
        """Note how far each partition reaches now."""
        seen_at = self.now()
        rows = [(end, seen_at, *partition) for partition, end in end_offsets.items()]
        with self.transaction() as db:
            db.executemany(SQL["update_end_offset"], rows)

    def registered_schemas(self, registry: str) -> dict[int, tuple[bytes, str]]:
        """The schema numbers known of a registry: (fingerprint, text) each."""
        return {row[0]: (row[1], row[2]) for row in self.db.execute(SQL["registered_schemas"], (registry,))}

    def store_schema(self, registry: str, schema_id: int, schema: ReadableSchema) -> None:
        """Keep what a registry's number stands for."""
        with self.transaction() as db:
            self.upsert_registered_schema(db, registry, schema_id, schema)

    def upsert_registered_schema(
        self, db: sqlite3.Connection, registry: str, schema_id: int, schema: ReadableSchema
    ) -> None:
        """The same, inside a transaction of the caller's."""
        db.execute(SQL["upsert_registered_schema"], (registry, schema_id, self._schema_id(db, schema)))

    def commit_batch(
        self,
        classified: Sequence[tuple[ReceivedRecord, Classified]],
        updates: Mapping[Partition, PositionUpdate],
        handler: Handler,
    ) -> RecordCounts:
        """One transaction: every record has an outcome, new events go to `handler`, positions move.

        A statement is heard where it is read: it is no event of a child, and has no place in the log.

        Raises PositionConflict (nothing kept) when a position was moved by somebody else, StoreError when the
        file cannot be written.
        """
        received_at = self.now()
        statements: list[tuple[ReceivedRecord, DecodedEvent]] = []
        if any(topic in STATEMENT_TOPICS.values() for topic, _ in updates):
            classified, statements = split_statements(classified)
        with self.transaction() as db:
            new_events, outcomes = self._append_and_handle(db, classified, handler, received_at)
            counts = self._store_outcomes(db, classified, outcomes, received_at)
            self._update_last_applied(db, new_events, received_at)
            counts.heartbeats = len(statements)
            record_heartbeats(db, statements, received_at)
            for (topic, partition), update in updates.items():
                record = update.last_record
                last = (None, None) if record is None else (record.offset, record_digest(record))
                step = (update.to_offset, *last, topic, partition, update.from_offset)
                if db.execute(SQL["update_position"], step).rowcount != 1:
                    raise PositionConflict(
                        f"{topic}/{partition} was moved by another reader of {self.path}; end one of the two"
                    )
        return counts

    @staticmethod
    def _update_last_applied(db: sqlite3.Connection, new_events: Sequence[NewEvent], received_at: int) -> None:
        """Keep the clocks of the event that each partition gave last."""
        last = {(each.record.topic, each.record.partition): each for each in new_events}
        for partition, (_, _, record, event) in last.items():
            occurred_at, recorded_at = event.header["occurred_at"], event.header["recorded_at"]
            clocks = (occurred_at, recorded_at, record.published_at, received_at)
            db.execute(SQL["update_last_applied"], (*clocks, *partition))

    def reapply(
        self, db: sqlite3.Connection, classified: Sequence[tuple[ReceivedRecord, Classified]], handler: Handler
    ) -> list[Outcome]:
        """Records judged anew, inside a transaction of the caller's: what becomes of each; no position moves."""
        received_at = self.now()
        rest, statements = split_statements(classified)
        record_heartbeats(db, statements, received_at)
        _, outcomes = self._append_and_handle(db, rest, handler, received_at)
        rest_outcomes = iter(outcomes)
        return [Applied() if _is_statement(result) else next(rest_outcomes) for _, result in classified]

    def _append_and_handle(
        self,
        db: sqlite3.Connection,
        classified: Sequence[tuple[ReceivedRecord, Classified]],
        handler: Handler,
        received_at: int,
    ) -> tuple[list[NewEvent], list[Outcome]]:
        """New events go into the log, and from there to `handler`; gaps are kept."""
        new_events, outcomes = append_events(db, classified, received_at, self._source_id, self._schema_id)
        if new_events:
            refresh_gaps_after(db, min(each.seq for each in new_events) - 1)
        handler(db, new_events)
        return new_events, outcomes

    def _store_outcomes(
        self,
        db: sqlite3.Connection,
        classified: Sequence[tuple[ReceivedRecord, Classified]],
        outcomes: Sequence[Outcome],
        received_at: int,
    ) -> RecordCounts:
        """Count what became of each record, and keep aside what was parked or refused."""
        counts = RecordCounts()
        for (record, result), outcome in zip(classified, outcomes, strict=True):
            match outcome:
                case Applied():
                    counts.applied += 1
                case Duplicate():
                    counts.duplicates += 1
                case Parked():
                    counts.parked[outcome.reason.value] += 1
                    self._insert_parked(db, record, result, outcome, received_at)
                case Refused():
                    counts.refused[outcome.reason.value] += 1
                    self.insert_refused(db, record, record_digest(record), outcome, received_at)
        return counts

    @staticmethod
    def insert_refused(
        db: sqlite3.Connection, record: ReceivedRecord, digest: bytes, refused: Refused, received_at: int
    ) -> None:
        """Keep where a record lay that may not be here, its digest and why."""
        where = (record.topic, record.partition, record.offset, digest)
        db.execute(SQL["insert_refused"], (*where, received_at, refused.reason.value, refused.detail))

    @staticmethod
    def _insert_parked(
        db: sqlite3.Connection, record: ReceivedRecord, classified: Classified, parked: Parked, received_at: int
    ) -> None:
        child = record.key.decode() if record.key and CHILD_KEY_PATTERN.fullmatch(record.key) else None
        db.execute(
            SQL["insert_parked"],
            (
                record.topic, record.partition, record.offset, record_digest(record), child, parked.child_key,
                record.published_at, received_at, parked.reason.value, parked.detail, claimed_event_id(record,
                classified),
                record.key, record.value, serialize_headers(record.headers),
            ),
        )  # fmt: skip

    def _source_id(self, db: sqlite3.Connection, name: str) -> int:
        if name not in self._source_ids:
            db.execute(SQL["insert_source"], (name,))
            self._source_ids[name] = int(db.execute(SQL["source_id"], (name,)).fetchone()[0])
        return self._source_ids[name]

    def _schema_id(self, db: sqlite3.Connection, schema: ReadableSchema) -> int:
        if schema.fingerprint not in self._schema_ids:
            db.execute(SQL["insert_schema"], (schema.fingerprint, schema.event_type.name, schema.text))
            row = db.execute(SQL["schema_id"], (schema.fingerprint,)).fetchone()
            self._schema_ids[schema.fingerprint] = int(row[0])
        return self._schema_ids[schema.fingerprint]


class SharedStore(SqliteStore):
    """A reader's file, written while the reader may be at work on it: positions are the reader's alone.

    Each writes under SQLite's write lock and asks inside its transaction what it needs to know of the other's rows:
    numbers of the log, children, cases. What either remembers between transactions are numbers of rows that are
    never taken back.
    """

    EXCLUSIVE = False
    AFTER_ERROR = "nothing of it was kept; try again (SQLITE_BUSY: another writes the file), or mend the file"

    def open(self) -> Self:
        """As a store's file is opened; what is erased in it is overwritten."""
        super().open()
        self.db.execute("PRAGMA secure_delete = ON")
        return self
