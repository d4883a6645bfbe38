"""Heartbeats on a real Kafka: on the agency's topic of statements, read by whoever depends on the source."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import ORR_TOPIC, STATEMENT_TOPICS, load_catalogue
from casefeed.publish.desk import Desk
from casefeed.read.heartbeats import SourceStatus, Timeliness, source_statuses
from casefeed.store import connect
from tests.desk_helpers import event_inputs, orr_desk
from tests.feedkit import FeedEnv, Raw
from tests.relay_processes import command_line, pending_count, record_answers, run_relay, running_process, wait_until
from tests.restarts import environment
from tests.topic_records import topic_records

KIND = load_catalogue().by_name("SourceHeartbeat")
TOPIC = STATEMENT_TOPICS[ORR_TOPIC]


@pytest.fixture
def env(feed_env: FeedEnv, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation of its own, heard twice a second."""
    return environment(feed_env, tmp_path) | {"CASEFEED_HEARTBEAT_EVERY_S": "0.5"}


def statements(feed_env: FeedEnv) -> list[Raw]:
    """What was said, in the order in which it came; each record is a heartbeat as the contract has it."""
    found = []
    for row in topic_records(feed_env.bootstrap, TOPIC):
        assert row.value is not None
        statement = codec.decode(KIND, framing.unframe(row.value)[1])
        assert row.key == statement["header"]["source"].encode()
        assert row.headers == framing.cloud_event_headers(KIND, statement)
        found.append(statement)
    return found


def until_beaten(desk: Desk, times: int) -> None:
    """Return when so many heartbeats more were begun: all of them but the last were acknowledged."""
    seen: set[object] = set()

    def beaten() -> bool:
        seen.update(tuple(row) for row in desk.db.execute("SELECT stated_at FROM outbox_promise"))
        return len(seen) > times

    wait_until(beaten)


def heard_by(feed_env: FeedEnv) -> SourceStatus:
    """What a reader of the feed has heard of the only source."""
    feed_env.run_intake()
    db = connect(feed_env.path, read_only=True)
    try:
        (last,) = source_statuses(db)
    finally:
        db.close()
    return last


def test_a_relay_is_heard_until_it_ends_in_good_order(feed_env: FeedEnv, tmp_path: Path, env: dict[str, str]) -> None:
    """Idle or not, on a topic that it made; the last heartbeat counts all and promises nothing: a reader knows."""
    with orr_desk(tmp_path) as desk:
        answers = record_answers(desk, event_inputs(10, 2))
        with running_process(command_line("orr", "relay"), env) as relay:
            wait_until(lambda: pending_count(desk) == 0)
            until_beaten(desk, 3)
            relay.send_signal(signal.SIGTERM)
            _, errors = relay.communicate(timeout=30)
            assert relay.returncode == 0, errors
    assert f"Made the topic {TOPIC} with {feed_env.partitions} partitions." in errors.decode()
    told = statements(feed_env)
    assert {each["header"]["source"] for each in told} == {answers[0]["source"]}
    assert [each["sent"] for each in told] == sorted(each["sent"] for each in told)
    assert {each["sent"] + each["waiting"] for each in told} == {20}
    assert [each["next_by"] is None for each in told] == [False] * (len(told) - 1) + [True]
    last = heard_by(feed_env)
    assert (last.sent, last.waiting, last.timeliness(last.published_at)) == (20, 0, Timeliness.ENDED)


def test_a_relay_that_is_killed_has_broken_its_promise(
    feed_env: FeedEnv, tmp_path: Path, env: dict[str, str]
) -> None:
    """Killed, it is late, then silent, to a reader; started again it is heard at once, and ends in good order."""
    with orr_desk(tmp_path) as desk:
        record_answers(desk, event_inputs(3, 1))
        with running_process(command_line("orr", "relay"), env) as relay:
            wait_until(lambda: pending_count(desk) == 0)
            until_beaten(desk, 2)
            os.kill(relay.pid, signal.SIGKILL)
            relay.wait()
    last = heard_by(feed_env)
    assert last.due_at is not None
    assert last.due_at - last.published_at == 750
    assert last.timeliness(last.due_at + 1) is Timeliness.LATE
    assert last.timeliness(last.due_at + 10_000) is Timeliness.SILENT
    run_relay("orr", env)
    again = heard_by(feed_env)
    assert (again.sent, again.timeliness(again.published_at)) == (3, Timeliness.ENDED)


def test_a_one_off_relay_promises_nothing_more(feed_env: FeedEnv, tmp_path: Path, env: dict[str, str]) -> None:
    """`--until-empty` says how it stands when it begins and when it ends."""
    with orr_desk(tmp_path) as desk:
        record_answers(desk, event_inputs(5, 1))
    run_relay("orr", env)
    assert [(each["sent"], each["next_by"] is None) for each in statements(feed_env)] == [(0, False), (5, True)]
