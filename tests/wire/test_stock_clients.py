"""Stock clients read what we write and write what we read: confluent-kafka and Apache avro, every event type."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import avro.io
import avro.schema
import pytest
from confluent_kafka import Consumer, Message, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.kafka import producer as ours
from casefeed.kafka.records import OutgoingRecord
from tests.feedkit import fresh_topics, register_all
from tests.stack_services import StackServices
from tests.stock_form import EPOCH, raw_form, stock_form, with_ids_as_text
from tests.strategies import Raw, datums

TYPES = sorted(load_catalogue().event_types.values(), key=lambda each: each.name)
EACH = pytest.mark.parametrize("event_type", TYPES, ids=lambda each: each.short_name)
PARTITIONS = 3


@pytest.fixture(scope="module")
def ids(stack: StackServices) -> dict[str, int]:
    """The registry's id of each packaged schema, as we register it."""
    return register_all(stack.registry_url)


@pytest.fixture(scope="module")
def registry(stack: StackServices, ids: dict[str, int]) -> Iterator[SchemaRegistryClient]:
    """Confluent's own registry client."""
    with SchemaRegistryClient({"url": stack.registry_url, "timeout": 20}) as client:
        yield client


def stock_writer(registry: SchemaRegistryClient, event_type: EventType) -> AvroSerializer:
    """Confluent's serializer, which registers the text itself under the record's name."""
    conf = {"auto.register.schemas": True, "subject.name.strategy": record_subject_name_strategy}
    made: AvroSerializer = AvroSerializer(registry, event_type.canonical_json, conf=conf)
    return made


def context(topic: str) -> SerializationContext:
    """Where the value lies."""
    return SerializationContext(topic, MessageField.VALUE)


@EACH
@settings(max_examples=4)
@given(data=st.data())
def test_confluents_deserializer_reads_our_bytes(
    event_type: EventType, data: st.DataObject, ids: dict[str, int], registry: SchemaRegistryClient
) -> None:
    """With its own registry client it gives the same event, times as UTC datetimes, ids as UUIDs."""
    raw = data.draw(datums(event_type))
    value = framing.frame(ids[event_type.name], codec.encode(event_type, raw))
    read = AvroDeserializer(registry)(value, context("any"))
    assert isinstance(read["header"]["occurred_at"], datetime)
    assert isinstance(read["header"]["event_id"], uuid.UUID)
    assert raw_form(read) == raw


@EACH
@settings(max_examples=4)
@given(data=st.data())
def test_what_confluents_serializer_writes_is_our_event(
    event_type: EventType, data: st.DataObject, ids: dict[str, int], registry: SchemaRegistryClient
) -> None:
    """Its own registration has our id; its datum decodes to the same event and is ours byte for byte."""
    raw = data.draw(datums(event_type))
    value = stock_writer(registry, event_type)(stock_form(event_type, raw), context("any"))
    schema_id, datum = framing.unframe(value or b"")
    assert schema_id == ids[event_type.name]
    assert codec.decode(event_type, datum) == raw
    assert datum == codec.encode(event_type, raw)


@EACH
@settings(max_examples=5)
@given(data=st.data())
def test_apache_avro_reads_our_datum(event_type: EventType, data: st.DataObject) -> None:
    """The avro package, from our self-contained text alone, gives the same event and leaves no byte over."""
    raw = data.draw(datums(event_type))
    source = io.BytesIO(codec.encode(event_type, raw))
    read: Any = avro.io.DatumReader(avro.schema.parse(event_type.canonical_json))
    event = read.read(avro.io.BinaryDecoder(source))
    assert source.read() == b""
    assert raw_form(event) == raw


@EACH
@settings(max_examples=4)
@given(data=st.data())
def test_we_read_what_apache_avro_writes(event_type: EventType, data: st.DataObject) -> None:
    """What the avro package writes of an event decodes to that event."""
    raw = data.draw(datums(event_type))
    out = io.BytesIO()
    writer: Any = avro.io.DatumWriter(avro.schema.parse(event_type.canonical_json))
    writer.write(with_ids_as_text(stock_form(event_type, raw)), avro.io.BinaryEncoder(out))
    assert codec.decode(event_type, out.getvalue()) == raw


