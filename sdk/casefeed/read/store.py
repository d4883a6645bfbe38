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

from casefeed.contract.catalogue import STATEMENTS
from casefeed.contract.framing import header
from casefeed.contract.outcomes import AlreadyHeld, Applied, Outcome, Parked, Refused
from casefeed.contract.validation import CHILD_KEY
from casefeed.kafka.consumer import Partition
from casefeed.kafka.records import Received
from casefeed.read.classify import Event, Examined, Known
from casefeed.read.errors import PartitionLost
from casefeed.read.event_log import SQL, Held, event_id_of, hold
from casefeed.read.gaps import keep_gaps
from casefeed.read.heartbeats import hear
from casefeed.read.parked import headers_text
from casefeed.store import StoreFile


@dataclass(frozen=True, slots=True)
class Position:
    """Where a partition stands: the next offset, the last one read and its digest, the end as seen."""

    next_offset: int
    last_offset: int | None
    last_digest: bytes | None
    end_offset: int


@dataclass(frozen=True, slots=True)
class Move:
    """One partition's step: from the offset it stood at, to the next to read, past `last`."""

    before: int
    after: int
    last: Received | None


@dataclass(slots=True)
class Tally:
    """How many records had which outcome, and why those that did not apply."""

    applied: int = 0
    already_held: int = 0
    heartbeats: int = 0
    parked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take another tally in."""
        self.applied += other.applied
        self.already_held += other.already_held
        self.heartbeats += other.heartbeats
        self.parked += other.parked
        self.refused += other.refused


Handler = Callable[[sqlite3.Connection, Sequence[Held]], None]
Clock = Callable[[], int]


def digest_of(record: Received) -> bytes:
    """The sha256 of a record's key and value, with their lengths."""
    sha = hashlib.sha256()
    for part in (record.key, record.value):
        sha.update(b"-" if part is None else len(part).to_bytes(8, "big") + part)
    return sha.digest()


def claimed_id(record: Received, examined: Examined) -> bytes | None:
    """The event that a record is, or says in its header that it is; None where it says nothing that can be one."""
    if isinstance(examined, Event):
        return event_id_of(examined)
    try:
        return UUID(header(record.headers, "ce_id") or "").bytes
    except ValueError:
        return None


def parted(
    judged: Sequence[tuple[Received, Examined]],
) -> tuple[list[tuple[Received, Examined]], list[tuple[Received, Event]]]:
    """The records of a batch that are events of children, or not to be applied; and the statements among them."""
    rest: list[tuple[Received, Examined]] = []
    statements: list[tuple[Received, Event]] = []
    for record, examined in judged:
        if _is_statement(examined):
            statements.append((record, examined))
        else:
            rest.append((record, examined))
    return rest, statements


def _is_statement(examined: Examined) -> TypeGuard[Event]:
    return isinstance(examined, Event) and not examined.event_type.of_a_child


