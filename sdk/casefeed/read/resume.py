"""Where reading goes on, and whether the broker still is the one this store read from."""

from __future__ import annotations

from casefeed.kafka.consumer import Consumer, Partition
from casefeed.read.errors import OtherCluster, TopicChanged
from casefeed.read.store import Position, SqliteStore, digest_of

FROM_START = "--from-start reads whatever it holds now; what is held already changes nothing"


async def resume(consumer: Consumer, store: SqliteStore, *, from_start: bool) -> dict[Partition, int]:
    """Check that the cluster and its topics are those of the store, and say where each partition goes on.

    Raises OtherCluster or TopicChanged with what to do. With `from_start` the store is bound to this cluster and
    everything is read again.
    """
    known = store.cluster()
    if known not in (None, consumer.cluster_id) and not from_start:
        raise OtherCluster(
            f"{store.path} was read from Kafka cluster {known}, and {consumer.bootstrap} is cluster "
            f"{consumer.cluster_id}; point CASEFEED_KAFKA_BOOTSTRAP at the first, or give this one a store of its "
            f"own (CASEFEED_LEDGER_URL); {FROM_START}"
        )
    beginnings, ends = await consumer.beginnings(), await consumer.ends()
    if not from_start:
        for partition, position in store.positions().items():
            if partition in ends:
                await _same_topic(
                    consumer, store, partition, position, beginnings[partition], ends[partition]
                )
    store.begin(consumer.cluster_id, beginnings, rewind=from_start)
    positions = store.positions()
    return {partition: positions[partition].next_offset for partition in consumer.partitions}


async def _same_topic(
    consumer: Consumer, store: SqliteStore, partition: Partition, position: Position, begin: int, end: int
) -> None:
    topic, number = partition
    where = f"{topic}/{number} at {consumer.bootstrap}"
    if end < position.next_offset:
        raise TopicChanged(
            f"{where} ends at offset {end}, but {store.path} has read it to {position.next_offset}: the topic was "
            f"wiped or made anew; {FROM_START}"
        )
    if begin > position.next_offset:
        raise TopicChanged(
            f"{where} begins at offset {begin}, but {store.path} has read it only to {position.next_offset}: what "
            f"lay between is gone from the broker; ask the sender to replay it; {FROM_START}"
        )
    last = position.last_offset
    if last is None or last < begin:
        return
    found = await consumer.record_at(partition, last)
    if found is None or digest_of(found) != position.last_digest:
        raise TopicChanged(
            f"offset {last} of {where} is not the record that {store.path} read there: the topic was made anew; "
            f"{FROM_START}"
        )
