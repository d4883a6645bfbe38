"""Reading Kafka: assigned partitions, positions given by the caller, a deadline round every client call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from casefeed.kafka import fetch_patches
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.kafka.unavailable import broker_unavailable
from casefeed.runtime.errors import BrokerUnavailable, Unavailable
from casefeed.runtime.signals import shielded

fetch_patches.install()

CALL_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 2.0
# Below the deadline of a call, so that a record that is slow to come is told from one that is gone.
RECORD_WAIT_MS = 9000
# What is fetched ahead of each partition, and of all together: it lies in memory until it is read.
FETCH_BYTES = 2 * 1024 * 1024
FETCH_BYTES_TOTAL = 16 * 1024 * 1024


class PositionOutOfRange(BrokerUnavailable):
    """The topic no longer holds the position that was asked for; connecting again tells what became of it."""


class Consumer:
    """One reader's connection to a set of topics, all their partitions assigned.

    The group id, if any, is used for nothing but showing lag: positions are the caller's. Raises
    BrokerUnavailable when the broker does not answer within the deadline. `optional_topics` are read where they
    exist when this is opened.
    """

    def __init__(
        self, bootstrap: str, topics: Sequence[str], group: str | None, optional_topics: Sequence[str] = ()
    ) -> None:
        self.bootstrap = bootstrap
        self.topics = tuple(topics)
        self._optional_topics = tuple(optional_topics)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            client_id=group or "casefeed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=FETCH_BYTES_TOTAL,
            fetch_max_wait_ms=200,
            value_deserializer=fetch_patches.raw_value,
        )
        self.cluster_id = ""
        self.partitions: tuple[Partition, ...] = ()

    async def open(self) -> Self:
        """Connect, learn the cluster's id and the topics' partitions."""
        try:
            self.cluster_id, self.partitions = await self._call(self._describe())
            await self._call(self._consumer.start())
        except BaseException:
            await self.close()
            raise
        self._consumer.assign([TopicPartition(*each) for each in self.partitions])
        return self

    async def close(self) -> None:
        """Let go of the connection; a broker that is away is not waited for."""
        await shielded(self._close())

    async def _close(self) -> None:
        try:
            await self._call(self._consumer.stop(), timeout=CLOSE_TIMEOUT_SECONDS)
        except BrokerUnavailable:
            # stop() gives up at a request that is under way, and its client would connect anew for ever.
            with suppress(BrokerUnavailable):
                await self._call(self._consumer._client.close(), timeout=CLOSE_TIMEOUT_SECONDS)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def has_new_partitions(self) -> bool:
        """Whether there are partitions now that there were not when this was opened, of topics that lacked too."""
        _, now = await self._call(self._describe())
        return set(now) > set(self.partitions)

    async def _describe(self) -> tuple[str, tuple[Partition, ...]]:
        """The cluster's id and the topics' partitions; raises Unavailable where one of `topics` does not exist."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
            requested = [*self.topics, *self._optional_topics]
            found = {each["topic"]: each["partitions"] for each in await admin.describe_topics(requested)}
        finally:
            await shielded(admin.close())
        for topic in self.topics:
            if not found.get(topic):
                raise Unavailable(
                    f"The topic {topic} does not exist at {self.bootstrap}; make it with `casefeed topics create`."
                )
        partitions = [(topic, int(each["partition"])) for topic in requested for each in found.get(topic) or ()]
        return str(cluster["cluster_id"]), tuple(sorted(partitions))

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Read on from these offsets."""
        for partition, offset in positions.items():
            self._consumer.seek(TopicPartition(*partition), offset)

    async def beginning_offsets(self) -> dict[Partition, int]:
        """The first offset that each partition still holds."""
        return await self._offsets(self._consumer.beginning_offsets)

    async def end_offsets(self) -> dict[Partition, int]:
        """One past the last offset of each partition."""
        return await self._offsets(self._consumer.end_offsets)

    async def offsets_for_time(self, timestamp_ms: int) -> dict[Partition, int]:
        """The first offset published at or after a time (ms UTC), the end where there is none."""
        requested = {TopicPartition(*each): timestamp_ms for each in self.partitions}
        found = await self._call(self._consumer.offsets_for_times(requested))
        later = {(tp.topic, tp.partition): at.offset for tp, at in found.items() if at is not None}
        return await self.end_offsets() | later

    async def _offsets(self, fetch_offsets: Any) -> dict[Partition, int]:
        found = await self._call(fetch_offsets([TopicPartition(*each) for each in self.partitions]))
        return {(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[ReceivedRecord]]:
        """What has come, at most `max_records` records, waiting at most `timeout_seconds` for the first.

        Raises PositionOutOfRange when a partition no longer holds its position.
        """
        try:
            batches = await self._call(
                self._consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=max_records)
            )
        except OffsetOutOfRangeError as error:
            raise PositionOutOfRange(
                f"{self.bootstrap} no longer holds the position this reader had reached."
            ) from error
        return {(tp.topic, tp.partition): rows for tp, rows in batches.items()}

    async def positions(self) -> dict[Partition, int]:
        """The offset each partition would hand out next: past what was fetched and past control records."""
        return {each: await self._call(self._consumer.position(TopicPartition(*each))) for each in self.partitions}

    async def record_at(self, partition: Partition, offset: int) -> ReceivedRecord | None:
        """The record at one offset, or None where there is none; the position afterwards is undefined.

        Raises BrokerUnavailable when there should be one and the broker does not hand it out in time.
        """
        wanted = TopicPartition(*partition)
        if offset >= (await self.end_offsets())[partition]:
            return None
        self._consumer.pause(*(TopicPartition(*p) for p in self.partitions if p != partition))
        self._consumer.seek(wanted, offset)
        try:
            found = await self._call(self._consumer.getmany(wanted, timeout_ms=RECORD_WAIT_MS, max_records=1))
            # Slow is not gone: only a position that went past the offset says that nothing is there.
            if not found and await self._call(self._consumer.position(wanted)) <= offset:
                raise self._unavailable(TimeoutError())
        except OffsetOutOfRangeError:
            return None
        finally:
            self._consumer.resume(*(TopicPartition(*p) for p in self.partitions))
        rows: list[ReceivedRecord] = found.get(wanted, [])
        return rows[0] if rows and rows[0].offset == offset else None

    async def commit_positions(self, positions: Mapping[Partition, int]) -> None:
        """Commit positions to the group, for lag tools only; a broker that is away is not waited for."""
        offsets = {TopicPartition(*p): offset for p, offset in positions.items()}
        try:
            await self._call(self._consumer.commit(offsets))
        except BrokerUnavailable:
            return

    async def _call(self, awaitable: Any, timeout: float = CALL_TIMEOUT_SECONDS) -> Any:
        try:
            async with asyncio.timeout(timeout):
                return await awaitable
        except OffsetOutOfRangeError:
            raise
        except asyncio.CancelledError as error:
            # The client cancels its own futures when a connection breaks; only who is asked to end, ends.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise self._unavailable(error) from error
        except (KafkaError, TimeoutError, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: BaseException) -> BrokerUnavailable:
        return broker_unavailable(self.bootstrap, type(error).__name__)
