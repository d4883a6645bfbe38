"""What a replay and a relay send by: sets of whole batches, one a partition, over a connection that is replaced.

A batch that was not acknowledged in time is unknown, not failed: it may have been taken, or be taken yet. The same
ids and bytes go again, and it is harmless when both arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import ClusterAuthorizationFailedError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from casefeed.contract.framing import header_text
from casefeed.kafka import topics
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.producer import Producer, partition_of
from casefeed.kafka.records import OutgoingRecord
from casefeed.kafka.topics import TopicDescription
from casefeed.kafka.unavailable import broker_unavailable
from casefeed.publish.retry import Outage
from casefeed.publish.schema_ids import SchemaIds
from casefeed.runtime.clock import MonotonicClock, monotonic
from casefeed.runtime.errors import BrokerUnavailable, CheckFailed, RegistryUnavailable, Unacknowledged, Unavailable
from casefeed.runtime.settings import Settings

# A batch set is one batch a partition: it ends when it has this many events or a batch this many bytes.
BATCH_SET_EVENTS = 4000
BATCH_BYTES = 256 * 1024
# The sender of the batch set before works while the next is made: it gets a turn after so many events.
YIELD_EVERY_EVENTS = 100
POLL_EVERY_S = 1.0
SLOW_AFTER_S = 5.0
ACK_TIMEOUT_S = 15.0

SentPosition = tuple[int, str]
"""Where on a topic the last acknowledged event lies: (offset, event id)."""
SentPositions = Mapping[int, SentPosition]
"""The last place of each partition."""
OnAcknowledged = Callable[[int, int | None, list[OutgoingRecord]], None]
"""Hears of a batch that was acknowledged: partition, offset of its first record where the broker says, records."""


@dataclass(slots=True)
class BatchSet:
    """Records on their way, by partition; those acknowledged are taken off.

    `end_record`: the number of an archive's records up to its end.
    """

    end_record: int = 0
    event_count: int = 0
    records: dict[int, list[OutgoingRecord]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    deliveries: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    def try_add(self, partition: int, record: OutgoingRecord, limit: int = BATCH_SET_EVENTS) -> bool:
        """Take `record` in as the last of its partition; False when it must wait for the next batch set."""
        size, record_bytes = self.sizes.get(partition, 0), record.size_bytes
        if self.event_count >= limit or (size > 0 and size + record_bytes > BATCH_BYTES):
            return False
        self.records.setdefault(partition, []).append(record)
        self.sizes[partition] = size + record_bytes
        self.event_count += 1
        self.end_record += 1
        return True


async def batch_sets(
    records: Iterable[OutgoingRecord], partitions: int, *, limit: int = BATCH_SET_EVENTS, end_record: int = 0
) -> AsyncIterator[BatchSet]:
    """The records in batch sets of at most `limit` events, in order, from the archive's record `end_record` on."""
    batch_set = BatchSet(end_record)
    for record in records:
        partition = partition_of(record.key, partitions)
        while not batch_set.try_add(partition, record, limit):
            yield batch_set
            batch_set = BatchSet(batch_set.end_record)
        if batch_set.event_count % YIELD_EVERY_EVENTS == 0:
            await asyncio.sleep(0)
    if batch_set.event_count:
        yield batch_set


@dataclass(frozen=True, slots=True)
class PackedBatches:
    """A closed batch a partition, for one connection and the registry's numbers of one version."""

    batches: dict[int, Any]
    producer: Producer
    version: int


async def ensure_topic(name: str, settings: Settings, print_line: Callable[[str], None]) -> TopicDescription:
    """The topic, made where it does not exist, and found to keep what is put on it; raises as `topics.check` does."""
    bootstrap, partitions = settings.kafka_bootstrap, settings.topic_partitions
    try:
        return await topics.check(bootstrap, name, partitions=partitions)
    except topics.TopicNotFound:
        if await topics.create(bootstrap, [name], partitions=partitions, replication=settings.topic_replication):
            print_line(f"Made the topic {name} with {partitions} partitions.")
        return await topics.check(bootstrap, name, partitions=partitions)


async def find_missing(bootstrap: str, topic: str, positions: SentPositions) -> int | None:
    """A partition that does not hold what was acknowledged at its place: the topic was wiped or made anew.

    None where all do; what a partition has let go by its age was there. Raises BrokerUnavailable when the topic
    cannot be asked.
    """
    if not positions:
        return None
    async with Consumer(bootstrap, [topic], group=None) as consumer:
        beginnings = await consumer.beginning_offsets()
        for number, (offset, event_id) in positions.items():
            partition = (topic, number)
            if partition not in beginnings:
                return number
            if offset < beginnings[partition]:
                continue
            record = await consumer.record_at(partition, offset)
            if record is None or (header_text(record.headers, "ce_id") or "") != event_id:
                return number
    return None