class SqliteStore(StoreFile):
    """One reader's file. `now` gives the time of receiving in ms UTC."""

    ALONE = True
    AFTER_A_FAULT = "nothing of the batch was kept, and it is read again once the store can be written"

    def __init__(self, path: Path, *, now: Clock, rooms: Sequence[str] = ()) -> None:
        """`rooms` are packages whose `migrations/` make the handler's own tables in the same file."""
        super().__init__(path, ("casefeed.read", *rooms))
        self.now = now
        self._sources: dict[str, int] = {}
        self._schemas: dict[bytes, int] = {}

    def forget(self) -> None:
        """Row numbers handed out in a transaction that was undone are gone."""
        self._sources.clear()
        self._schemas.clear()

    def cluster(self) -> str | None:
        """The cluster whose positions these are; None in a new store."""
        row = self.db.execute(SQL["cluster"]).fetchone()
        return None if row is None else str(row[0])

    def positions(self) -> dict[Partition, Position]:
        """Where every partition stands."""
        return {(row[0], row[1]): Position(*row[2:]) for row in self.db.execute(SQL["positions"])}

    def begin(self, cluster_id: str, starts: Mapping[Partition, int], *, rewind: bool = False) -> None:
        """Bind the store to a cluster and give every partition without a position its start.

        With `rewind` every partition is read again from its start.
        """
        with self.transaction() as db:
            db.execute(SQL["bind_cluster"], (cluster_id,))
            known = self.positions()
            for (topic, partition), start in starts.items():
                if (topic, partition) not in known:
                    db.execute(SQL["start_position"], (topic, partition, start, start))
                elif rewind:
                    db.execute(SQL["rewind"], (start, start, topic, partition))

    def see_ends(self, ends: Mapping[Partition, int]) -> None:
        """Note how far each partition reaches now."""
        seen_at = self.now()
        with self.transaction() as db:
            db.executemany(SQL["see_end"], [(end, seen_at, *partition) for partition, end in ends.items()])

    def registered(self, registry: str) -> dict[int, tuple[bytes, str]]:
        """The schema numbers known of a registry: (fingerprint, text) each."""
        return {row[0]: (row[1], row[2]) for row in self.db.execute(SQL["registered"], (registry,))}

    def remember_schema(self, registry: str, schema_id: int, schema: Known) -> None:
        """Keep what a registry's number stands for."""
        with self.transaction() as db:
            self.keep_registered(db, registry, schema_id, schema)

    def keep_registered(self, db: sqlite3.Connection, registry: str, schema_id: int, schema: Known) -> None:
        """The same, inside a transaction of the caller's."""
        db.execute(SQL["keep_registered"], (registry, schema_id, self._schema_row(db, schema)))

    def take(
        self, judged: Sequence[tuple[Received, Examined]], moves: Mapping[Partition, Move], handler: Handler
    ) -> Tally:
        """One transaction: every record has an outcome, new events go to `handler`, positions move.

        A statement is heard where it is read: it is no event of a child, and has no place in the log.

        Raises PartitionLost (nothing kept) when a position was moved by somebody else, StoreFault when the
        file cannot be written.
        """
        received_at = self.now()
        statements: list[tuple[Received, Event]] = []
        if any(topic in STATEMENTS.values() for topic, _ in moves):
            judged, statements = parted(judged)
        with self.transaction() as db:
            held, outcomes = self._hold(db, judged, handler, received_at)
            tally = self._counted(db, judged, outcomes, received_at)
            self._note_clocks(db, held, received_at)
            tally.heartbeats = len(statements)
            hear(db, statements, received_at)
            for (topic, partition), move in moves.items():
                last = (None, None) if move.last is None else (move.last.offset, digest_of(move.last))
                moved = db.execute(SQL["move"], (move.after, *last, topic, partition, move.before))
                if moved.rowcount != 1:
                    raise PartitionLost(
                        f"{topic}/{partition} was moved by another reader of {self.path}; end one of the two"
                    )
        return tally

    @staticmethod
    def _note_clocks(db: sqlite3.Connection, held: Sequence[Held], received_at: int) -> None:
        """Keep the clocks of the event that each partition gave last."""
        last = {(each.record.topic, each.record.partition): each for each in held}
        for partition, (_, _, record, event) in last.items():
            occurred_at, recorded_at = event.header["occurred_at"], event.header["recorded_at"]
            clocks = (occurred_at, recorded_at, record.published_at, received_at)
            db.execute(SQL["applied_last"], (*clocks, *partition))

    def hold_again(
        self, db: sqlite3.Connection, judged: Sequence[tuple[Received, Examined]], handler: Handler
    ) -> list[Outcome]:
        """Records judged anew, inside a transaction of the caller's: what becomes of each; no position moves."""
        received_at = self.now()
        rest, statements = parted(judged)
        hear(db, statements, received_at)
        _, outcomes = self._hold(db, rest, handler, received_at)
        of_the_rest = iter(outcomes)
        return [Applied() if _is_statement(examined) else next(of_the_rest) for _, examined in judged]

    def _hold(
        self,
        db: sqlite3.Connection,
        judged: Sequence[tuple[Received, Examined]],
        handler: Handler,
        received_at: int,
    ) -> tuple[list[Held], list[Outcome]]:
        """New events go into the log, and from there to `handler`; gaps are kept."""
        held, outcomes = hold(db, judged, received_at, self._source_row, self._schema_row)
        if held:
            keep_gaps(db, min(each.seq for each in held) - 1)
        handler(db, held)
        return held, outcomes

    def _counted(
        self,
        db: sqlite3.Connection,
        judged: Sequence[tuple[Received, Examined]],
        outcomes: Sequence[Outcome],
        received_at: int,
    ) -> Tally:
        """Count what became of each record, and keep aside what was parked or refused."""
        tally = Tally()
        for (record, examined), outcome in zip(judged, outcomes, strict=True):
            match outcome:
                case Applied():
                    tally.applied += 1
                case AlreadyHeld():
                    tally.already_held += 1
                case Parked():
                    tally.parked[outcome.reason.value] += 1
                    self._park(db, record, examined, outcome, received_at)
                case Refused():
                    tally.refused[outcome.reason.value] += 1
                    self.refuse(db, record, digest_of(record), outcome, received_at)
        return tally

    @staticmethod
    def refuse(
        db: sqlite3.Connection, record: Received, digest: bytes, refused: Refused, received_at: int
    ) -> None:
        """Keep where a record lay that may not be here, its digest and why."""
        where = (record.topic, record.partition, record.offset, digest)
        db.execute(SQL["refuse"], (*where, received_at, refused.reason.value, refused.detail))

    @staticmethod
    def _park(
        db: sqlite3.Connection, record: Received, examined: Examined, parked: Parked, received_at: int
    ) -> None:
        child = record.key.decode() if record.key and CHILD_KEY.fullmatch(record.key) else None
        db.execute(
            SQL["park"],
            (
                record.topic, record.partition, record.offset, digest_of(record), child, parked.child_key,
                record.published_at, received_at, parked.reason.value, parked.detail, claimed_id(record, examined),
                record.key, record.value, headers_text(record.headers),
            ),
        )  # fmt: skip

    def _source_row(self, db: sqlite3.Connection, name: str) -> int:
        if name not in self._sources:
            db.execute(SQL["keep_source"], (name,))
            self._sources[name] = int(db.execute(SQL["source_row"], (name,)).fetchone()[0])
        return self._sources[name]

    def _schema_row(self, db: sqlite3.Connection, schema: Known) -> int:
        if schema.fingerprint not in self._schemas:
            db.execute(SQL["keep_schema"], (schema.fingerprint, schema.event_type.name, schema.text))
            row = db.execute(SQL["schema_row"], (schema.fingerprint,)).fetchone()
            self._schemas[schema.fingerprint] = int(row[0])
        return self._schemas[schema.fingerprint]


class BesideReader(SqliteStore):
    """A reader's file, written while the reader may be at work on it: positions are the reader's alone.

    Each writes under SQLite's write lock and asks inside its transaction what it needs to know of the other's rows:
    numbers of the log, children, cases. What either remembers between transactions are numbers of rows that are
    never taken back.
    """

    ALONE = False
    AFTER_A_FAULT = (
        "nothing of it was kept; try again (SQLITE_BUSY: another writes the file), or mend the file"
    )

    def open(self) -> Self:
        """As a store's file is opened; what is erased in it is overwritten."""
        super().open()
        self.db.execute("PRAGMA secure_delete = ON")
        return self
