"""How an outage is waited for and said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from casefeed.publish.retry import Outage
from casefeed.runtime.errors import BrokerUnavailable, ClientStalled, RegistryUnavailable, Unacknowledged
from casefeed.runtime.health import ProcessHealth
from casefeed.store import StoreError


class Now:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def ticks(self) -> float:
        return self.seconds

    def clock(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


def patience(now: Now, wait_s: float = 60.0) -> Outage:
    return Outage(wait_s, clock=now.ticks, utc_clock=now.clock)


def test_an_outage_is_said_at_once_and_every_ten_seconds() -> None:
    """25 s of looking twice a second give three lines, each with since when, and one when it is over."""
    now = Now()
    waiting = patience(now)
    with capture_logs() as said:
        for _ in range(50):
            waiting.failed(BrokerUnavailable("Kafka is away."))
            now.seconds += 0.5
        waiting.recovered()
        waiting.recovered()
    assert [line["event"] for line in said] == ["no answer, waiting"] * 3 + ["it answers again"]
    assert [line["waited_s"] for line in said] == [0.0, 10.0, 20.0, 25.0]
    assert {line["since"] for line in said} == {"2026-01-01T00:00:00+00:00"}


def test_patience_ends() -> None:
    """After the time to wait the error is raised, of its kind, with since when."""
    now = Now()
    waiting = patience(now, wait_s=5)
    with capture_logs():
        waiting.failed(RegistryUnavailable("Away."))
        now.seconds += 5
        with pytest.raises(RegistryUnavailable, match=r"Away. Away since 2026-01-01T.*, waited 5 s"):
            waiting.failed(RegistryUnavailable("Away."))


def test_what_is_raised_in_the_end_knows_what_it_knew() -> None:
    """A store's error keeps SQLite's name of it: whoever hears of it can still tell a full disk from a lock."""
    waiting = patience(Now(), wait_s=0)
    with pytest.raises(StoreError, match=r"make room. Away since .*, waited 0 s") as raised:
        waiting.failed(StoreError("the store is full; make room", "SQLITE_FULL"))
    assert (raised.value.code, raised.value.is_transient) == ("SQLITE_FULL", True)
    assert raised.value.message == str(raised.value)


def test_each_outage_has_its_own_time() -> None:
    """What came back has the whole patience again."""
    now = Now()
    waiting = patience(now, wait_s=5)
    with capture_logs():
        for _ in range(10):
            waiting.failed(BrokerUnavailable("Away."))
            now.seconds += 4
            waiting.recovered()


async def test_the_answer_is_awaited() -> None:
    """What fails twice and then answers is asked three times."""
    asked = []

    async def ask() -> str:
        asked.append(1)
        if len(asked) < 3:
            raise BrokerUnavailable("Away.")
        return "here"

    with capture_logs() as said:
        assert await Outage(60.0).retry(ask) == "here"
    assert len(asked) == 3
    assert [line["event"] for line in said] == ["no answer, waiting", "it answers again"]


def test_a_broker_that_answers_and_acknowledges_nothing_ends_the_process_at_last() -> None:
    """Alive for two minutes, for replicas may be missing; then not; after five it ends, however patient it is."""
    now, vitals = Now(), ProcessHealth("the relay", "has not begun")
    waiting = Outage(None, clock=now.ticks, utc_clock=now.clock, health=vitals)
    lives = []
    with capture_logs():
        for _ in range(31):
            waiting.failed(Unacknowledged("Nothing is acknowledged."))
            lives.append(vitals.alive().ok)
            now.seconds += 10
        with pytest.raises(ClientStalled, match="process's client may be stuck"):
            waiting.failed(Unacknowledged("Nothing is acknowledged."))
    assert lives == [True] * 13 + [False] * 18


def test_a_broker_that_is_away_in_between_is_waited_for() -> None:
    """Who does not answer is away, and ending would not help: the time begins anew with each answer."""
    now, vitals = Now(), ProcessHealth("the relay", "has not begun")
    waiting = Outage(None, clock=now.ticks, utc_clock=now.clock, health=vitals)
    with capture_logs():
        for _ in range(100):
            waiting.failed(Unacknowledged("Nothing is acknowledged."))
            now.seconds += 60
            waiting.failed(BrokerUnavailable("Away."))
            now.seconds += 60
            assert vitals.alive().ok
            assert not vitals.ready().ok
        waiting.recovered()
    assert vitals.alive().message == "it goes on"