@dataclass(eq=False)
class TopicSender:
    """The connection over which batch sets go to one topic, one at a time; a new one is made after any failure.

    It never leads to another cluster than it began with, nor to a topic that was made anew meanwhile: at each new
    connection the last events acknowledged, `positions` at first, must lie where they were put; with None it may be.
    The registry's numbers are learnt anew with each connection. `topic` was described just now: the first connection
    does not ask for it once more.
    """

    bootstrap: str
    topic: TopicDescription
    schema_ids: SchemaIds
    positions: SentPositions | None
    outage: Outage
    clock: MonotonicClock = monotonic

    def __post_init__(self) -> None:
        self._fresh_topic: TopicDescription | None = self.topic
        self._positions: dict[int, SentPosition] | None = None if self.positions is None else {**self.positions}
        self._producer: Producer | None = None

    async def connect(self) -> Producer:
        """Be connected, by this producer.

        Raises BrokerUnavailable or RegistryUnavailable; CheckFailed where another cluster answers or the topic was
        made anew.
        """
        if self._producer is None:
            self._producer = await self._open_producer()
        return self._producer

    def pack(self, batch_set: BatchSet) -> PackedBatches | None:
        """The set's batches, made ready while the set before is in flight; None when there is no connection."""
        if self._producer is None:
            return None
        batches = self._producer.pack(batch_set.records, self.schema_ids.id_of)
        return PackedBatches(batches, self._producer, self.schema_ids.version)

    async def submit(self, batch_set: BatchSet, packed: PackedBatches | None = None) -> None:
        """Hand the batches over; raises as `connect` does, and then nothing of them is waited for any more."""
        try:
            producer = await self.connect()
            if packed is not None and (packed.producer, packed.version) == (producer, self.schema_ids.version):
                batches = packed.batches
            else:
                batches = producer.pack(batch_set.records, self.schema_ids.id_of)
            batch_set.deliveries = await producer.send(batches)
        except (BrokerUnavailable, RegistryUnavailable):
            await self.close()
            raise

    async def wait_acknowledged(self, batch_set: BatchSet, on_acknowledged: OnAcknowledged) -> None:
        """Return when every batch that was handed over is acknowledged by all in-sync replicas.

        Raises BrokerUnavailable when one failed or is unknown: the connection is closed, the batch set holds the
        rest; CheckFailed when the topic was made anew under the connection.
        """
        sent_at = self.clock()
        while batch_set.records:
            futures = [batch_set.deliveries[partition] for partition in batch_set.records]
            done, _ = await asyncio.wait(futures, timeout=POLL_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            failed = [error for each in done if (error := each.exception()) is not None]
            for partition, delivery in [(each, batch_set.deliveries[each]) for each in batch_set.records]:
                if not delivery.done() or delivery.exception() is not None:
                    continue
                offset = delivery.result().offset
                self._keep_position(partition, offset, batch_set.records[partition])
                # A broker that took the batch before, and has forgotten where, says -1.
                on_acknowledged(partition, offset if offset >= 0 else None, batch_set.records.pop(partition))
            waited_s = self.clock() - sent_at
            if failed or (not done and waited_s > ACK_TIMEOUT_S):
                await self.close()
                raise self._batch_error(failed[0]) if failed else self._unacknowledged()
            if done:
                self.outage.recovered()
            elif waited_s > SLOW_AFTER_S:
                self.outage.failed(self._unacknowledged())

    async def close(self) -> None:
        """Let go of the connection."""
        if self._producer is not None:
            await self._producer.close()
            self._producer = None

    async def _open_producer(self) -> Producer:
        topic = self._fresh_topic or await topics.describe(self.bootstrap, self.topic.name)
        self._fresh_topic = None
        if topic.cluster_id != self.topic.cluster_id:
            raise CheckFailed(
                f"Another Kafka cluster answers at {self.bootstrap} than when this began; "
                "start it again, and it sends there what that cluster does not have."
            )
        if topic.partitions != self.topic.partitions:
            raise self._recreated_error()
        missing = await find_missing(self.bootstrap, topic.name, self._positions or {})
        if missing is not None:
            raise self._recreated_error(missing)
        await self.schema_ids.register_all()
        return await Producer(self.bootstrap, topic.name).open()

    def _unacknowledged(self) -> Unacknowledged:
        return Unacknowledged(
            f"The Kafka broker at {self.bootstrap} has not acknowledged what it was given for {self.topic.name}; "
            "see that enough of its replicas run."
        )

    def _keep_position(self, partition: int, offset: int, records: list[OutgoingRecord]) -> None:
        if self._positions is None or offset < 0:
            return
        # A topic that is made anew under a connection takes the next batch as if nothing were, from offset 0.
        if partition in self._positions and offset <= self._positions[partition][0]:
            raise self._recreated_error(partition)
        self._positions[partition] = offset + len(records) - 1, records[-1].event_id

    def _recreated_error(self, partition: int | None = None) -> CheckFailed:
        where = self.topic.name if partition is None else f"{self.topic.name}/{partition}"
        return CheckFailed(
            f"{where} at {self.bootstrap} does not hold what was acknowledged there: the topic was wiped or made "
            "anew, and what went to it before is gone; start again with --from-start, which sends everything (what "
            "comes twice is harmless)."
        )

    def _batch_error(self, error: BaseException) -> BrokerUnavailable:
        """What a failed batch is waited for; raises when waiting does not help."""
        if isinstance(error, TopicAuthorizationFailedError | ClusterAuthorizationFailedError):
            raise Unavailable(
                f"{self.bootstrap} does not let this agency write to {self.topic.name}; "
                "ask who runs it for the right to."
            ) from error
        if isinstance(error, MessageSizeTooLargeError):
            raise CheckFailed(
                f"{self.bootstrap} takes no batch of this size on {self.topic.name}; "
                "set the topic's max.message.bytes to 1 MiB or more."
            ) from error
        return broker_unavailable(self.bootstrap, type(error).__name__)
