"""The relay's own decisions, with a broker that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber
from structlog.testing import capture_logs

from casefeed.contract import catalogue
from casefeed.publish import patience, sending
from casefeed.publish import relay as room
from casefeed.publish.desk import Desk
from casefeed.publish.outbox import Outbox
from casefeed.publish.patience import Patience
from casefeed.publish.relay import Relaying, relay
from casefeed.sqlite import StoreFault
from casefeed.wire import topics
from casefeed.wire.errors import AnswerIsNo, BrokerUnavailable
from casefeed.wire.producer import Outgoing
from casefeed.wire.settings import Settings
from casefeed.wire.topics import Topic
from tests.desks import given, orr_desk, record, story


class Broker:
    """Stands for Kafka, its client and the registry: keeps what it took, fails the sendings it is told to fail."""

    def __init__(self, *failing: int, error: Exception | None = None) -> None:
        self.failing = failing
        self.error = error
        self.cluster_id = "one"
        self.forgets = False
        self.sendings = self.opened = 0
        self.taken: list[str] = []

    async def open(self) -> Broker:
        self.opened += 1
        return self

    async def close(self) -> None:
        pass

    def pack(self, records: dict[int, list[Outgoing]]) -> dict[int, list[str]]:
        return {partition: [each.event_id for each in rows] for partition, rows in records.items()}

    async def send(self, packed: dict[int, list[str]]) -> dict[int, asyncio.Future[Any]]:
        self.sendings += 1
        sent = {}
        for partition, batch in packed.items():
            sent[partition] = asyncio.get_running_loop().create_future()
            if self.sendings not in self.failing:
                sent[partition].set_result(SimpleNamespace(offset=-1 if self.forgets else len(self.taken)))
                self.taken += batch
            elif self.error is not None:
                sent[partition].set_exception(self.error)
            else:  # never an answer, and yet it was taken
                self.taken += batch
        return sent

    async def describe(self, bootstrap: str, name: str) -> Topic:
        return Topic(name, self.cluster_id, 1, 1, {})

    async def ensured(self, name: str, settings: Settings, say: Any) -> Topic:
        return Topic(name, self.cluster_id, 1, 1, {})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """ORR's desk, open."""
    with orr_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def relaying(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Relays until nothing waits, to a broker that is none."""

    def run(broker: Broker, stop: asyncio.Event | None = None, **plan: Any) -> Any:
        ids = dict.fromkeys(catalogue.load().types, 7)

        async def ensure_registered(self: object, kinds: object, topic: str) -> dict[str, int]:
            return ids

        monkeypatch.setattr(topics, "describe", broker.describe)
        monkeypatch.setattr(room, "ensured", broker.ensured)
        monkeypatch.setattr(sending, "Producer", lambda bootstrap, topic: broker)
        monkeypatch.setattr("casefeed.wire.registry.Registry.ensure_registered", ensure_registered)
        monkeypatch.setattr(patience, "RETRY_EVERY_S", 0.0)
        settings = Settings(home=tmp_path, registry_url="http://127.0.0.1:1")
        return relay(desk, Relaying(until_empty=True, **plan), settings, stop or asyncio.Event())

    return run


def ids_of(desk: Desk) -> list[str]:
    return [row[0].hex() for row in desk.db.execute("SELECT event_id FROM outbox_event ORDER BY number")]


def sent_ids(broker: Broker) -> list[str]:
    return [each.replace("-", "") for each in broker.taken]


async def test_a_batch_that_failed_goes_again_over_a_new_connection(desk: Desk, relaying: Any) -> None:
    """The idempotent producer is replaced, the same ids go again, and each is marked once."""
    record(desk, *story(5, 2))
    broker = Broker(1, error=OutOfOrderSequenceNumber())
    with capture_logs() as said:
        done = await relaying(broker)
    assert (done.events, broker.opened, sent_ids(broker)) == (10, 2, ids_of(desk))
    assert [each["event"] for each in said] == ["no answer, waiting", "it answers again"]


async def test_a_batch_without_an_answer_is_unknown_and_goes_again(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken after all: the same events arrive twice, in the same order, and are marked once."""
    monkeypatch.setattr(sending, "UNKNOWN_AFTER_S", 0.05)
    monkeypatch.setattr(sending, "LOOK_EVERY_S", 0.02)
    record(desk, *story(3, 2))
    broker = Broker(1)
    with capture_logs():
        done = await relaying(broker)
    assert (done.events, sent_ids(broker)) == (6, ids_of(desk) * 2)


async def test_nothing_is_marked_before_it_is_acknowledged(desk: Desk, relaying: Any) -> None:
    """A broker that fails for longer than the patience: all of it waits still, and nobody holds it."""
    record(desk, *story(3, 1))
    with capture_logs(), pytest.raises(BrokerUnavailable, match="waited 0 s"):
        await relaying(Broker(*range(1, 99), error=KafkaError()), wait_s=0)
    states = desk.db.execute("SELECT sent_at, claimed_by FROM outbox").fetchall()
    assert [tuple(each) for each in states] == [(None, None)] * 3


async def test_a_broker_that_forgot_where_has_it_all_the_same(desk: Desk, relaying: Any) -> None:
    """An acknowledgement without an offset (a batch taken twice) marks the event as sent, its place unknown."""
    record(desk, *story(2, 1))
    broker = Broker()
    broker.forgets = True
    assert (await relaying(broker)).events == 2
    places = desk.db.execute('SELECT partition, "offset" FROM outbox').fetchall()
    assert [tuple(each) for each in places] == [(0, None)] * 2


async def test_a_desk_that_is_locked_is_waited_for(
    desk: Desk, relaying: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer holds the file when the relay wants to mark: it says so, goes on, and what went twice is one."""
    record(desk, *story(2, 1))
    broker = Broker()
    mark, calls = Outbox.mark, []

    def locked(self: Any, sent: Any) -> None:
        calls.append(len(sent))
        if len(calls) == 1:
            raise StoreFault("the store is locked.", "SQLITE_BUSY")
        mark(self, sent)

    monkeypatch.setattr(Outbox, "mark", locked)
    with capture_logs() as said:
        done = await relaying(broker)
    assert (done.events, sent_ids(broker)) == (2, ids_of(desk) * 2)
    assert (said[0]["service"], said[0]["code"]) == ("store", "SQLITE_BUSY")


async def test_another_cluster_is_not_written_to(desk: Desk, relaying: Any) -> None:
    """A connection made anew that leads to another cluster ends the relay; so does one started on another."""
    record(desk, given("ChildLocated", 1))
    broker = Broker(1, error=KafkaError())
    topic = broker.ensured

    async def other(name: str, settings: Settings, say: Any) -> Topic:
        found = await topic(name, settings, say)
        broker.cluster_id = "two"
        return found

    broker.ensured = other  # type: ignore[method-assign]
    with pytest.raises(AnswerIsNo, match="Another Kafka cluster answers"):
        await relaying(broker)
    await relaying(Broker())
    elsewhere = Broker()
    elsewhere.cluster_id = "three"
    with pytest.raises(AnswerIsNo, match="went to another Kafka cluster"):
        await relaying(elsewhere)
    assert (await relaying(elsewhere, from_start=True)).events == 1


async def test_who_waits_for_a_broker_holds_nothing(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one relay waits, another that reaches the broker may send what it had claimed."""
    record(desk, *story(3, 1))
    held: list[int] = []

    async def pause(self: Patience, error: Exception) -> None:
        held.append(claims(desk))

    monkeypatch.setattr(Patience, "pause", pause)
    await relaying(Broker(1, error=KafkaError()))
    assert held == [0]


async def test_a_relay_asked_to_end_lets_go(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is not acknowledged in time is left unknown, and nothing stays claimed."""
    monkeypatch.setattr(room, "GRACE_S", 0.05)
    record(desk, *story(3, 1))
    stop, broker = asyncio.Event(), Broker(1)
    working = asyncio.create_task(relaying(broker, stop))
    while not broker.sendings:
        await asyncio.sleep(0.01)
    assert claims(desk) == 3
    stop.set()
    assert (await working).events == 0
    assert claims(desk) == 0


def claims(desk: Desk) -> int:
    return int(desk.db.execute("SELECT count(*) FROM outbox WHERE claimed_by IS NOT NULL").fetchone()[0])
