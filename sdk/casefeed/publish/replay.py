"""An archive goes to its topic in batches: at least once, in order per child, resumable, refused at a bad record.

Loss could happen here only if progress ran ahead of acknowledgement: it is saved after every batch of a batch set
has been acknowledged by all in-sync replicas, and never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from casefeed.kafka.records import OutgoingRecord
from casefeed.kafka.registry import SchemaRegistry
from casefeed.publish.checkpoint import ReplayCheckpoint, checkpoint_path, file_sha256, load_checkpoint
from casefeed.publish.desk import Desk
from casefeed.publish.import_archive import import_archive
from casefeed.publish.publisher import Publisher
from casefeed.publish.retry import Outage
from casefeed.publish.schema_ids import SchemaIds
from casefeed.publish.sender import BATCH_SET_EVENTS, BatchSet, PackedBatches, TopicSender, batch_sets, ensure_topic
from casefeed.runtime.clock import MonotonicClock, monotonic
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.runtime.settings import Settings

# What a rate missed for longer than this is not made good: a burst is what a rate is there to prevent.
MAX_CATCH_UP_S = 1.0


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to replay and how.

    `rate`: events a second (None: as fast as it goes). `wait_s`: the patience with each outage. `desk`: the file of
    the desk that takes the archive in before any of it is sent; None for a mere copy. `report` hears the events
    so far and the bytes of the file read, `print_line` a line for people.
    """

    path: Path
    rate: float | None = None
    wait_s: float = 60.0
    from_start: bool = False
    as_is: bool = False
    desk: Path | None = None
    report: Callable[[int, int], None] = lambda events, read_bytes: None
    print_line: Callable[[str], None] = lambda line: None


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay did: events sent now, events found sent before, seconds it took."""

    events: int
    already_sent: int
    seconds: float


async def replay(
    publisher: Publisher, options: ReplayOptions, settings: Settings, clock: MonotonicClock = monotonic
) -> ReplayResult:
    """Send the archive at `options.path` to the publisher's topic, going on where an earlier replay stopped.

    Raises CheckFailed at a record that may not go out, at numbers that contradict the desk's, or at a topic that
    would not keep it, Unavailable when broker, registry or the desk's file is away for longer than `options.wait_s`,
    UsageError when the archive cannot be read.
    """
    outage = Outage(options.wait_s, clock=clock)
    digest = file_sha256(options.path)
    # An archive that is none, or another agency's, is refused before anything is asked of Kafka.
    with options.path.open("rb") as source:
        next(publisher.outgoing(source, options.path, as_is=options.as_is), None)
    checkpoint_file = checkpoint_path(settings.home, digest, publisher.topic)
    if options.desk is not None:
        desk, sent_before = options.desk, checkpoint_file.exists()
        await outage.retry(lambda: _import_archive(publisher, options, desk, digest, sent_before))
    started_at = clock()
    topic = await outage.retry(lambda: ensure_topic(publisher.topic, settings, options.print_line))
    checkpoint = ReplayCheckpoint(digest, topic.cluster_id, topic.name, topic.partitions)
    if not options.from_start:
        checkpoint = await outage.retry(
            lambda: load_checkpoint(checkpoint_file, digest, topic, settings.kafka_bootstrap)
        )
    already_sent = checkpoint.records
    async with SchemaRegistry(settings.registry_url) as registry:
        schema_ids = SchemaIds(registry, [publisher.topic], clock)
        sender = TopicSender(settings.kafka_bootstrap, topic, schema_ids, checkpoint.last_positions, outage, clock)
        replay_sender = _ReplaySender(sender, checkpoint, checkpoint_file, outage)
        rate_limiter = RateLimiter(options.rate, clock)
        limit = BATCH_SET_EVENTS if options.rate is None else max(1, min(BATCH_SET_EVENTS, int(options.rate / 2)))
        try:
            await outage.retry(sender.connect)
            with options.path.open("rb") as source:
                outgoing = publisher.outgoing(source, options.path, skip=already_sent, as_is=options.as_is)
                async for batch_set in batch_sets(outgoing, topic.partitions, limit=limit, end_record=already_sent):
                    schema_ids.refresh()
                    await replay_sender.send(batch_set)
                    options.report(batch_set.end_record, source.tell())
                    await asyncio.sleep(rate_limiter.delay_after(batch_set.event_count))
            await replay_sender.flush()
        finally:
            await sender.close()
            await schema_ids.close()
    return ReplayResult(checkpoint.records - already_sent, already_sent, clock() - started_at)


async def _import_archive(
    publisher: Publisher, options: ReplayOptions, path: Path, digest: str, sent_before: bool
) -> None:
    """Let the desk take the archive in.

    `sent_before`: it went out when this desk did not know it. A desk that is lost may have gone on with it since, so
    its source is not adopted.
    """
    with Desk(path, publisher) as desk:
        imported = import_archive(
            desk, options.path, bytes.fromhex(digest), adopt_source=not sent_before, report=options.report
        )
    for name in imported.adopted_sources:
        options.print_line(
            f"What {publisher.agency}'s desk records from now on goes on under {name}, the archive's source."
        )


class RateLimiter:
    """Tells how long to wait after each part of a stream, so that it keeps to `rate` events a second (None: any).

    So many events a second, and no more after an outage than before it.
    """

    def __init__(self, rate: float | None, clock: MonotonicClock) -> None:
        self._rate = rate
        self._clock = clock
        self._next_at = clock()

    def delay_after(self, events: int) -> float:
        """Seconds to wait now that so many more were sent."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._next_at = max(self._next_at, now - MAX_CATCH_UP_S) + events / self._rate
        return max(0.0, self._next_at - now)


@dataclass(eq=False)
class _ReplaySender:
    """Has at most one batch set in flight, that is one batch a partition; remembers what was acknowledged."""

    sender: TopicSender
    checkpoint: ReplayCheckpoint
    checkpoint_path: Path
    outage: Outage
    pending: BatchSet | None = None

    async def send(self, batch_set: BatchSet) -> None:
        """Send `batch_set` once the one before it is acknowledged."""
        packed = self.sender.pack(batch_set)
        await self.flush()
        await self._submit(batch_set, packed)
        self.pending = batch_set

    async def flush(self) -> None:
        """Return when all that was sent is acknowledged and remembered."""
        batch_set = self.pending
        if batch_set is None:
            return
        while batch_set.records:
            try:
                await self.sender.wait_acknowledged(batch_set, self._keep_position)
            except BrokerUnavailable as error:
                await self.outage.wait(error)
                await self._submit(batch_set)
        self.pending = None
        self.checkpoint.records = batch_set.end_record
        self.checkpoint.save(self.checkpoint_path)

    async def _submit(self, batch_set: BatchSet, packed: PackedBatches | None = None) -> None:
        while True:
            try:
                await self.sender.submit(batch_set, packed)
            except (BrokerUnavailable, RegistryUnavailable) as error:
                await self.outage.wait(error)
                packed = None
            else:
                return

    def _keep_position(self, partition: int, offset: int | None, records: list[OutgoingRecord]) -> None:
        # Where the broker does not say at which offset, what was known stays good.
        if offset is not None:
            self.checkpoint.last[str(partition)] = (offset + len(records) - 1, records[-1].event_id)
