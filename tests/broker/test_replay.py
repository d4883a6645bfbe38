"""An archive on its way to a real Kafka: whole, once or more, in order, on the right partition, resumable."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Message, Producer

from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.framing import unframe
from casefeed.publish import Publisher, ReplayOptions, ReplayResult
from casefeed.publish.replay import replay
from casefeed.runtime.errors import CheckFailed
from casefeed.runtime.settings import Settings
from synthetic_world.cli import replay as world_replay
from tests.archives import stories, write
from tests.feedkit import FeedEnv, fresh_topics
from tests.relay_processes import wait_until
from tests.stack_services import StackServices
from tests.topic_records import event_ids, first_arrivals, topic_records

ORR = Publisher("ORR", ORR_TOPIC, frozenset({"ORR"}))


def send(path: Path, settings: Settings, *, from_start: bool = False) -> ReplayResult:
    return asyncio.run(replay(ORR, ReplayOptions(path, wait_s=20, from_start=from_start), settings))


def ids_of(envelopes: list[Envelope]) -> list[str]:
    return [dict(each.headers)["ce_id"].decode() for each in envelopes]


@pytest.mark.finding("OIG-25-21/automation", "cause/no-automated-process", "cause/manual-workarounds")
def test_an_archive_arrives_whole(settings: Settings, tmp_path: Path) -> None:
    """Each event is there once with its bytes, complete headers and key, a child's in the order recorded."""
    envelopes = stories(300)
    done = send(write(tmp_path / "a.avro", envelopes), settings)
    assert (done.events, done.already_sent) == (1200, 0)
    rows = topic_records(settings.kafka_bootstrap)
    arrived = {(row.key, unframe(row.value or b"")[1], row.headers) for row in rows}
    assert arrived == {(each.key.encode(), each.datum, each.headers) for each in envelopes}
    assert len(rows) == 1200
    order: dict[bytes | None, list[str]] = {}
    for each, event_id in zip(envelopes, ids_of(envelopes), strict=True):
        order.setdefault(each.key.encode(), []).append(event_id)
    assert first_arrivals(rows) == order
    assert {name for name, _ in rows[0].headers} == {
        "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_dataschema",
        "content-type",
    }  # fmt: skip


def test_partitions_are_those_of_java(settings: Settings, tmp_path: Path) -> None:
    """A stock client that is told to partition as Java does puts the same keys on the same partitions."""
    send(write(tmp_path / "a.avro", stories(60)), settings)
    ours = {row.key: row.partition for row in topic_records(settings.kafka_bootstrap)}
    theirs: dict[bytes | None, int | None] = {}

    def delivered(error: object, message: Message) -> None:
        assert error is None
        theirs[message.key()] = message.partition()

    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "partitioner": "murmur2_random"})
    for key in ours:
        producer.produce(ICE_TOPIC, key=key, value=b"x", on_delivery=delivered)
    assert producer.flush(60) == 0
    assert theirs == ours
    assert set(ours.values()) == {0, 1, 2}


def test_what_went_twice_is_harmless(settings: Settings, feed_env: FeedEnv, tmp_path: Path) -> None:
    """A second replay finds all sent; told to send again it does, and a reader takes each event once."""
    path = write(tmp_path / "a.avro", stories(50))
    assert send(path, settings).events == 200
    again = send(path, settings)
    assert (again.events, again.already_sent) == (0, 200)
    assert send(path, settings, from_start=True).events == 200
    tally = feed_env.run_intake().counts
    assert (tally.applied, tally.duplicates) == (200, 200)


def test_a_topic_that_was_wiped_gets_all_again(settings: Settings, feed_env: FeedEnv, tmp_path: Path) -> None:
    """Progress is held against the topic: where the last record is not at its offset, all is sent again."""
    path = write(tmp_path / "a.avro", stories(50))
    send(path, settings)
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC,), feed_env.partitions)
    assert send(path, settings).events == 200
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC,), feed_env.partitions)
    send(write(tmp_path / "other.avro", stories(70)), settings)
    assert send(path, settings).events == 200


