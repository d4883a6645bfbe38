"""What a fetch hands out: our records to our readers, and the library's own to everybody else in the process."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.records import ReceivedRecord
from tests.feedkit import FeedEnv, make_event


async def test_another_consumer_in_the_process_is_handed_records_of_the_library(feed_env: FeedEnv) -> None:
    """What we replace in aiokafka for our readers changes nothing for a consumer of somebody else."""
    feed_env.send(feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", 1, 1)))
    async with Consumer(feed_env.bootstrap, [ORR_TOPIC], None) as ours:
        ours.seek(await ours.beginning_offsets())
        found = await ours.fetch(max_records=10, timeout_seconds=10)
    (received,) = (record for rows in found.values() for record in rows)
    assert isinstance(received, ReceivedRecord)
    theirs = AIOKafkaConsumer(bootstrap_servers=feed_env.bootstrap, auto_offset_reset="earliest")
    await theirs.start()
    try:
        theirs.assign([TopicPartition(received.topic, received.partition)])
        record = await theirs.getone()
    finally:
        await theirs.stop()
    assert isinstance(record, ConsumerRecord)
    assert (record.offset, record.timestamp) == (received.offset, received.published_at)
    assert (record.key, record.value, tuple(record.headers)) == (received.key, received.value, received.headers)
