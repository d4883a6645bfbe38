"""Heartbeats on a real Kafka: on the agency's topic of statements, read by whoever depends on the source."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import ORR_TOPIC, STATEMENTS, load
from casefeed.publish.desk import Desk
from casefeed.read.heartbeats import Heard, Punctuality, heard
from casefeed.store import connect
from tests.desk_helpers import orr_desk, story
from tests.feedkit import Bench, Raw
from tests.relay_processes import answers_of, casefeed, relayed, running, until, waiting
from tests.restarts import environment
from tests.topic_records import held

KIND = load().named("SourceHeartbeat")
TOPIC = STATEMENTS[ORR_TOPIC]


@pytest.fixture
def env(bench: Bench, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation of its own, heard twice a second."""
    return environment(bench, tmp_path) | {"CASEFEED_HEARTBEAT_EVERY_S": "0.5"}


def statements(bench: Bench) -> list[Raw]:
    """What was said, in the order in which it came; each record is a heartbeat as the contract has it."""
    found = []
    for row in held(bench.bootstrap, TOPIC):
        assert row.value is not None
        statement = codec.decode(KIND, framing.unframe(row.value)[1])
        assert row.key == statement["header"]["source"].encode()
        assert row.headers == framing.cloud_events(KIND, statement)
        found.append(statement)
    return found


def until_beaten(desk: Desk, times: int) -> None:
    """Return when so many heartbeats more were begun: all of them but the last were acknowledged."""
    seen: set[object] = set()

    def beaten() -> bool:
        seen.update(tuple(row) for row in desk.db.execute("SELECT stated_at FROM outbox_promise"))
        return len(seen) > times

    until(beaten)


def heard_by(bench: Bench) -> Heard:
    """What a reader of the feed has heard of the only source."""
    bench.read()
    db = connect(bench.path, read_only=True)
    try:
        (last,) = heard(db)
    finally:
        db.close()
    return last


def test_a_relay_is_heard_until_it_ends_in_good_order(
    bench: Bench, tmp_path: Path, env: dict[str, str]
) -> None:
    """Idle or not, on a topic that it made; the last heartbeat counts all and promises nothing: a reader knows."""
    with orr_desk(tmp_path) as desk:
        answers = answers_of(desk, story(10, 2))
        with running(casefeed("orr", "relay"), env) as relay:
            until(lambda: waiting(desk) == 0)
            until_beaten(desk, 3)
            relay.send_signal(signal.SIGTERM)
            _, errors = relay.communicate(timeout=30)
            assert relay.returncode == 0, errors
    assert f"Made the topic {TOPIC} with {bench.partitions} partitions." in errors.decode()
    told = statements(bench)
    assert {each["header"]["source"] for each in told} == {answers[0]["source"]}
    assert [each["sent"] for each in told] == sorted(each["sent"] for each in told)
    assert {each["sent"] + each["waiting"] for each in told} == {20}
    assert [each["next_by"] is None for each in told] == [False] * (len(told) - 1) + [True]
    last = heard_by(bench)
    assert (last.sent, last.waiting, last.punctuality(last.published_at)) == (20, 0, Punctuality.ENDED)


def test_a_relay_that_is_killed_has_broken_its_promise(
    bench: Bench, tmp_path: Path, env: dict[str, str]
) -> None:
    """Killed, it is late, then silent, to a reader; started again it is heard at once, and ends in good order."""
    with orr_desk(tmp_path) as desk:
        answers_of(desk, story(3, 1))
        with running(casefeed("orr", "relay"), env) as relay:
            until(lambda: waiting(desk) == 0)
            until_beaten(desk, 2)
            os.kill(relay.pid, signal.SIGKILL)
            relay.wait()
    last = heard_by(bench)
    assert last.due_at is not None
    assert last.due_at - last.published_at == 750
    assert last.punctuality(last.due_at + 1) is Punctuality.LATE
    assert last.punctuality(last.due_at + 10_000) is Punctuality.SILENT
    relayed("orr", env)
    again = heard_by(bench)
    assert (again.sent, again.punctuality(again.published_at)) == (3, Punctuality.ENDED)


def test_a_one_off_relay_promises_nothing_more(bench: Bench, tmp_path: Path, env: dict[str, str]) -> None:
    """`--until-empty` says how it stands when it begins and when it ends."""
    with orr_desk(tmp_path) as desk:
        answers_of(desk, story(5, 1))
    relayed("orr", env)
    assert [(each["sent"], each["next_by"] is None) for each in statements(bench)] == [(0, False), (5, True)]
