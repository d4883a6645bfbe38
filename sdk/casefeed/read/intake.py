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

from casefeed.contract.catalogue import CASE_TOPICS, STATEMENT_TOPICS, load_catalogue
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.read.classify import Classified
from casefeed.read.positions import parked_by_reason
from casefeed.read.queries import snapshot, uncertain_counts
from casefeed.read.resume import resume
from casefeed.read.schema_cache import SchemaCache, SchemaFetcher
from casefeed.read.stall import BrokerStalled, StallDetector
from casefeed.read.store import Handler, PositionUpdate, RecordCounts, SqliteStore
from casefeed.runtime.clock import monotonic
from casefeed.runtime.errors import BrokerUnavailable, ClientStalled, RegistryUnavailable, Unavailable
from casefeed.runtime.metrics import Durations
from casefeed.runtime.signals import run_until_stopped
from casefeed.store import BUSY_RETRIES, StoreError

_T = TypeVar("_T")
UncertainCounter = Callable[[sqlite3.Connection], dict[str, int]]
"""Counts what is uncertain in a store, as `queries.uncertain_counts` does."""

BATCH_RECORDS = 5000
FETCH_WAIT_SECONDS = 0.5
END_OFFSETS_EVERY_SECONDS = 1.0
LAG_COMMIT_EVERY_SECONDS = 5.0
UNCERTAIN_EVERY_SECONDS = 1.0
# At most one part in so many of the time goes into looking at what is parked and uncertain, however much it is.
UNCERTAIN_TIME_SHARE = 50
# How soon partitions and topics that were added are noticed.
METADATA_EVERY_SECONDS = 30.0
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class ReaderProgress:
    """How far the reader is. `unavailable` is what it waits for, None while it reads.

    `parked`: records parked now, by reason; `uncertain`: what `IntakeConfig.count_uncertain` counted; both looked at
    every second, more seldom where that takes long. `progressed_at`: when something moved last or there was nothing
    to read, as `monotonic` counts. `caught_up`: whether the ends as they were at the start are reached.
    `batch_durations`: how long they took to judge and to keep.
    """

    counts: RecordCounts = field(default_factory=RecordCounts)
    positions: dict[Partition, int] = field(default_factory=dict)
    end_offsets: dict[Partition, int] = field(default_factory=dict)
    unavailable: Unavailable | None = None
    parked: dict[str, int] = field(default_factory=dict)
    uncertain: dict[str, int] = field(default_factory=dict)
    progressed_at: float = field(default_factory=monotonic)
    caught_up: bool = False
    batch_durations: Durations = field(default_factory=Durations)

    @property
    def unavailable_message(self) -> str | None:
        """What is waited for, in a sentence."""
        return None if self.unavailable is None else self.unavailable.message

    @property
    def lag(self) -> int:
        """Records (with control records) between what was read and the ends as last seen."""
        return sum(max(0, end - self.positions.get(each, 0)) for each, end in self.end_offsets.items())


@dataclass(frozen=True, slots=True)
class IntakeConfig:
    """What to read and where to keep it; beside a case topic, its owner's statements where there are any.

    `on_caught_up` is called whenever everything was read that there was; `count_uncertain` counts what is uncertain.
    `fetch_schema` gives a schema's text by the registry's number; `group` is the name under which lag is shown.
    """

    bootstrap: str
    registry_url: str
    fetch_schema: SchemaFetcher
    store: SqliteStore
    handler: Handler
    group: str
    topics: tuple[str, ...] = CASE_TOPICS
    on_progress: Callable[[ReaderProgress], None] = lambda progress: None
    on_caught_up: Callable[[SqliteStore], None] = lambda store: None
    count_uncertain: UncertainCounter = uncertain_counts


async def run_intake(
    config: IntakeConfig,
    stop: asyncio.Event,
    *,
    until_caught_up: bool = False,
    from_start: bool = False,
    outage_timeout_seconds: float | None = None,
) -> ReaderProgress:
    """Read until `stop` is set, or with `until_caught_up` until the ends as they were at the start.

    Raises Unavailable when the store, or the topic's state, does not allow reading on, and when a broker or
    registry is away for longer than `outage_timeout_seconds` (None: wait for ever); ClientStalled when there is more
    to read and nothing came over two connections.
    """
    intake = _Intake(config, from_start, outage_timeout_seconds)
    # Nothing is half done when the reading is cancelled: a batch is taken without awaiting anything.
    await run_until_stopped(intake.run(until_caught_up), stop)
    return intake.progress


