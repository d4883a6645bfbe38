"""A world's archives read into a ledger, as an intake would: no broker, one partition a topic."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from casefeed.contract import archive, catalogue, framing
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.kafka.records import ReceivedRecord
from casefeed.ledger import scorecard
from casefeed.ledger.database import PACKAGE, open_read_only
from casefeed.ledger.projection import apply_events
from casefeed.read.classify import ReadableSchema, classify
from casefeed.read.queries import uncertain_children
from casefeed.read.store import PositionUpdate, RecordCounts, SqliteStore
from ice_caseload.agency import ICE

TOPICS = (ORR_TOPIC, ICE_TOPIC)
RECEIVED_MS = 1_750_000_000_000
BATCH = 500


def open_ledger(path: Path, now: Callable[[], int]) -> SqliteStore:
    """The ledger for writing; open it as a context."""
    return SqliteStore(path, now=now, packages=(PACKAGE,))


def envelopes(folder: Path, topic: str) -> list[Envelope]:
    """The records of an archive."""
    with (folder / f"{topic}.avro").open("rb") as source:
        return list(archive.read_archive(source))


@dataclass
class ArchiveLedger:
    """The ledger of one who reads archives."""

    path: Path
    _next: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))

    def read_archives(self, folder: Path) -> RecordCounts:
        """Take both archives of a folder in; what became of their records."""
        total = RecordCounts()
        with open_ledger(self.path, lambda: RECEIVED_MS) as store:
            store.initialize_positions("cluster-1", {(topic, 0): 0 for topic in TOPICS})
            for topic in TOPICS:
                records = [self._next_record(topic, each) for each in envelopes(folder, topic)]
                for at in range(0, len(records), BATCH):
                    some = records[at : at + BATCH]
                    batch = [(record, classify(record, known)) for record, known in some]
                    last = some[-1][0]
                    move = PositionUpdate(some[0][0].offset, last.offset + 1, last)
                    total.add(store.commit_batch(batch, {(topic, 0): move}, apply_events))
        return total

    def _next_record(self, topic: str, each: Envelope) -> tuple[ReceivedRecord, ReadableSchema]:
        kind = catalogue.load_catalogue().by_fingerprint(each.fingerprint)
        assert kind is not None
        offset = self._next[topic]
        self._next[topic] += 1
        value = framing.frame(1, each.datum)
        record = ReceivedRecord(topic, 0, offset, RECEIVED_MS, each.key.encode(), value, each.headers)
        return record, ReadableSchema(kind, kind.fingerprint)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for questions."""
        db = open_read_only(self.path, ICE)
        try:
            yield db
        finally:
            db.close()

    def figures(self, days: str) -> dict[str, int]:
        """The scorecard of an as-of day, or of a pair "as-of/known-by"."""
        as_of, *known_by = map(date.fromisoformat, days.split("/"))
        with self.connection() as db:
            return scorecard.load_figures(db, as_of, *(known_by or (None,)))

    def mismatches(self, expected: dict[str, Any]) -> list[str]:
        """The days and pairs on which the scorecard is not as expected: {"as_of": ..., "known_by": ...}."""
        asked = expected["as_of"] | expected["known_by"]
        assert len(asked) == 14
        return [days for days, figures in asked.items() if self.figures(days) != figures]

    def uncertain(self, keys: list[str]) -> set[str]:
        """Those of the children whose case is uncertain."""
        with self.connection() as db:
            return set(uncertain_children(db, keys))
