"""An archive goes to its topic in batches: at least once, in order per child, resumable, refused at a bad record.

Loss could happen here only if progress ran ahead of acknowledgement: it is saved after every batch of a chunk
has been acknowledged by all in-sync replicas, and never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from casefeed.contract import catalogue
from casefeed.publish.patience import RETRY_EVERY_S, Patience
from casefeed.publish.progress import Progress, digest_of, place, resumed
from casefeed.publish.publisher import Publisher
from casefeed.wire import topics
from casefeed.wire.clock import Ticks, monotonic
from casefeed.wire.errors import AnswerIsNo, BrokerUnavailable, Unavailable
from casefeed.wire.producer import Outgoing, Producer, partition_of
from casefeed.wire.registry import Registry
from casefeed.wire.settings import Settings
from casefeed.wire.topics import Topic

# A chunk is one batch a partition: it ends when it has this many events or a batch this many bytes.
CHUNK_EVENTS = 4000
BATCH_BYTES = 256 * 1024
# The sender of the chunk before works while this one is read: it gets a turn after so many events.
TURN_EVENTS = 100
LOOK_EVERY_S = 1.0
SLOW_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay and how.

    `rate`: events a second (None: as fast as it goes). `wait_s`: the patience with each outage. `report` hears
    the events so far and the bytes of the file read, `say` a line for people.
    """

    path: Path
    rate: float | None = None
    wait_s: float = 60.0
    from_start: bool = False
    as_is: bool = False
    report: Callable[[int, int], None] = lambda events, read_bytes: None
    say: Callable[[str], None] = lambda line: None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: events sent now, events found sent before, seconds it took."""

    events: int
    before: int
    seconds: float


@dataclass(slots=True)
class _Chunk:
    """Records on their way, by partition; those acknowledged are taken off.

    `upto`: the number of the archive's records up to its end; `read_bytes`: how much of the file that is.
    """

    upto: int
    read_bytes: int = 0
    events: int = 0
    records: dict[int, list[Outgoing]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    sent: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    def is_full(self, partition: int, record: Outgoing, limit: int) -> bool:
        """Whether `record` must wait for the next chunk."""
        size = self.sizes.get(partition, 0)
        return self.events >= limit or (size > 0 and size + record.size_bytes > BATCH_BYTES)

    def add(self, partition: int, record: Outgoing) -> None:
        self.records.setdefault(partition, []).append(record)
        self.sizes[partition] = self.sizes.get(partition, 0) + record.size_bytes
        self.events += 1
        self.upto += 1


async def replay(publisher: Publisher, plan: Plan, settings: Settings, ticks: Ticks = monotonic) -> Replayed:
    """Send the archive at `plan.path` to the publisher's topic, going on where an earlier replay stopped.

    Raises AnswerIsNo at a record that may not go out or a topic that would not keep it, Unavailable when
    broker or registry is away for longer than `plan.wait_s`, WrongUse when the file cannot be read.
    """
    started = ticks()
    patience = Patience(plan.wait_s, ticks=ticks)
    digest = digest_of(plan.path)
    _refuse_at_once(publisher, plan)
    topic = await patience.outlast(lambda: _topic(publisher.topic, settings, plan.say))
    async with Registry(settings.registry_url) as registry:
        schema_ids = await patience.outlast(
            lambda: registry.ensure_registered(catalogue.load(), publisher.topic)
        )
    kept = place(settings.home, digest, topic.name)
    progress = Progress(digest, topic.cluster_id, topic.name, topic.partitions)
    if not plan.from_start:
        progress = await patience.outlast(lambda: resumed(kept, digest, topic, settings.kafka_bootstrap))
    before = progress.records
    sender = _Sender(settings.kafka_bootstrap, progress, kept, patience, ticks)
    try:
        async for chunk in _chunks(publisher, plan, schema_ids, progress):
            await sender.send(chunk)
            plan.report(chunk.upto, chunk.read_bytes)
            if plan.rate:
                ahead_s = (chunk.upto - before) / plan.rate - (ticks() - started)
                await asyncio.sleep(max(0.0, ahead_s))
        await sender.settle()
    finally:
        await sender.close()
    return Replayed(progress.records - before, before, ticks() - started)


def _refuse_at_once(publisher: Publisher, plan: Plan) -> None:
    """An archive that is none, or another agency's, is refused before anything is asked of Kafka."""
    schema_ids = dict.fromkeys(catalogue.load().types, 0)
    with plan.path.open("rb") as source:
        next(publisher.outgoing(source, plan.path, schema_ids, as_is=plan.as_is), None)


async def _topic(name: str, settings: Settings, say: Callable[[str], None]) -> Topic:
    made = await topics.create(
        settings.kafka_bootstrap,
        [name],
        partitions=settings.topic_partitions,
        replication=settings.topic_replication,
    )
    if made:
        say(f"Made the topic {name} with {settings.topic_partitions} partitions.")
    return await topics.check(settings.kafka_bootstrap, name, partitions=settings.topic_partitions)


