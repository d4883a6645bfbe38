"""ICE's side: the real store with the real handler, judged by a real schema book; and decisions beside it."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from casefeed.contract.catalogue import load_catalogue
from casefeed.kafka.records import Partition
from casefeed.ledger.display import EPOCH
from casefeed.ledger.projection import apply_events
from casefeed.ledger.scorecard import load_figures
from casefeed.read.decisions import Decision, DecisionResult, GapFilter, close_gaps, list_decisions, reopen_gaps
from casefeed.read.event_log import last_seq
from casefeed.read.gaps import open_gaps
from casefeed.read.parked import ParkedFilter, parked_records
from casefeed.read.queries import uncertain_children, uncertain_counts
from casefeed.read.redrive import ParkedRecordResult, close_parked, plan_redrive, redrive
from casefeed.read.schema_cache import SchemaCache
from casefeed.read.store import PositionUpdate, SharedStore, SqliteStore
from tests.unit.model.broker import PARTITIONS, Broker, TopicRecord
from tests.unit.model.process import Process

ResultT = TypeVar("ResultT")
REGISTRY = "http://127.0.0.1:1/apis/ccompat/v7"
RECEIVED_MS = 1_700_000_000_000
PACKAGES = ("casefeed.ledger",)


def run_synchronously(coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
    """The answer of what waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as answer:
        return answer.value  # type: ignore[no-any-return]
    raise AssertionError("it waited")


class Reader:
    """A ledger in a folder, its intake, and those who decide beside it."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self._broker = broker
        self._path = folder / "ice.db"
        self.intake = Process(lambda: SqliteStore(self._path, now=lambda: RECEIVED_MS, packages=PACKAGES))
        self.intake.store.initialize_positions("cluster-1", dict.fromkeys(PARTITIONS, 0))
        self._ticks = 0.0
        self._open_schema_cache()

    def _open_schema_cache(self) -> None:
        """What an intake knows of schemas when it starts."""
        store = self.intake.store
        self._schema_cache = SchemaCache(load_catalogue(), store, REGISTRY, self._broker.schema_by_id, self._clock)

    def _clock(self) -> float:
        self._ticks += 100
        return self._ticks

    def next_batch(self, sizes: Mapping[Partition, int]) -> list[TopicRecord]:
        """So many records of each partition from where it stands, or as many as there are."""
        at = self.positions()
        return [
            copy
            for partition, size in sizes.items()
            for copy in self._broker.log[partition][at[partition] : at[partition] + size]
        ]

    def commit_batch(self, batch: list[TopicRecord], calls_left: int | None) -> bool:
        """A batch, in one transaction; whether it was kept, for the intake may die on the way."""
        at = self.positions()
        book = self._schema_cache
        judged = [
            (each.record, book.classify_cached(each.record) or run_synchronously(book.classify(each.record)))
            for each in batch
        ]
        last = {(each.record.topic, each.record.partition): each.record for each in batch}
        moves = {where: PositionUpdate(at[where], record.offset + 1, record) for where, record in last.items()}
        if self.intake.run(lambda store: store.commit_batch(judged, moves, apply_events), calls_left) is None:
            self._open_schema_cache()
        return self.intake.committed

    def rewind(self) -> None:
        """Every partition is read again from its start."""
        self.intake.store.initialize_positions("cluster-1", dict.fromkeys(PARTITIONS, 0), rewind=True)

    def decide(
        self, what: str, choice: ParkedFilter, calls_left: int | None = None, *, keep: bool = True
    ) -> tuple[DecisionResult[ParkedRecordResult, dict[str, int]] | None, bool]:
        """A redrive, or a closing: what was made (None where it died), and whether it was kept."""
        beside = Process(lambda: SharedStore(self._path, now=lambda: RECEIVED_MS, packages=PACKAGES))
        decision = Decision("J. Doe", "the sender has answered", choice)

        def act(store: SharedStore) -> DecisionResult[ParkedRecordResult, dict[str, int]]:
            if what == "close":
                return close_parked(store, decision, uncertain_counts, commit=keep)
            trial = run_synchronously(
                plan_redrive(store, choice, load_catalogue(), REGISTRY, self._broker.schema_by_id)
            )
            return redrive(store, trial, decision, apply_events, uncertain_counts, commit=keep)

        made = beside.run(act, calls_left)
        beside.close()
        return made, beside.committed

    def give_up(self, which: GapFilter, calls_left: int | None, *, reopen: bool = False) -> bool:
        """Missing numbers are given up, or waited for again; whether a decision was kept."""
        beside = Process(lambda: SharedStore(self._path, now=lambda: RECEIVED_MS, packages=PACKAGES))
        decision = Decision("J. Doe", "the sender has answered", which)
        act = reopen_gaps if reopen else partial(close_gaps, noticed_up_to=last_seq(self.intake.store.db))
        beside.run(lambda store: act(store, decision, uncertain_counts, commit=True), calls_left)
        beside.close()
        return beside.committed

    def positions(self) -> dict[Partition, int]:
        """The next offset of each partition."""
        return {each: held.next_offset for each, held in self.intake.store.positions().items()}

    def event_ids(self) -> list[str]:
        """The ids of the events in the log."""
        rows = self.intake.store.db.execute("SELECT lower(hex(event_id)) FROM event ORDER BY 1")
        return [f"{row[0][:8]}-{row[0][8:12]}-{row[0][12:16]}-{row[0][16:20]}-{row[0][20:]}" for row in rows]

    def fact_event_ids(self) -> list[str]:
        """The ids of the events that the cases are made of."""
        return [row[0] for row in self.intake.store.db.execute("SELECT event_id FROM fact ORDER BY 1")]

    def decisions(self) -> int:
        """How many decisions were kept."""
        return len(list_decisions(self.intake.store.db))

    def missing(self) -> list[tuple[str, str, int]]:
        """Child, source and number of what the gaps say is missing."""
        gaps, _ = open_gaps(self.intake.store.db)
        return sorted(
            (gap.child_key, gap.source, number) for gap in gaps for number in range(gap.first, gap.last + 1)
        )

    def parked(self, choice: ParkedFilter) -> dict[tuple[str, int, int], int]:
        """By topic, partition and offset, the number of each parked record of a choice."""
        found, _ = parked_records(self.intake.store.db, choice)
        return {(*each.partition, each.offset): each.id for each in found}

    def uncertain(self, keys: list[str]) -> set[str]:
        """Those of these children who are uncertain; none else is."""
        found = uncertain_children(self.intake.store.db, keys)
        assert uncertain_counts(self.intake.store.db)["children"] == len(found)
        return set(found)

    def figures(self, known_by: int | None, days: range) -> list[dict[str, int]]:
        """Every figure as of each of these days (days since 1970)."""
        known = None if known_by is None else _day(known_by)
        return [load_figures(self.intake.store.db, _day(each), known) for each in days]

    def list_rows(self) -> list[tuple[object, ...]]:
        """The rows of the lists, with the key that each child is shown under."""
        columns = "l.list, c.child_key, l.area, l.since, l.about, l.what, l.recorded_at, l.ended"
        asked = f"SELECT {columns} FROM listed l JOIN child c ON c.id = l.child"
        return sorted((tuple(row) for row in self.intake.store.db.execute(asked)), key=repr)

    def dump(self) -> str:
        """The whole file."""
        return "\n".join(self.intake.store.db.iterdump())


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)
