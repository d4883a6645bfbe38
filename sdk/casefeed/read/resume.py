"""Where reading goes on, and whether the broker still is the one this store read from."""

from __future__ import annotations

from pathlib import Path

from casefeed.kafka.consumer import Consumer
from casefeed.kafka.records import Partition
from casefeed.read.store import Position, SqliteStore, record_digest
from casefeed.runtime.errors import Unavailable

FROM_START = "--from-start reads whatever it holds now; what is held already changes nothing"


class ClusterMismatch(Unavailable):
    """The store's positions are another Kafka cluster's."""


class TopicChanged(Unavailable):
    """The topic does not hold what this store read from it last: it was wiped, or made anew."""


async def resume(consumer: Consumer, store: SqliteStore, *, from_start: bool) -> dict[Partition, int]:
    """Check that the cluster and its topics are those of the store, and say where each partition goes on.

    Raises ClusterMismatch or TopicChanged with what to do. With `from_start` the store is bound to this cluster and
    everything is read again.
    """
    stored_id = store.cluster_id()
    if stored_id not in (None, consumer.cluster_id) and not from_start:
        raise ClusterMismatch(
            f"{store.path} was read from Kafka cluster {stored_id}, and {consumer.bootstrap} is cluster "
            f"{consumer.cluster_id}; point CASEFEED_KAFKA_BOOTSTRAP at the first, or give this one a store of its "
            f"own (CASEFEED_LEDGER_URL); {FROM_START}"
        )
    beginnings, ends = await consumer.beginning_offsets(), await consumer.end_offsets()
    if not from_start:
        for partition, position in store.positions().items():
            if partition in ends:
                await _check_same_topic(
                    consumer, store.path, partition, position, beginnings[partition], ends[partition]
                )
    store.initialize_positions(consumer.cluster_id, beginnings, rewind=from_start)
    positions = store.positions()
    return {partition: positions[partition].next_offset for partition in consumer.partitions}


async def _check_same_topic(
    consumer: Consumer, path: Path, partition: Partition, position: Position, beginning: int, end: int
) -> None:
    where = f"{partition[0]}/{partition[1]} at {consumer.bootstrap}"
    if end < position.next_offset:
        raise TopicChanged(
            f"{where} ends at offset {end}, but {path} has read it to {position.next_offset}: the topic was wiped or "
            f"made anew; {FROM_START}"
        )
    if beginning > position.next_offset:
        raise TopicChanged(
            f"{where} begins at offset {beginning}, but {path} has read it only to {position.next_offset}: what lay "
            f"between is gone from the broker; ask the sender to replay it; {FROM_START}"
        )
    last = position.last_offset
    if last is None or last < beginning:
        return
    record = await consumer.record_at(partition, last)
    if record is None or record_digest(record) != position.last_digest:
        raise TopicChanged(
            f"offset {last} of {where} is not the record that {path} read there: the topic was made anew; "
            f"{FROM_START}"
        )
