"""The intake loop: fetch, judge, take in one transaction with the position, follow the ends.

A fault of a record is an outcome and never stops the loop. A broker or a registry that is away is waited for and
said. What the store cannot keep ends the loop with nothing lost: it is read again from the position. So does a broker
that answers, has more and hands out nothing, over a second connection too: then this process's client is stuck.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from casefeed.contract.catalogue import CASE_TOPICS, STATEMENTS, load
from casefeed.kafka.consumer import Consumer, Partition
from casefeed.kafka.records import Received
from casefeed.read.classify import Examined
from casefeed.read.errors import HandsOutNothing
from casefeed.read.positions import parked_now
from casefeed.read.queries import snapshot, uncertain_counts
from casefeed.read.resume import resume
from casefeed.read.schema_cache import Ask, SchemaBook
from casefeed.read.stall import Standstill
from casefeed.read.store import Handler, Move, SqliteStore, Tally
from casefeed.runtime.clock import monotonic
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable, Stalled, Unavailable
from casefeed.runtime.metrics import Spread
from casefeed.runtime.signals import until_stopped
from casefeed.store import WAITS_FOR_OTHERS, StoreFault

Answer = TypeVar("Answer")
Uncertain = Callable[[sqlite3.Connection], dict[str, int]]
"""Counts what is uncertain in a store, as `questions.uncertain_counts` does."""

BATCH_RECORDS = 5000
FETCH_WAIT_SECONDS = 0.5
ENDS_EVERY_SECONDS = 1.0
LAG_EVERY_SECONDS = 5.0
ASIDE_EVERY_SECONDS = 1.0
# At most one part in so many of the time goes into looking at what is parked and uncertain, however much it is.
ASIDE_SHARE = 50
# How soon partitions and topics that were added are noticed.
GROWN_EVERY_SECONDS = 30.0
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Progress:
    """How far the reader is. `away` is what it waits for, None while it reads.

    `parked`: records parked now, by reason; `uncertain`: what `Feed.uncertain` counted; both looked at every second,
    more seldom where that takes long. `moved_at`: when something moved last or there was nothing to read, as
    `monotonic` counts. `caught_up`: whether the ends as they were at the start are reached. `batches`: how long they
    took to judge and to keep.
    """

    tally: Tally = field(default_factory=Tally)
    reached: dict[Partition, int] = field(default_factory=dict)
    ends: dict[Partition, int] = field(default_factory=dict)
    away: Unavailable | None = None
    parked: dict[str, int] = field(default_factory=dict)
    uncertain: dict[str, int] = field(default_factory=dict)
    moved_at: float = field(default_factory=monotonic)
    caught_up: bool = False
    batches: Spread = field(default_factory=Spread)

    @property
    def waiting(self) -> str | None:
        """What is waited for, in a sentence."""
        return None if self.away is None else self.away.sentence

    @property
    def behind(self) -> int:
        """Records (with control records) between what was read and the ends as last seen."""
        return sum(max(0, end - self.reached.get(each, 0)) for each, end in self.ends.items())


@dataclass(frozen=True, slots=True)
class Feed:
    """What to read and where to keep it; beside a case topic, its owner's statements where there are any.

    `at_ends` is called whenever everything was read that there was; `uncertain` counts what is uncertain.
    `ask` gives a schema's text by the registry's number; `group` is the name under which lag is shown.
    """

    bootstrap: str
    registry: str
    ask: Ask
    store: SqliteStore
    handler: Handler
    group: str
    topics: tuple[str, ...] = CASE_TOPICS
    report: Callable[[Progress], None] = lambda progress: None
    at_ends: Callable[[SqliteStore], None] = lambda store: None
    uncertain: Uncertain = uncertain_counts


async def read_feed(
    feed: Feed,
    stop: asyncio.Event,
    *,
    until_caught_up: bool = False,
    from_start: bool = False,
    patience_seconds: float | None = None,
) -> Progress:
    """Read until `stop` is set, or with `until_caught_up` until the ends as they were at the start.

    Raises Unavailable when the store, or the topic's state, does not allow reading on, and when a broker or
    registry is away for longer than `patience_seconds` (None: wait for ever); Stalled when there is more to read and
    nothing came over two connections.
    """
    intake = _Intake(feed, from_start, patience_seconds)
    # Nothing is half done when the reading is cancelled: a batch is taken without awaiting anything.
    await until_stopped(intake.read(until_caught_up), stop)
    return intake.progress


class _Intake:
    def __init__(self, feed: Feed, from_start: bool, patience_seconds: float | None) -> None:
        self.feed = feed
        self.progress = Progress()
        self.book = SchemaBook(load(), feed.store, feed.registry, feed.ask)
        self._from_start = from_start
        self._patience = patience_seconds
        self._goal: dict[Partition, int] | None = None
        # A broker that opens and then hands out nothing is away still: only reading ends the wait.
        self._away_since: float | None = None
        self._aside_due_at = 0.0

    async def read(self, until_caught_up: bool) -> None:
        # What was parked before is known from the start, also where no broker answers.
        self._look_aside()
        while True:
            try:
                statements = [STATEMENTS[topic] for topic in self.feed.topics]
                async with Consumer(
                    self.feed.bootstrap, self.feed.topics, self.feed.group, statements
                ) as consumer:
                    positions = await resume(consumer, self.feed.store, from_start=self._from_start)
                    self._from_start = False
                    await self._follow(consumer, positions, until_caught_up)
                return
            except BrokerUnavailable as away:
                if isinstance(away, HandsOutNothing) and isinstance(self.progress.away, HandsOutNothing):
                    raise Stalled(
                        f"{away.sentence}, nor did it over the connection before: this process's client is stuck. "
                        "Nothing is lost; started again, as a supervisor does, it goes on from its positions."
                    ) from away
                self._away_since = monotonic() if self._away_since is None else self._away_since
                await self._wait(away, self._away_since)

    async def _follow(
        self, consumer: Consumer, positions: dict[Partition, int], until_caught_up: bool
    ) -> None:
        consumer.seek(positions)
        self.progress.reached = dict(positions)
        await self._see_ends(consumer)
        self._goal = self._goal or dict(self.progress.ends)
        looked = lag_shown = surveyed = monotonic()
        standstill = Standstill()
        while True:
            if self._reached(self._goal):
                self.progress.caught_up = True
                if until_caught_up:
                    self._at_ends()
                    await consumer.show_lag(positions)
                    return
            batches = await consumer.fetch(at_most=BATCH_RECORDS, wait_seconds=FETCH_WAIT_SECONDS)
            await self._take(consumer, batches, positions)
            if monotonic() - looked >= ENDS_EVERY_SECONDS or not batches:
                await self._see_ends(consumer)
                looked = monotonic()
            if monotonic() - lag_shown >= LAG_EVERY_SECONDS:
                await consumer.show_lag(positions)
                lag_shown = monotonic()
            if monotonic() - surveyed >= GROWN_EVERY_SECONDS:
                surveyed = monotonic()
                if await consumer.grown():
                    raise BrokerUnavailable(
                        f"{self.feed.bootstrap} has more partitions now; they are read too"
                    )
            if stuck := standstill.look(self.progress.reached, self.progress.ends, monotonic()):
                raise HandsOutNothing(
                    f"{self.feed.bootstrap} answers and has more, and handed out nothing of {len(stuck)} of "
                    f"{len(positions)} partitions for a while"
                )

    async def _take(
        self, consumer: Consumer, batches: dict[Partition, list[Received]], positions: dict[Partition, int]
    ) -> None:
        began = monotonic()
        judged = [
            (record, self.book.judge_at_once(record) or await self._judge(record))
            for rows in batches.values()
            for record in rows
        ]
        reached = await consumer.reached()
        moves = {
            each: Move(positions[each], after, batches[each][-1] if batches.get(each) else None)
            for each, after in reached.items()
            if after != positions[each]
        }
        if not moves:
            return
        taken = await self._written(lambda: self.feed.store.take(judged, moves, self.feed.handler))
        self.progress.tally.add(taken)
        positions.update(reached)
        self.progress.reached = dict(reached)
        self.progress.away = self._away_since = None
        self.progress.moved_at = monotonic()
        self.progress.batches.add(self.progress.moved_at - began)
        if taken.parked.keys() - self.progress.parked.keys():
            self._aside_due_at = 0.0
        self._look_aside()
        self.feed.report(self.progress)

    async def _written(self, write: Callable[[], Answer]) -> Answer:
        """What `write` answers, once another that writes the file, such as a decision on parked records, is done.

        What was refused left nothing behind. Raises StoreFault as `write` does, and when the other takes too long.
        """
        since, tries = monotonic(), 1
        while True:
            try:
                return write()
            except StoreFault as fault:
                if not fault.held_by_another or tries == WAITS_FOR_OTHERS:
                    raise
                tries += 1
                await self._wait(fault, since)

    async def _judge(self, record: Received) -> Examined:
        since = monotonic()
        while True:
            try:
                return await self.book.judge(record)
            except RegistryUnavailable as away:
                await self._wait(away, since)

    async def _see_ends(self, consumer: Consumer) -> None:
        self.progress.ends = await consumer.ends()
        ends = self.progress.ends
        await self._written(lambda: self.feed.store.see_ends(ends))
        if not self.progress.behind:
            self.progress.moved_at = monotonic()
            self.progress.away = self._away_since = None
        elif not isinstance(self.progress.away, HandsOutNothing):  # which only something handed out disproves
            self.progress.away = None
        self._look_aside()
        self.feed.report(self.progress)
        self._at_ends()

    def _at_ends(self) -> None:
        if not self.progress.behind:
            self.feed.at_ends(self.feed.store)

    def _look_aside(self) -> None:
        """Look at what is parked and uncertain, which a batch changes or a decision beside it, where that is due."""
        began = monotonic()
        if began < self._aside_due_at:
            return
        with self.feed.store.reading() as db, snapshot(db):
            self.progress.parked = parked_now(db)
            self.progress.uncertain = self.feed.uncertain(db)
        now = monotonic()
        self._aside_due_at = now + max(ASIDE_EVERY_SECONDS, ASIDE_SHARE * (now - began))

    def _reached(self, goal: dict[Partition, int]) -> bool:
        return all(self.progress.reached.get(each, 0) >= end for each, end in goal.items())

    async def _wait(self, away: Unavailable, since: float) -> None:
        if self._patience is not None and monotonic() - since > self._patience:
            raise away
        self.progress.away = away
        self._look_aside()
        self.feed.report(self.progress)
        await asyncio.sleep(RETRY_SECONDS)
