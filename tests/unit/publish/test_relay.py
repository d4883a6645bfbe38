"""The relay's own decisions, with a broker that answers as told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber
from structlog.testing import capture_logs

from casefeed.kafka.topics import TopicDescription
from casefeed.publish import relay as room
from casefeed.publish import sender
from casefeed.publish.desk import Desk
from casefeed.publish.outbox import Outbox
from casefeed.publish.retry import Outage
from casefeed.runtime.errors import BrokerUnavailable, CheckFailed
from casefeed.runtime.settings import Settings
from casefeed.store import StoreError
from tests.desk_helpers import desk_input, event_inputs, record
from tests.unit.publish.fake_brokers import Broker


def ids_of(desk: Desk) -> list[str]:
    return [row[0].hex() for row in desk.db.execute("SELECT event_id FROM outbox_event ORDER BY number")]


def sent_ids(broker: Broker) -> list[str]:
    return [each.replace("-", "") for each in broker.taken]


async def test_a_batch_that_failed_goes_again_over_a_new_connection(desk: Desk, relaying: Any) -> None:
    """The idempotent producer is replaced, the same ids go again, and each is marked once."""
    record(desk, *event_inputs(5, 2))
    broker = Broker(1, error=OutOfOrderSequenceNumber())
    with capture_logs() as said:
        done = await relaying(broker)
    assert (done.events, broker.opened, sent_ids(broker)) == (10, 2, ids_of(desk))
    assert [each["event"] for each in said] == ["no answer, waiting", "it answers again"]


async def test_a_topic_is_described_anew_at_each_connection_but_the_first(desk: Desk, relaying: Any) -> None:
    """That it is good to publish into was found just before: a start on a slow network waits for no more."""
    record(desk, *event_inputs(5, 2))
    broker = Broker(1, error=OutOfOrderSequenceNumber())
    with capture_logs():
        await relaying(broker)
    assert (broker.opened, broker.described) == (2, 1)


async def test_a_batch_without_an_answer_is_unknown_and_goes_again(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken after all: the same events arrive twice, in the same order, and are marked once."""
    monkeypatch.setattr(sender, "ACK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(sender, "POLL_EVERY_S", 0.02)
    record(desk, *event_inputs(3, 2))
    broker = Broker(1)
    with capture_logs():
        done = await relaying(broker)
    assert (done.events, sent_ids(broker)) == (6, ids_of(desk) * 2)


async def test_nothing_is_marked_before_it_is_acknowledged(desk: Desk, relaying: Any) -> None:
    """A broker that fails for longer than the patience: all of it waits still, and nobody holds it."""
    record(desk, *event_inputs(3, 1))
    with capture_logs(), pytest.raises(BrokerUnavailable, match="waited 0 s"):
        await relaying(Broker(*range(1, 99), error=KafkaError()), wait_s=0)
    states = desk.db.execute("SELECT sent_at, claimed_by FROM outbox").fetchall()
    assert [tuple(each) for each in states] == [(None, None)] * 3


async def test_a_broker_that_forgot_where_has_it_all_the_same(desk: Desk, relaying: Any) -> None:
    """An acknowledgement without an offset (a batch taken twice) marks the event as sent, its place unknown."""
    record(desk, *event_inputs(2, 1))
    broker = Broker()
    broker.forgets = True
    assert (await relaying(broker)).events == 2
    places = desk.db.execute('SELECT partition, "offset" FROM outbox').fetchall()
    assert [tuple(each) for each in places] == [(0, None)] * 2


async def test_a_desk_that_is_locked_is_waited_for(
    desk: Desk, relaying: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer holds the file when the relay wants to mark: it says so, goes on, and what went twice is one."""
    record(desk, *event_inputs(2, 1))
    broker = Broker()
    mark, calls = Outbox.mark_sent, []

    def locked(self: Any, sent: Any) -> None:
        calls.append(len(sent))
        if len(calls) == 1:
            raise StoreError("the store is locked.", "SQLITE_BUSY")
        mark(self, sent)

    monkeypatch.setattr(Outbox, "mark_sent", locked)
    with capture_logs() as said:
        done = await relaying(broker)
    assert (done.events, sent_ids(broker)) == (2, ids_of(desk) * 2)
    assert (said[0]["service"], said[0]["code"]) == ("store", "SQLITE_BUSY")


async def test_another_cluster_is_not_written_to(desk: Desk, relaying: Any) -> None:
    """A connection made anew that leads to another cluster ends the relay; so does one started on another."""
    record(desk, desk_input("ChildLocated", 1))
    broker = Broker(1, error=KafkaError())
    topic = broker.ensured

    async def other(name: str, settings: Settings, say: Any) -> TopicDescription:
        found = await topic(name, settings, say)
        broker.cluster_id = "two"
        return found

    broker.ensured = other  # type: ignore[method-assign]
    with pytest.raises(CheckFailed, match="Another Kafka cluster answers"):
        await relaying(broker)
    await relaying(Broker())
    elsewhere = Broker()
    elsewhere.cluster_id = "three"
    with pytest.raises(CheckFailed, match="went to another Kafka cluster"):
        await relaying(elsewhere)
    assert (await relaying(elsewhere, from_start=True)).events == 1


async def test_numbers_are_learnt_anew_with_each_connection(desk: Desk, relaying: Any) -> None:
    """The registry was made anew during an outage of the broker: what goes again has the numbers of now."""
    record(desk, *event_inputs(3, 1))
    broker = Broker(1, error=KafkaError())
    close = broker.close

    async def made_anew() -> None:
        broker.number = 9
        await close()

    broker.close = made_anew  # type: ignore[method-assign]
    with capture_logs() as said:
        await relaying(broker)
    assert broker.numbers == [7] * 3 + [9] * 3
    assert "the registry was made anew, its numbers are others" in [each["event"] for each in said]


async def test_a_topic_made_anew_is_noticed_at_the_start_and_at_a_new_connection(desk: Desk, relaying: Any) -> None:
    """Where the last event acknowledged does not lie at its place nothing is sent, until all is sent again."""
    record(desk, *event_inputs(2, 1))
    await relaying(Broker())
    wiped = Broker()
    wiped.lost = 0
    with pytest.raises(CheckFailed, match=r"orr.case-events/0 .* made anew, .* --from-start"):
        await relaying(wiped)
    assert (await relaying(wiped, from_start=True)).events == 2
    record(desk, desk_input("ChildLocated", 9))
    later = Broker(1, error=KafkaError())
    later.taken = ["before"] * 9
    send = later.send

    async def fails_and_is_wiped(packed: dict[int, list[str]]) -> dict[int, asyncio.Future[Any]]:
        later.lost = 0
        return await send(packed)

    later.send = fails_and_is_wiped  # type: ignore[method-assign]
    with capture_logs(), pytest.raises(CheckFailed, match="made anew"):
        await relaying(later)
    assert later.sendings == 1


async def test_a_topic_made_anew_under_the_connection_is_noticed(desk: Desk, relaying: Any) -> None:
    """An offset that was given before is given again: the event is not taken for sent."""
    record(desk, *event_inputs(3, 1))
    await relaying(Broker())
    record(desk, desk_input("ChildLocated", 9))
    with pytest.raises(CheckFailed, match="made anew"):
        await relaying(Broker())
    assert desk.db.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL").fetchone()[0] == 1


async def test_who_waits_for_a_broker_holds_nothing(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one relay waits, another that reaches the broker may send what it had claimed."""
    record(desk, *event_inputs(3, 1))
    held: list[int] = []

    async def pause(self: Outage, error: Exception) -> None:
        held.append(claims(desk))

    monkeypatch.setattr(Outage, "wait", pause)
    await relaying(Broker(1, error=KafkaError()))
    assert held == [0]


async def test_a_relay_asked_to_end_lets_go(desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is not acknowledged in time is left unknown, and nothing stays claimed."""
    monkeypatch.setattr(room, "GRACE_S", 0.05)
    record(desk, *event_inputs(3, 1))
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