async def _chunks(
    publisher: Publisher, plan: Plan, schema_ids: Mapping[str, int], progress: Progress
) -> AsyncIterator[_Chunk]:
    limit = CHUNK_EVENTS if plan.rate is None else max(1, min(CHUNK_EVENTS, int(plan.rate / 2)))
    chunk = _Chunk(progress.records)
    with plan.path.open("rb") as source:
        outgoing = publisher.outgoing(source, plan.path, schema_ids, skip=progress.records, as_is=plan.as_is)
        for record in outgoing:
            partition = partition_of(record.key, progress.partitions)
            if chunk.is_full(partition, record, limit):
                chunk.read_bytes = source.tell()
                yield chunk
                chunk = _Chunk(chunk.upto)
            chunk.add(partition, record)
            if chunk.events % TURN_EVENTS == 0:
                await asyncio.sleep(0)
        if chunk.events:
            chunk.read_bytes = source.tell()
            yield chunk


class _Sender:
    """Has at most one chunk in flight, that is one batch a partition; remembers what was acknowledged."""

    def __init__(
        self, bootstrap: str, progress: Progress, kept: Path, patience: Patience, ticks: Ticks
    ) -> None:
        self._bootstrap = bootstrap
        self._progress = progress
        self._kept = kept
        self._patience = patience
        self._ticks = ticks
        self._producer: Producer | None = None
        self._pending: _Chunk | None = None

    async def send(self, chunk: _Chunk) -> None:
        """Send `chunk` once the one before it is acknowledged."""
        packed = self._producer.pack(chunk.records) if self._producer else None
        await self.settle()
        await self._submit(chunk, packed)
        self._pending = chunk

    async def settle(self) -> None:
        """Return when all that was sent is acknowledged and remembered."""
        chunk = self._pending
        if chunk is None:
            return
        while chunk.records:
            try:
                await self._acknowledged(chunk)
            except KafkaError as error:
                await self._start_over(_cause(self._bootstrap, self._progress.topic, error))
                await self._submit(chunk)
        self._pending = None
        self._progress.records = chunk.upto
        self._progress.save(self._kept)

    async def close(self) -> None:
        """Let go of the producer."""
        if self._producer is not None:
            await self._producer.close()
            self._producer = None

    async def _submit(self, chunk: _Chunk, packed: dict[int, Any] | None = None) -> None:
        while True:
            try:
                if self._producer is None:
                    self._producer = await self._connected()
                chunk.sent = await self._producer.send(packed or self._producer.pack(chunk.records))
            except BrokerUnavailable as error:
                await self._start_over(error)
                packed = None
            else:
                return

    async def _acknowledged(self, chunk: _Chunk) -> None:
        sent_at = self._ticks()
        while chunk.records:
            waiting = [chunk.sent[partition] for partition in chunk.records]
            done, _ = await asyncio.wait(waiting, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            failed = [error for each in done if (error := each.exception()) is not None]
            for partition in [each for each in chunk.records if _is_taken(chunk.sent[each])]:
                self._remember(partition, chunk.sent[partition].result().offset, chunk.records.pop(partition))
            if failed:
                raise failed[0]
            if done:
                self._patience.back()
            elif self._ticks() - sent_at > SLOW_AFTER_S:
                self._patience.away(topics.broker_unavailable(self._bootstrap, TimeoutError()))

    def _remember(self, partition: int, offset: int, records: list[Outgoing]) -> None:
        # A broker that took the batch before, and has forgotten where, says -1: what was known stays good.
        if offset >= 0:
            self._progress.last[str(partition)] = (offset + len(records) - 1, records[-1].event_id)

    async def _start_over(self, error: Unavailable) -> None:
        self._patience.away(error)
        await self.close()
        await asyncio.sleep(RETRY_EVERY_S)

    async def _connected(self) -> Producer:
        topic = await topics.describe(self._bootstrap, self._progress.topic)
        if topic.cluster_id != self._progress.cluster_id:
            raise AnswerIsNo(
                f"Another Kafka cluster answers at {self._bootstrap} than when this replay began; "
                "start the replay again, it begins at the archive's first record there."
            )
        return await Producer(self._bootstrap, topic.name).open()


def _is_taken(answer: asyncio.Future[Any]) -> bool:
    return answer.done() and answer.exception() is None


def _cause(bootstrap: str, topic: str, error: KafkaError) -> BrokerUnavailable:
    """What a failed batch is waited for; raises when waiting does not help."""
    if isinstance(error, TopicAuthorizationFailedError | ClusterAuthorizationFailedError):
        raise Unavailable(
            f"{bootstrap} does not let this agency write to {topic}; ask who runs it for the right to."
        ) from error
    if isinstance(error, MessageSizeTooLargeError):
        raise AnswerIsNo(
            f"{bootstrap} takes no batch of this size on {topic}; set the topic's max.message.bytes to 1 MiB or more."
        ) from error
    return topics.broker_unavailable(bootstrap, error)
