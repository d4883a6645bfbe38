"""A network that is slow, breaks in the middle of an answer, or swallows everything without closing a connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from casefeed.kafka.consumer import Consumer
from tests.desk_helpers import event_inputs, orr_desk
from tests.feedkit import FeedEnv, make_event
from tests.live_intake import LiveIntake
from tests.network_silence import silent_then_healed
from tests.proxy import Proxy
from tests.relay_processes import (
    SMALL_BATCHES,
    assert_in_order_and_complete,
    command_line,
    pending_count,
    record_answers,
    running_process,
    terminate,
    wait_until,
)
from tests.restarts import environment
from tests.topic_records import topic_records

# Deadlines of a second instead of ten and fifteen; tests/soak/test_network.py keeps the real ones.
IN_A_HURRY = (
    SMALL_BATCHES
    + """
from casefeed.kafka import producer, topics
producer.CALL_TIMEOUT_S = topics.TIMEOUT_S = 1.0
"""
)
WITHIN_SECONDS = 12.0


def transfers(feed_env: FeedEnv, first: int, last: int) -> None:
    """Send a good record of each child from number `first` to `last`."""
    events = (make_event("ChildTransferred", child, 1) for child in range(first, last + 1))
    feed_env.send(*(feed_env.kafka_record("ChildTransferred", each) for each in events))


def test_an_answer_cut_in_the_middle_is_read_again(direct: FeedEnv, proxied: FeedEnv, proxy: Proxy) -> None:
    """Slowed down, and cut three times within a fetch: each event is applied once, none is read twice."""
    proxy.latency_s = 0.02

    async def act(live: LiveIntake) -> None:
        for number in range(3):
            proxy.cut_after(20_000, "client")
            transfers(direct, 1000 * number + 1, 1000 * number + 1000)
            await live.wait_until_applied(1000 * number + 1000)
            assert proxy.is_cut

    live = LiveIntake(proxied)
    asyncio.run(live.run_with(act))
    tally = live.progress.counts
    assert (tally.applied, tally.duplicates, sum(tally.parked.values())) == (3000, 0, 0)


def test_a_batch_or_its_acknowledgement_cut_in_the_middle_arrives(
    direct: FeedEnv, proxied: FeedEnv, proxy: Proxy, tmp_path: Path
) -> None:
    """The relay sends on over a new connection: everything is on the topic, in order, once at the reader."""
    proxy.latency_s = 0.02
    command = command_line("orr", "relay", script=SMALL_BATCHES)
    with running_process(command, environment(proxied, tmp_path)) as relay, orr_desk(tmp_path) as desk:
        answers = record_answers(desk, event_inputs(20, 2))
        wait_until(lambda: pending_count(desk) == 0)
        for _ in range(2):
            proxy.cut_after(2000, "broker")
            answers += record_answers(desk, event_inputs(40, 2))
            wait_until(lambda: pending_count(desk) == 0)
            assert proxy.is_cut
            proxy.cut_after(1, "client")
            answers += record_answers(desk, event_inputs(40, 2))
            wait_until(lambda: pending_count(desk) == 0)
            assert proxy.is_cut
        terminate(relay)
    assert_in_order_and_complete(topic_records(direct.bootstrap), answers)
    tally = direct.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)


def test_a_silent_connection_is_found_out(
    direct: FeedEnv, proxied: FeedEnv, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is closed and nothing comes: reader and relay give the connection up, and all arrives over another."""
    monkeypatch.setattr(Consumer._call, "__defaults__", (1.0,))
    noticed, whole = silent_then_healed(direct, proxied, proxy, tmp_path, IN_A_HURRY)
    assert noticed < WITHIN_SECONDS
    assert whole < 2 * WITHIN_SECONDS
