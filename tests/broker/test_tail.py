"""`casefeed tail` on a real broker: what people and programs see, and what never shows."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from casefeed.cli.tail import tail
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.events import corrected
from tests.feedkit import BODIES, PERSONAL, FeedEnv, KafkaRecord, child_key, make_event


@pytest.fixture(autouse=True)
def environment(feed_env: FeedEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """The running stack is the one in force."""
    monkeypatch.setenv("CASEFEED_HOME", str(feed_env.path.parent))
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", feed_env.bootstrap)
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", feed_env.registry_url)


def shown(*args: str) -> list[str]:
    result = CliRunner().invoke(tail, [*args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def objects(*args: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shown(*args, "--format", "json")]


def send_all(feed_env: FeedEnv) -> list[str]:
    """One event of every hand-made type, each with its personal values, for child 1."""
    for number, short in enumerate(BODIES, start=1):
        source = "ice-test" if short.startswith(("Nta", "Hearing", "InAbs")) else "orr-test"
        feed_env.send(feed_env.kafka_record(short, make_event(short, 1, number, source=source)))
    return list(BODIES)


def test_no_personal_value_shows(feed_env: FeedEnv) -> None:
    """Of every event type, in both formats, the personal parts are words in brackets; the rest is there."""
    send_all(feed_env)
    told = "\n".join(
        line
        for topic in (ORR_TOPIC, ICE_TOPIC)
        for form in ("table", "json")
        for line in shown(topic, "--no-follow", "--format", form)
    )
    assert [value for value in PERSONAL if value in told] == []
    assert "child=[child identity]" in told
    assert "sponsor=[sponsor]" in told
    assert "issuing_agency=ICE" in told
    assert child_key(1) in told


def test_a_correction_shows_what_it_restates_masked(feed_env: FeedEnv) -> None:
    """Bytes to the schema, but people and programs see the event as it should have been, personal parts masked."""
    placed = make_event("SponsorPlacement", 1, 1)
    told = corrected(2, ("SponsorPlacement", placed), address_quality="BLANK")
    feed_env.send(feed_env.kafka_record(*told, topic=ORR_TOPIC))
    (line,) = objects(ORR_TOPIC, "--no-follow")
    assert (line["restated_type"], line["event"]["restated"]) == ("casefeed.SponsorPlacement", "[sealed]")
    assert line["restated"]["address_quality"] == "BLANK"
    assert line["restated"]["sponsor"]["surname"] == "[sponsor]"
    _, text = shown(ORR_TOPIC, "--no-follow")
    assert "restated_as=SponsorPlacement occurred=2020-09-13T12:26:40Z" in text
    assert "address_quality=BLANK" in text
    assert [value for value in PERSONAL if value in text + json.dumps(line)] == []


def test_programs_get_an_object_a_line(feed_env: FeedEnv) -> None:
    """JSON lines hold place, published time, type and the masked event in raw form."""
    feed_env.send(feed_env.kafka_record("NtaIssued", make_event("NtaIssued", 1, 1, source="ice-test")))
    (line,) = objects(ICE_TOPIC, "--no-follow")
    assert (line["topic"], line["offset"], line["event_type"]) == (ICE_TOPIC, 0, "casefeed.NtaIssued")
    assert line["event"]["header"]["occurred_at"] == 1_600_000_000_000
    assert line["published_at"].endswith("+00:00")


def test_what_does_not_decode_is_a_line_without_bytes(feed_env: FeedEnv) -> None:
    """A record that is no event shows its place and the reason, in both formats, and nothing of its value."""
    good = feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", 1, 1))
    assert good.value is not None
    feed_env.send(
        replace(good, partition=0),
        KafkaRecord(ORR_TOPIC, b"k", b"Zzyzxsurname in the clear", partition=0),
        KafkaRecord(ORR_TOPIC, b"k", None, partition=0),
        replace(good, value=good.value + b"Zzyzxsurname", partition=0),
        KafkaRecord(ORR_TOPIC, b"k", b"\x00\x00\x01\x86\x9fZzyzxsurname", partition=0),
    )
    found = objects(ORR_TOPIC, "--no-follow")
    assert [line.get("not_shown", "shown") for line in found] == [
        "shown", "wrong-magic-byte", "empty-value", "trailing-bytes", "unknown-schema-id",
    ]  # fmt: skip
    table = shown(ORR_TOPIC, "--no-follow")
    assert "0:1  not shown, wrong-magic-byte" in table[2]
    assert "Zzyzxsurname" not in "\n".join(table) + json.dumps(found)


def test_where_to_begin(feed_env: FeedEnv) -> None:
    """Beginning, an offset, a publishing time; a child; a limit: each chooses what is shown."""
    for sequence in (1, 2, 3):
        feed_env.send(
            replace(feed_env.kafka_record("ChildLocated", make_event("ChildLocated", 1, sequence)), partition=0)
        )
    feed_env.send(replace(feed_env.kafka_record("ChildLocated", make_event("ChildLocated", 2, 1)), partition=0))
    everything = objects(ORR_TOPIC, "--no-follow")
    assert [line["offset"] for line in everything] == [0, 1, 2, 3]
    assert [line["offset"] for line in objects(ORR_TOPIC, "--no-follow", "--from", "2")] == [2, 3]
    assert objects(ORR_TOPIC, "--no-follow", "--from", "end") == []
    at = everything[1]["published_at"]
    assert [line["offset"] for line in objects(ORR_TOPIC, "--from", at, "--limit", "2")] == [1, 2]
    assert objects(ORR_TOPIC, "--no-follow", "--from", "2999-01-01") == []
    of_child = objects(ORR_TOPIC, "--no-follow", "--child", child_key(2))
    assert [line["offset"] for line in of_child] == [3]


def test_events_show_as_they_come(feed_env: FeedEnv) -> None:
    """Following from the end shows what is published afterwards, and Ctrl-C ends it with 130."""
    command = [sys.executable, "-u", "-m", "casefeed", "tail", ORR_TOPIC, "--format", "json"]
    feed_env.send(feed_env.kafka_record("ChildLocated", make_event("ChildLocated", 1, 1)))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[dict[str, Any]] = []
        for sequence in range(2, 200):
            feed_env.send(feed_env.kafka_record("ChildLocated", make_event("ChildLocated", 1, sequence)))
            if process.poll() is None and _readable(process.stdout):
                lines.append(json.loads(process.stdout.readline()))
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
    assert lines[0]["event"]["header"]["sequence"] > 1


def _readable(stream: Any) -> bool:
    return bool(select.select([stream], [], [], 0.2)[0])


def test_events_show_while_the_registry_is_away(feed_env: FeedEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header names the packaged schema; without it, and without a registry, the record is said not to be."""
    event = feed_env.kafka_record("ChildLocated", make_event("ChildLocated", 1, 1))
    feed_env.send(replace(event, partition=0), replace(event, headers=[], partition=0))
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", "http://127.0.0.1:1/apis/ccompat/v7")
    found = objects(ORR_TOPIC, "--no-follow")
    assert found[0]["event_type"] == "casefeed.ChildLocated"
    assert (found[1]["not_shown"], found[1]["detail"]) == ("unknown-schema-id", "the registry does not answer")
