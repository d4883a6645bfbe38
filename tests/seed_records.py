"""The seeds, put on fresh topics of the running stack as a stock producer would put them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from casefeed.contract import archive, catalogue, codec, framing
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import EventType
from casefeed.contract.resources import seeds_dir
from tests.feedkit import FeedEnv, KafkaRecord, fresh_topics, register_all
from tests.stack_services import StackServices


def seeds(topic: str) -> list[Envelope]:
    """The seeds of one topic, in their order."""
    with (seeds_dir() / f"{topic}.avro").open("rb") as source:
        return list(archive.read_archive(source))


def decode_envelope(envelope: Envelope) -> tuple[EventType, dict[str, Any]]:
    """An envelope's event type and its event (raw form)."""
    kind = catalogue.load_catalogue().by_fingerprint(envelope.fingerprint)
    assert kind is not None
    return kind, codec.decode(kind, envelope.datum)


def kafka_record(feed_env: FeedEnv, topic: str, envelope: Envelope) -> KafkaRecord:
    """An envelope as a record of the running stack's topic."""
    kind, _ = decode_envelope(envelope)
    value = framing.frame(feed_env.schema_ids[kind.name], envelope.datum)
    return KafkaRecord(topic, envelope.key.encode(), value, list(envelope.headers))


class SeedTopic:
    """One fresh topic; `publish` publishes envelopes on it."""

    def __init__(self, stack: StackServices, topic: str, partitions: int) -> None:
        fresh_topics(stack.bootstrap, (topic,), partitions)
        self._topic = topic
        self._feed_env = FeedEnv(stack.bootstrap, stack.registry_url, Path(), register_all(stack.registry_url))

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Publish, framed with the registry's ids; all are acknowledged on return."""
        self._feed_env.send(*(kafka_record(self._feed_env, self._topic, each) for each in envelopes))
