"""A stock producer (confluent-kafka) feeds the intake: its own registration, serializer and partitioning."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from casefeed.contract import archive, catalogue, codec
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.resources import seeds_dir
from casefeed.ledger import scorecard
from casefeed.ledger.database import open_read_only
from ice_caseload.agency import ICE
from tests.feedkit import FeedEnv, make_event


def serializers(client: SchemaRegistryClient) -> dict[str, AvroSerializer]:
    """confluent's serializer for every event type, which registers the schema itself."""
    settings = {"subject.name.strategy": record_subject_name_strategy, "auto.register.schemas": True}
    return {
        name: AvroSerializer(client, json.dumps(kind.schema), conf=settings)
        for name, kind in catalogue.load_catalogue().event_types.items()
    }


@pytest.mark.finding("cause/systems-do-not-connect", "OIG-25-21/automation")
def test_a_stock_producers_events_are_applied_and_count_as_ours_do(feed_env: FeedEnv) -> None:
    """The seeds, serialized and partitioned by confluent-kafka in its own way, give the seeds' own figures."""
    kinds = catalogue.load_catalogue()
    client = SchemaRegistryClient({"url": feed_env.registry_url})
    by_name = serializers(client)
    producer = Producer({"bootstrap.servers": feed_env.bootstrap, "partitioner": "consistent_random"})
    sent, types = 0, set[str]()
    for topic in (ORR_TOPIC, ICE_TOPIC):
        with (seeds_dir() / f"{topic}.avro").open("rb") as source:
            for envelope in archive.read_archive(source):
                kind = kinds.by_fingerprint(envelope.fingerprint)
                assert kind is not None
                event: dict[str, Any] = codec.decode(kind, envelope.datum)
                value = by_name[kind.name](event, SerializationContext(topic, MessageField.VALUE))
                producer.produce(topic, key=envelope.key, value=value)
                producer.poll(0)
                sent += 1
                types.add(kind.name)
    assert producer.flush(60) == 0
    client.close()
    assert types == {name for name, kind in kinds.event_types.items() if kind.short_name not in codec.META_EVENTS}
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked), dict(done.counts.refused)) == (sent, {}, {})
    truth = json.loads((seeds_dir() / "truth.json").read_text(encoding="utf-8"))
    db = open_read_only(feed_env.path, ICE)
    for day, figures in truth["as_of"].items():
        assert scorecard.load_figures(db, date.fromisoformat(day), None) == figures
    for pair, figures in truth["known_by"].items():
        as_of, known_by = (date.fromisoformat(day) for day in pair.split("/"))
        assert scorecard.load_figures(db, as_of, known_by) == figures
    db.close()


def test_an_aborted_transaction_is_not_read_and_does_not_hold_up_the_end(feed_env: FeedEnv) -> None:
    """A transactional producer's aborted event never happened; the intake still reaches the ends."""
    producer = Producer({"bootstrap.servers": feed_env.bootstrap, "transactional.id": "stock-transactions"})
    producer.init_transactions(30)
    for child, keep in ((1, True), (2, False), (3, True)):
        record = feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", child, 1))
        producer.begin_transaction()
        producer.produce(record.topic, key=record.key, value=record.value, partition=0)
        if keep:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)
    done = feed_env.run_intake()
    assert (done.counts.applied, done.lag) == (2, 0)
    again = feed_env.run_intake()
    assert (again.counts.applied, again.counts.duplicates, again.lag) == (0, 0, 0)
