"""What a replay and a relay send by: chunks of whole batches, one a partition, over a connection that is replaced.

A batch that was not acknowledged in time is unknown, not failed: it may have been taken, or be taken yet. The same
ids and bytes go again, and it is harmless when both arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from casefeed.kafka import topics
from casefeed.kafka.producer import Outgoing, Producer
from casefeed.kafka.topics import Topic
from casefeed.publish.retry import Patience
from casefeed.publish.schema_ids import Numbers
from casefeed.publish.sent_check import Place, Places, astray
from casefeed.runtime.clock import Ticks, monotonic
from casefeed.runtime.errors import (
    AnswerIsNo,
    BrokerUnavailable,
    RegistryUnavailable,
    Unacknowledged,
    Unavailable,
)
from casefeed.runtime.settings import Settings

# A chunk is one batch a partition: it ends when it has this many events or a batch this many bytes.
CHUNK_EVENTS = 4000
BATCH_BYTES = 256 * 1024
LOOK_EVERY_S = 1.0
SLOW_AFTER_S = 5.0
UNKNOWN_AFTER_S = 15.0

Taken = Callable[[int, int | None, list[Outgoing]], None]
"""Hears of a batch that was acknowledged: partition, offset of its first record where the broker says, records."""


@dataclass(slots=True)
class Chunk:
    """Records on their way, by partition; those acknowledged are taken off.

    `upto`: the number of an archive's records up to its end; `read_bytes`: how much of the file that is.
    """

    upto: int = 0
    read_bytes: int = 0
    events: int = 0
    records: dict[int, list[Outgoing]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    sent: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    def takes(self, partition: int, record: Outgoing, limit: int = CHUNK_EVENTS) -> bool:
        """Take `record` in as the last of its partition; False when it must wait for the next chunk."""
        size, record_bytes = self.sizes.get(partition, 0), record.size_bytes
        if self.events >= limit or (size > 0 and size + record_bytes > BATCH_BYTES):
            return False
        self.records.setdefault(partition, []).append(record)
        self.sizes[partition] = size + record_bytes
        self.events += 1
        self.upto += 1
        return True


@dataclass(frozen=True, slots=True)
class Packed:
    """A closed batch a partition, for one connection and the registry's numbers of one version."""

    batches: dict[int, Any]
    producer: Producer
    version: int


async def ensured(name: str, settings: Settings, say: Callable[[str], None]) -> Topic:
    """The topic, made where it does not exist, and found to keep what is put on it; raises as `topics.check` does."""
    try:
        return await topics.check(settings.kafka_bootstrap, name, partitions=settings.topic_partitions)
    except topics.TopicMissing:
        return await _made(name, settings, say)


async def _made(name: str, settings: Settings, say: Callable[[str], None]) -> Topic:
    made = await topics.create(
        settings.kafka_bootstrap,
        [name],
        partitions=settings.topic_partitions,
        replication=settings.topic_replication,
    )
    if made:
        say(f"Made the topic {name} with {settings.topic_partitions} partitions.")
    return await topics.check(settings.kafka_bootstrap, name, partitions=settings.topic_partitions)


