"""Writing Kafka: whole batches, idempotent, acknowledged by every in-sync replica, a deadline round each call.

Partitions are chosen as Java's default partitioner does, murmur2 over the key: librdkafka's own default differs,
and a child's events must lie on one partition whoever wrote them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from casefeed.contract.catalogue import EventType
from casefeed.contract.framing import MAX_VALUE_BYTES, frame
from casefeed.kafka.records import OutgoingRecord
from casefeed.kafka.unavailable import broker_unavailable
from casefeed.runtime.signals import shielded

CALL_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
# A key costs a pure Python hash 5 to 15 us, a hit 0.3 us; children repeat.
_CACHED_KEYS = 1 << 19

_T = TypeVar("_T")


@lru_cache(maxsize=_CACHED_KEYS)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` among `partitions`, as Java's default partitioner chooses it."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class Producer:
    """A connection that publishes on one topic. After a batch has failed it is closed and another made:

    an idempotent producer numbers its batches, and a gap makes the broker refuse all that follows.
    """

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id="casefeed-publish",
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            max_batch_size=2 * MAX_VALUE_BYTES,
            request_timeout_ms=int(CALL_TIMEOUT_S * 1000),
        )

    async def open(self) -> Self:
        """Connect; raises BrokerUnavailable when no broker answers in time."""
        try:
            await self._call(self._producer.start())
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Let go; what is in flight is given up after a short while, a broker that is away is not waited for."""
        await shielded(self._close())

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._producer.stop()
        except (KafkaError, TimeoutError, OSError):
            # stop() flushes for as long as the broker is away: cut the connections, then end its sender.
            with suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._producer.client.close()
                    await self._producer._sender.close()

    def pack(
        self, records: Mapping[int, Sequence[OutgoingRecord]], schema_id_of: Callable[[EventType], int]
    ) -> dict[int, Any]:
        """A closed batch for each partition's records; `schema_id_of`: the registry's number of a schema."""
        packed = {}
        for partition, each in records.items():
            batch = self._producer.create_batch()
            for record in each:
                value = frame(schema_id_of(record.event_type), record.datum)
                batch.append(timestamp=None, key=record.key, value=value, headers=list(record.headers))
            batch.close()
            packed[partition] = batch
        return packed

    async def send(self, packed: Mapping[int, Any]) -> dict[int, asyncio.Future[Any]]:
        """Hand the batches over; by partition what will hold the broker's answer (`.offset` of the first record).

        The batches of one partition must be acknowledged before the next is sent. Raises BrokerUnavailable.
        """
        sent = {}
        for partition, batch in packed.items():
            future = await self._call(self._producer.send_batch(batch, self._topic, partition=partition))
            # Looked at here so that a batch given up on is not reported as an error nobody asked for.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            sent[partition] = future
        return sent

    async def _call(self, call: Awaitable[_T]) -> _T:
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await call
        except (KafkaError, TimeoutError, OSError) as error:
            raise broker_unavailable(self._bootstrap, type(error).__name__) from error
