"""A world's archives read into a ledger, as an intake would: no broker, one partition a topic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from casefeed.contract import archive, catalogue, framing
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.kafka.records import Received
from casefeed.read.classify import Known, examine
from casefeed.read.queries import uncertain_among
from casefeed.read.store import Move, Tally
from ice_caseload import scorecard
from ice_caseload.cases import take_in
from ice_caseload.ledger import ledger, open_read_only

TOPICS = (ORR_TOPIC, ICE_TOPIC)
RECEIVED_MS = 1_750_000_000_000
BATCH = 500


def envelopes(folder: Path, topic: str) -> list[Envelope]:
    """The records of an archive."""
    with (folder / f"{topic}.avro").open("rb") as source:
        return list(archive.read(source))


@dataclass
class Ledger:
    """The ledger of one who reads archives."""

    path: Path
    _next: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))

    def read(self, folder: Path) -> Tally:
        """Take both archives of a folder in; what became of their records."""
        total = Tally()
        with ledger(f"sqlite:///{self.path}", lambda: RECEIVED_MS) as store:
            store.begin("cluster-1", {(topic, 0): 0 for topic in TOPICS})
            for topic in TOPICS:
                records = [self._received(topic, each) for each in envelopes(folder, topic)]
                for at in range(0, len(records), BATCH):
                    some = records[at : at + BATCH]
                    batch = [(record, examine(record, known)) for record, known in some]
                    last = some[-1][0]
                    move = Move(some[0][0].offset, last.offset + 1, last)
                    total.add(store.take(batch, {(topic, 0): move}, take_in))
        return total

    def _received(self, topic: str, each: Envelope) -> tuple[Received, Known]:
        kind = catalogue.load().by_fingerprint(each.fingerprint)
        assert kind is not None
        offset = self._next[topic]
        self._next[topic] += 1
        value = framing.frame(1, each.datum)
        record = Received(topic, 0, offset, RECEIVED_MS, each.key.encode(), value, each.headers)
        return record, Known(kind, kind.fingerprint)

    @contextmanager
    def asked(self) -> Iterator[sqlite3.Connection]:
        """A connection for questions."""
        db = open_read_only(f"sqlite:///{self.path}")
        try:
            yield db
        finally:
            db.close()

    def figures(self, days: str) -> dict[str, int]:
        """The scorecard of an as-of day, or of a pair "as-of/known-by"."""
        as_of, *known_by = map(date.fromisoformat, days.split("/"))
        with self.asked() as db:
            return scorecard.figures(db, as_of, *(known_by or (None,)))

    def differing(self, expected: dict[str, Any]) -> list[str]:
        """The days and pairs on which the scorecard is not as expected: {"as_of": ..., "known_by": ...}."""
        asked = expected["as_of"] | expected["known_by"]
        assert len(asked) == 14
        return [days for days, figures in asked.items() if self.figures(days) != figures]

    def uncertain(self, keys: list[str]) -> set[str]:
        """Those of the children whose case is uncertain."""
        with self.asked() as db:
            return set(uncertain_among(db, keys))