class Line:
    """The connection over which chunks go to one topic, one at a time; a new one is made after any failure.

    It never leads to another cluster than it began with, nor to a topic that was made anew meanwhile: at each new
    connection the last events acknowledged, `places` at first, must lie where they were put; with None it may be. The
    registry's numbers are learnt anew with each connection. `topic` was described just now: the first connection does
    not ask for it once more.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: Topic,
        numbers: Numbers,
        places: Places | None,
        patience: Patience,
        ticks: Ticks = monotonic,
    ) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._described: Topic | None = topic
        self._numbers = numbers
        self._places: dict[int, Place] | None = None if places is None else {**places}
        self._patience = patience
        self._ticks = ticks
        self._producer: Producer | None = None

    async def connect(self) -> None:
        """Be connected.

        Raises BrokerUnavailable or RegistryUnavailable; AnswerIsNo where another cluster answers or the topic was
        made anew.
        """
        await self._connection()

    def pack(self, chunk: Chunk) -> Packed | None:
        """The chunk's batches, made ready while the chunk before is in flight; None when there is no connection."""
        return self._pack(chunk, self._producer) if self._producer else None

    async def submit(self, chunk: Chunk, packed: Packed | None = None) -> None:
        """Hand the batches over; raises as `connect` does, and then nothing of them is waited for any more."""
        try:
            producer = await self._connection()
            if packed is None or (packed.producer, packed.version) != (producer, self._numbers.version):
                packed = self._pack(chunk, producer)
            chunk.sent = await producer.send(packed.batches)
        except (BrokerUnavailable, RegistryUnavailable):
            await self.close()
            raise

    async def acknowledged(self, chunk: Chunk, taken: Taken) -> None:
        """Return when every batch that was handed over is acknowledged by all in-sync replicas.

        Raises BrokerUnavailable when one failed or is unknown: the connection is closed, the chunk holds the rest;
        AnswerIsNo when the topic was made anew under the connection.
        """
        sent_at = self._ticks()
        while chunk.records:
            waiting = [chunk.sent[partition] for partition in chunk.records]
            done, _ = await asyncio.wait(waiting, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            failed = [error for each in done if (error := each.exception()) is not None]
            for partition in [each for each in chunk.records if _is_taken(chunk.sent[each])]:
                offset = chunk.sent[partition].result().offset
                self._placed(partition, offset, chunk.records[partition])
                # A broker that took the batch before, and has forgotten where, says -1.
                taken(partition, offset if offset >= 0 else None, chunk.records.pop(partition))
            waited_s = self._ticks() - sent_at
            if failed or (not done and waited_s > UNKNOWN_AFTER_S):
                await self.close()
                raise self._cause(failed[0]) if failed else self._unacknowledged()
            if done:
                self._patience.back()
            elif waited_s > SLOW_AFTER_S:
                self._patience.away(self._unacknowledged())

    async def close(self) -> None:
        """Let go of the connection."""
        if self._producer is not None:
            await self._producer.close()
            self._producer = None

    def _pack(self, chunk: Chunk, producer: Producer) -> Packed:
        return Packed(producer.pack(chunk.records, self._numbers.of), producer, self._numbers.version)

    async def _connection(self) -> Producer:
        if self._producer is None:
            self._producer = await self._connected()
        return self._producer

    async def _connected(self) -> Producer:
        topic = self._described or await topics.describe(self._bootstrap, self._topic.name)
        self._described = None
        if topic.cluster_id != self._topic.cluster_id:
            raise AnswerIsNo(
                f"Another Kafka cluster answers at {self._bootstrap} than when this began; "
                "start it again, and it sends there what that cluster does not have."
            )
        if topic.partitions != self._topic.partitions:
            raise self._anew()
        lost = await astray(self._bootstrap, topic.name, self._places or {})
        if lost is not None:
            raise self._anew(lost)
        await self._numbers.learn()
        return await Producer(self._bootstrap, topic.name).open()

    def _unacknowledged(self) -> Unacknowledged:
        return Unacknowledged(
            f"The Kafka broker at {self._bootstrap} has not acknowledged what it was given for {self._topic.name}; "
            "see that enough of its replicas run."
        )

    def _placed(self, partition: int, offset: int, records: list[Outgoing]) -> None:
        if self._places is None or offset < 0:
            return
        # A topic that is made anew under a connection takes the next batch as if nothing were, from offset 0.
        if partition in self._places and offset <= self._places[partition][0]:
            raise self._anew(partition)
        self._places[partition] = offset + len(records) - 1, records[-1].event_id

    def _anew(self, partition: int | None = None) -> AnswerIsNo:
        where = self._topic.name if partition is None else f"{self._topic.name}/{partition}"
        return AnswerIsNo(
            f"{where} at {self._bootstrap} does not hold what was acknowledged there: the topic was wiped or made "
            "anew, and what went to it before is gone; start again with --from-start, which sends everything (what "
            "comes twice is harmless)."
        )

    def _cause(self, error: BaseException) -> BrokerUnavailable:
        """What a failed batch is waited for; raises when waiting does not help."""
        if isinstance(error, TopicAuthorizationFailedError | ClusterAuthorizationFailedError):
            raise Unavailable(
                f"{self._bootstrap} does not let this agency write to {self._topic.name}; "
                "ask who runs it for the right to."
            ) from error
        if isinstance(error, MessageSizeTooLargeError):
            raise AnswerIsNo(
                f"{self._bootstrap} takes no batch of this size on {self._topic.name}; "
                "set the topic's max.message.bytes to 1 MiB or more."
            ) from error
        return topics.broker_unavailable(self._bootstrap, error)


def _is_taken(answer: asyncio.Future[Any]) -> bool:
    return answer.done() and answer.exception() is None