class _Intake:
    def __init__(self, config: IntakeConfig, from_start: bool, outage_timeout_seconds: float | None) -> None:
        self.config = config
        self.progress = ReaderProgress()
        self.schema_cache = SchemaCache(load_catalogue(), config.store, config.registry_url, config.fetch_schema)
        self._from_start = from_start
        self._outage_timeout_seconds = outage_timeout_seconds
        self._target_offsets: dict[Partition, int] | None = None
        # A broker that opens and then hands out nothing is away still: only reading ends the wait.
        self._unavailable_since: float | None = None
        self._uncertain_due_at = 0.0

    async def run(self, until_caught_up: bool) -> None:
        # What was parked before is known from the start, also where no broker answers.
        self._refresh_uncertain()
        while True:
            try:
                config, statements = self.config, [STATEMENT_TOPICS[topic] for topic in self.config.topics]
                async with Consumer(config.bootstrap, config.topics, config.group, statements) as consumer:
                    positions = await resume(consumer, config.store, from_start=self._from_start)
                    self._from_start = False
                    await self._poll(consumer, positions, until_caught_up)
                return
            except BrokerUnavailable as error:
                if isinstance(error, BrokerStalled) and isinstance(self.progress.unavailable, BrokerStalled):
                    raise ClientStalled(
                        f"{error.message}, nor did it over the connection before: this process's client is stuck. "
                        "Nothing is lost; started again, as a supervisor does, it goes on from its positions."
                    ) from error
                self._unavailable_since = monotonic() if self._unavailable_since is None else self._unavailable_since
                await self._wait_and_retry(error, self._unavailable_since)

    async def _poll(self, consumer: Consumer, positions: dict[Partition, int], until_caught_up: bool) -> None:
        consumer.seek(positions)
        self.progress.positions = dict(positions)
        await self._refresh_end_offsets(consumer)
        self._target_offsets = self._target_offsets or dict(self.progress.end_offsets)
        end_offsets_at = committed_at = metadata_at = monotonic()
        stall_detector = StallDetector()
        while True:
            if all(self.progress.positions.get(each, 0) >= end for each, end in self._target_offsets.items()):
                self.progress.caught_up = True
                if until_caught_up:
                    self._notify_caught_up()
                    await consumer.commit_positions(positions)
                    return
            batches = await consumer.fetch(max_records=BATCH_RECORDS, timeout_seconds=FETCH_WAIT_SECONDS)
            await self._process_batches(consumer, batches, positions)
            if monotonic() - end_offsets_at >= END_OFFSETS_EVERY_SECONDS or not batches:
                await self._refresh_end_offsets(consumer)
                end_offsets_at = monotonic()
            if monotonic() - committed_at >= LAG_COMMIT_EVERY_SECONDS:
                await consumer.commit_positions(positions)
                committed_at = monotonic()
            if monotonic() - metadata_at >= METADATA_EVERY_SECONDS:
                metadata_at = monotonic()
                if await consumer.has_new_partitions():
                    raise BrokerUnavailable(f"{self.config.bootstrap} has more partitions now; they are read too")
            progress = self.progress
            if stalled := stall_detector.stalled_partitions(progress.positions, progress.end_offsets, monotonic()):
                raise BrokerStalled(
                    f"{self.config.bootstrap} answers and has more, and handed out nothing of {len(stalled)} of "
                    f"{len(positions)} partitions for a while"
                )

    async def _process_batches(
        self, consumer: Consumer, batches: dict[Partition, list[ReceivedRecord]], positions: dict[Partition, int]
    ) -> None:
        began = monotonic()
        classified = [
            (record, self.schema_cache.classify_cached(record) or await self._classify(record))
            for rows in batches.values()
            for record in rows
        ]
        new_positions = await consumer.positions()
        updates = {
            each: PositionUpdate(positions[each], to_offset, batches[each][-1] if batches.get(each) else None)
            for each, to_offset in new_positions.items()
            if to_offset != positions[each]
        }
        if not updates:
            return
        counts = await self._write_with_retries(
            lambda: self.config.store.commit_batch(classified, updates, self.config.handler)
        )
        self.progress.counts.add(counts)
        positions.update(new_positions)
        self.progress.positions = dict(new_positions)
        self.progress.unavailable = self._unavailable_since = None
        self.progress.progressed_at = monotonic()
        self.progress.batch_durations.observe(self.progress.progressed_at - began)
        if counts.parked.keys() - self.progress.parked.keys():
            self._uncertain_due_at = 0.0
        self._refresh_uncertain()
        self.config.on_progress(self.progress)

    async def _write_with_retries(self, write: Callable[[], _T]) -> _T:
        """What `write` answers, once another that writes the file, such as a decision on parked records, is done.

        What was refused left nothing behind. Raises StoreError as `write` does, and when the other takes too long.
        """
        since, attempts = monotonic(), 1
        while True:
            try:
                return write()
            except StoreError as error:
                if not error.is_locked or attempts == BUSY_RETRIES:
                    raise
                attempts += 1
                await self._wait_and_retry(error, since)

    async def _classify(self, record: ReceivedRecord) -> Classified:
        since = monotonic()
        while True:
            try:
                return await self.schema_cache.classify(record)
            except RegistryUnavailable as error:
                await self._wait_and_retry(error, since)

    async def _refresh_end_offsets(self, consumer: Consumer) -> None:
        self.progress.end_offsets = await consumer.end_offsets()
        ends = self.progress.end_offsets
        await self._write_with_retries(lambda: self.config.store.record_end_offsets(ends))
        if not self.progress.lag:
            self.progress.progressed_at = monotonic()
            self.progress.unavailable = self._unavailable_since = None
        elif not isinstance(self.progress.unavailable, BrokerStalled):  # which only something handed out disproves
            self.progress.unavailable = None
        self._refresh_uncertain()
        self.config.on_progress(self.progress)
        self._notify_caught_up()

    def _notify_caught_up(self) -> None:
        if not self.progress.lag:
            self.config.on_caught_up(self.config.store)

    def _refresh_uncertain(self) -> None:
        """Look at what is parked and uncertain, which a batch changes or a decision beside it, where that is due."""
        began = monotonic()
        if began < self._uncertain_due_at:
            return
        with self.config.store.reading() as db, snapshot(db):
            self.progress.parked = parked_by_reason(db)
            self.progress.uncertain = self.config.count_uncertain(db)
        now = monotonic()
        self._uncertain_due_at = now + max(UNCERTAIN_EVERY_SECONDS, UNCERTAIN_TIME_SHARE * (now - began))

    async def _wait_and_retry(self, error: Unavailable, since: float) -> None:
        if self._outage_timeout_seconds is not None and monotonic() - since > self._outage_timeout_seconds:
            raise error
        self.progress.unavailable = error
        self._refresh_uncertain()
        self.config.on_progress(self.progress)
        await asyncio.sleep(RETRY_SECONDS)