@pytest.mark.finding("cause/systems-do-not-connect")
@settings(max_examples=2)
@given(data=st.data())
def test_a_stock_consumer_reads_our_records_off_the_topic(
    data: st.DataObject, stack: StackServices, ids: dict[str, int], registry: SchemaRegistryClient
) -> None:
    """Key, complete CloudEvents headers, Java's partition and every event, as our producer sends them."""
    raws = {each.name: data.draw(datums(each)) for each in TYPES}
    topic = f"stock-reads-{uuid.uuid4().hex}"
    fresh_topics(stack.bootstrap, [topic], PARTITIONS)
    records = [outgoing(each, raws[each.name]) for each in TYPES]
    asyncio.run(published(stack.bootstrap, topic, records, ids))
    read = AvroDeserializer(registry)
    seen = {}
    for message in consumed(stack.bootstrap, topic, len(TYPES)):
        headers: dict[str, Any] = dict(message.headers() or [])
        event_type = load_catalogue().event_types[headers["ce_type"].decode()]
        raw = raws[event_type.name]
        assert message.key() == raw["header"]["child_key"].encode() == headers["ce_subject"]
        assert message.partition() == ours.partition_of(message.key(), PARTITIONS)
        assert headers["ce_specversion"] == b"1.0"
        assert headers["ce_id"].decode() == raw["header"]["event_id"]
        assert headers["ce_source"].decode() == raw["header"]["source"]
        occurred = EPOCH + timedelta(milliseconds=raw["header"]["occurred_at"])
        assert datetime.fromisoformat(headers["ce_time"].decode()) == occurred
        assert load_catalogue().by_dataschema(headers["ce_dataschema"].decode()) is event_type
        assert headers["content-type"] == b"application/avro"
        seen[event_type.name] = raw_form(read(message.value(), context(topic)))
    assert seen == raws


def outgoing(event_type: EventType, raw: Raw) -> OutgoingRecord:
    """An event as our publisher sends it."""
    header, headers = raw["header"], framing.cloud_event_headers(event_type, raw)
    datum = codec.encode(event_type, raw)
    return OutgoingRecord(header["child_key"].encode(), event_type, datum, headers, header["event_id"])


async def published(bootstrap: str, topic: str, records: list[OutgoingRecord], ids: dict[str, int]) -> None:
    """Send the records by our producer, each batch acknowledged."""
    by_partition: dict[int, list[OutgoingRecord]] = {}
    for each in records:
        by_partition.setdefault(ours.partition_of(each.key, PARTITIONS), []).append(each)
    producer = await ours.Producer(bootstrap, topic).open()
    try:
        for future in (await producer.send(producer.pack(by_partition, lambda kind: ids[kind.name]))).values():
            await future
    finally:
        await producer.close()


def consumed(bootstrap: str, topic: str, count: int) -> Iterator[Message]:
    """`count` messages by a stock consumer, from the start of the topic."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
    )
    try:
        consumer.subscribe([topic])
        for _ in range(count):
            message = consumer.poll(60)
            assert message is not None
            assert message.error() is None
            yield message
    finally:
        consumer.close()


@settings(max_examples=2)
@given(data=st.data())
def test_we_read_a_stock_producers_records_off_the_topic(
    data: st.DataObject, stack: StackServices, registry: SchemaRegistryClient
) -> None:
    """Serialized, partitioned and sent in its own way, without our headers, each record is our event by its id."""
    raws = {each.name: data.draw(datums(each)) for each in TYPES}
    topic = f"stock-writes-{uuid.uuid4().hex}"
    fresh_topics(stack.bootstrap, [topic], PARTITIONS)
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    for each in TYPES:
        write = stock_writer(registry, each)
        value = write(stock_form(each, raws[each.name]), context(topic))
        producer.produce(topic, key=raws[each.name]["header"]["child_key"], value=value)
    assert producer.flush(60) == 0
    seen = {}
    for message in consumed(stack.bootstrap, topic, len(TYPES)):
        schema_id, datum = framing.unframe(message.value() or b"")
        schema = json.loads(registry.get_schema(schema_id).schema_str or "")
        event_type = load_catalogue().by_name(f"{schema['namespace']}.{schema['name']}")
        seen[event_type.name] = codec.decode_resolved(event_type, schema, datum)
    assert seen == raws
