"""A network that is slow, breaks in the middle of an answer, or swallows everything without closing a connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from casefeed.kafka.consumer import Consumer
from tests.desk_helpers import orr_desk, story
from tests.feedkit import Bench, make
from tests.live_intake import Live
from tests.network_silence import silent_then_healed
from tests.proxy import Proxy
from tests.relay_processes import (
    SMALL,
    answers_of,
    casefeed,
    end,
    in_order_and_whole,
    running,
    until,
    waiting,
)
from tests.restarts import environment
from tests.topic_records import held

# Deadlines of a second instead of ten and fifteen; tests/soak/test_network.py keeps the real ones.
IN_A_HURRY = (
    SMALL
    + """
from casefeed.kafka import producer
from casefeed.kafka import topics
producer.CALL_DEADLINE_S = topics.DEADLINE_S = 1.0
"""
)
WITHIN_SECONDS = 12.0


def transfers(bench: Bench, first: int, last: int) -> None:
    """Send a good record of each child from number `first` to `last`."""
    events = (make("ChildTransferred", child, 1) for child in range(first, last + 1))
    bench.send(*(bench.event("ChildTransferred", each) for each in events))


def test_an_answer_cut_in_the_middle_is_read_again(direct: Bench, proxied: Bench, proxy: Proxy) -> None:
    """Slowed down, and cut three times within a fetch: each event is applied once, none is read twice."""
    proxy.latency_s = 0.02

    async def act(live: Live) -> None:
        for number in range(3):
            proxy.cut_after(20_000, "client")
            transfers(direct, 1000 * number + 1, 1000 * number + 1000)
            await live.until(1000 * number + 1000)
            assert proxy.is_cut

    live = Live(proxied)
    asyncio.run(live.during(act))
    tally = live.progress.tally
    assert (tally.applied, tally.already_held, sum(tally.parked.values())) == (3000, 0, 0)


def test_a_batch_or_its_acknowledgement_cut_in_the_middle_arrives(
    direct: Bench, proxied: Bench, proxy: Proxy, tmp_path: Path
) -> None:
    """The relay sends on over a new connection: everything is on the topic, in order, once at the reader."""
    proxy.latency_s = 0.02
    command = casefeed("orr", "relay", script=SMALL)
    with running(command, environment(proxied, tmp_path)) as relay, orr_desk(tmp_path) as desk:
        answers = answers_of(desk, story(20, 2))
        until(lambda: waiting(desk) == 0)
        for _ in range(2):
            proxy.cut_after(2000, "broker")
            answers += answers_of(desk, story(40, 2))
            until(lambda: waiting(desk) == 0)
            assert proxy.is_cut
            proxy.cut_after(1, "client")
            answers += answers_of(desk, story(40, 2))
            until(lambda: waiting(desk) == 0)
            assert proxy.is_cut
        end(relay)
    in_order_and_whole(held(direct.bootstrap), answers)
    tally = direct.read().tally
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)


def test_a_silent_connection_is_found_out(
    direct: Bench, proxied: Bench, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is closed and nothing comes: reader and relay give the connection up, and all arrives over another."""
    monkeypatch.setattr(Consumer._call, "__defaults__", (1.0,))
    noticed, whole = silent_then_healed(direct, proxied, proxy, tmp_path, IN_A_HURRY)
    assert noticed < WITHIN_SECONDS
    assert whole < 2 * WITHIN_SECONDS