def test_a_spoilt_progress_file_is_not_believed(settings: Settings, tmp_path: Path) -> None:
    """A progress file that is cut short means sending all again, which is harmless."""
    path = write(tmp_path / "a.avro", stories(10))
    send(path, settings)
    (kept,) = (settings.home / "replay").iterdir()
    kept.write_text(kept.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert send(path, settings).events == 40


@pytest.mark.finding("OIG-24-46/rec-1", "cause/no-automated-process")
def test_a_replay_that_was_killed_goes_on(settings: Settings, tmp_path: Path) -> None:
    """After SIGKILL in the middle the next replay sends what was not acknowledged: nothing is missing."""
    envelopes = stories(500)
    path = write(tmp_path / "a.avro", envelopes)
    process = subprocess.Popen(
        [sys.executable, "-m", "casefeed", "orr", "replay", str(path), "--rate", "200"], env=dict(os.environ)
    )

    def acknowledged() -> int:
        kept = list((settings.home / "replay").glob("*.json"))
        return sum(int(json.loads(each.read_text(encoding="utf-8"))["records"]) for each in kept)

    try:
        wait_until(acknowledged)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    before = acknowledged()
    assert 0 < before < 2000
    done = send(path, settings)
    assert (done.already_sent, done.events) == (before, 2000 - before)
    counted = Counter(event_ids(topic_records(settings.kafka_bootstrap)))
    assert set(counted) == set(ids_of(envelopes))
    assert max(counted.values()) <= 2


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"message.timestamp.type": "CreateTime", "retention.ms": "604800000"}, "LogAppendTime"),
        ({"retention.ms": "604800000"}, "keeps records for 7 days"),
    ],
)
def test_a_topic_that_would_drop_the_data_is_refused(
    settings: Settings, feed_env: FeedEnv, tmp_path: Path, config: dict[str, str], said: str
) -> None:
    """Facts of years ago are not put on a topic whose retention would delete them: nothing is sent."""
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC,), feed_env.partitions, **config)
    with pytest.raises(CheckFailed, match=said):
        send(write(tmp_path / "a.avro", stories(1)), settings)
    assert topic_records(feed_env.bootstrap) == []


@pytest.mark.finding("cause/manual-workarounds")
def test_a_bad_record_stops_the_replay(settings: Settings, tmp_path: Path) -> None:
    """What went before a bad record may be on the topic, nothing after it is; the sentence names the place."""
    envelopes = stories(2000)
    spoilt = replace(envelopes[6000], datum=envelopes[6000].datum[:-1])
    path = write(tmp_path / "a.avro", [*envelopes[:6000], spoilt, *envelopes[6001:]])
    with pytest.raises(CheckFailed, match=r"a.avro, record 6001: casefeed.ChildLocated: does not decode"):
        send(path, settings)
    arrived = event_ids(topic_records(settings.kafka_bootstrap))
    assert 0 < len(arrived) <= 6000
    assert set(arrived) <= set(ids_of(envelopes[:6000]))


def test_the_world_goes_out_through_both_agencies(settings: Settings, stack: StackServices, tmp_path: Path) -> None:
    """`world replay` sends each archive through its own agency's command and says what it did in a line each."""
    write(tmp_path / f"{ORR_TOPIC}.avro", stories(5))
    write(tmp_path / f"{ICE_TOPIC}.avro", stories(5, ice=True))
    result = CliRunner().invoke(world_replay, ["--wait", "20", str(tmp_path)], catch_exceptions=False)
    assert [line.split(" in ")[0] for line in result.stdout.splitlines()] == [
        "orr.case-events: 20 events",
        "ice.case-events: 10 events",
    ]
    assert len(topic_records(stack.bootstrap, ICE_TOPIC)) == 10
