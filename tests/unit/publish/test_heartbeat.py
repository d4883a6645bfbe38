"""Heartbeats as a relay sends them: at once, on and on, never ahead of what was acknowledged, and a last one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.codec import decode
from casefeed.contract.framing import cloud_event_headers
from casefeed.kafka.records import OutgoingRecord
from casefeed.publish import relay as room
from casefeed.publish.desk import Desk
from casefeed.publish.heartbeat import HeartbeatSender
from casefeed.publish.outbox import Outbox
from casefeed.publish.retry import Outage
from casefeed.publish.sender import TopicSender
from casefeed.runtime.errors import BrokerUnavailable
from casefeed.store import StoreError
from tests.archives import stories, write
from tests.desk_helpers import desk_input, event_inputs, orr_desk, record
from tests.feedkit import Raw
from tests.unit.publish.fake_brokers import Broker
from tests.unit.publish.test_import_archive import take

KIND = load_catalogue().by_name("SourceHeartbeat")


async def until(true: Callable[[], object]) -> None:
    """Return as soon as `true` answers so."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


async def test_the_first_is_said_at_once_and_the_last_promises_nothing(desk: Desk, relaying: Any) -> None:
    """What waits and since when, then what was sent; the next is promised, but not by the last."""
    (first, *_) = record(desk, *event_inputs(3, 1))
    broker = Broker()
    await relaying(broker)
    begin, end = broker.statements.said
    assert broker.statements.states() == [(0, 3, True), (3, 0, False)]
    (since,) = desk.db.execute("SELECT min(since) FROM outbox").fetchone()
    assert (begin["waiting_since"], end["waiting_since"]) == (since, None)
    assert begin["next_by"] - begin["header"]["stated_at"] == 90_000
    assert (begin["header"]["source"], begin["header"]["agency"]) == (first.source, "ORR")
    assert begin["header"]["statement_id"] != end["header"]["statement_id"]


async def test_an_idle_relay_beats_on(desk: Desk, relaying: Any) -> None:
    """Nothing to report is said too, until it is stopped."""
    record(desk, *event_inputs(1, 1))
    stop, broker = asyncio.Event(), Broker()
    working = asyncio.create_task(relaying(broker, stop, every_s=0.02, until_empty=False))
    await until(lambda: len(broker.statements.said) > 5)
    stop.set()
    await working
    *_, one, two, last = broker.statements.states()
    assert (one, two, last) == ((1, 0, True), (1, 0, True), (1, 0, False))
    times = [each["header"]["stated_at"] for each in broker.statements.said]
    assert times == sorted(set(times))


async def test_a_backlog_does_not_keep_it_from_beating_nor_from_the_truth(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While chunk after chunk goes out it is said how far they are, and never further than was acknowledged."""
    monkeypatch.setattr(room, "CLAIM_EVENTS", 10)
    record(desk, *event_inputs(100, 3))
    broker, ahead = Broker(), list[int]()
    send, state = broker.send, broker.statements.send

    async def slow(packed: dict[int, list[str]]) -> dict[int, asyncio.Future[Any]]:
        await asyncio.sleep(0.01)
        return await send(packed)

    async def held_to(packed: dict[int, list[OutgoingRecord]]) -> dict[int, asyncio.Future[Any]]:
        told = [decode(each.event_type, each.datum) for rows in packed.values() for each in rows]
        ahead.extend(each["sent"] - len(broker.taken) for each in told)
        return await state(packed)

    broker.send = slow  # type: ignore[method-assign]
    broker.statements.send = held_to  # type: ignore[method-assign]
    await relaying(broker, every_s=0.03)
    told = [sent for sent, _, _ in broker.statements.states()]
    assert len(set(told)) > 4
    assert told == sorted(told)
    assert max(ahead) <= 0
    assert {sent + waiting for sent, waiting, _ in broker.statements.states()} == {300}


async def test_what_was_taken_and_not_marked_is_not_said_to_be_sent(
    desk: Desk, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk cannot be written when the broker acknowledges: what is not marked waits."""
    record(desk, *event_inputs(2, 1))
    mark, refused = Outbox.mark_sent, list[Any]()

    def full(self: Any, sent: Any) -> None:
        if len(refused) < 5:
            refused.append(sent)
            raise StoreError("the store is full; make room", "SQLITE_FULL")
        mark(self, sent)

    monkeypatch.setattr(Outbox, "mark_sent", full)
    broker = Broker()
    with capture_logs():
        await relaying(broker, every_s=0.001)
    assert len(broker.taken) == 12
    assert {(sent, waiting) for sent, waiting, _ in broker.statements.states()} == {(0, 2), (2, 0)}


async def test_statements_that_fail_hold_up_no_event(desk: Desk, relaying: Any) -> None:
    """The outage is said, the events are sent meanwhile, and the heartbeat goes as soon as it can."""
    record(desk, *event_inputs(3, 1))
    stop, broker = asyncio.Event(), Broker()
    broker.statements.failing = set(range(1, 4))
    with capture_logs() as said:
        working = asyncio.create_task(relaying(broker, stop, until_empty=False))
        await until(lambda: broker.statements.said)
        stop.set()
        await working
    assert len(broker.taken) == 3
    assert broker.statements.sendings == 5
    assert [each["event"] for each in said] == ["no answer, waiting", "it answers again"]


async def test_statements_that_fail_for_too_long_end_the_relay(desk: Desk, relaying: Any) -> None:
    """As any outage does, when the patience with it is over."""
    record(desk, *event_inputs(3, 1))
    broker = Broker()
    broker.statements.failing = set(range(1, 99))
    with capture_logs(), pytest.raises(BrokerUnavailable, match="waited 0 s"):
        await relaying(broker, wait_s=0, until_empty=False)


async def test_a_source_of_which_nothing_was_said_is_spoken_for_at_once(desk: Desk, relaying: Any) -> None:
    """A desk that recorded nothing has no source and says nothing; its first event brings the first heartbeat."""
    stop, broker = asyncio.Event(), Broker()
    working = asyncio.create_task(relaying(broker, stop, until_empty=False))
    await until(lambda: desk.db.execute("SELECT 1 FROM outbox_cluster").fetchone())
    await asyncio.sleep(0.05)
    assert broker.statements.said == []
    with orr_desk(desk.path.parent) as other:
        record(other, desk_input("ChildLocated", 1))
    await until(lambda: broker.statements.said)
    stop.set()
    await working


def test_an_archive_that_was_taken_in_is_not_counted(desk: Desk, tmp_path: Path) -> None:
    """Of an adopted source the outbox's own events are told; a source that numbers nothing here is not spoken for."""
    take(desk, write(tmp_path / "a.avro", stories(3)))
    record(desk, desk_input("ChildLocated", 1))
    desk.db.execute("INSERT INTO outbox_source (name, agency, kind) VALUES ('orr-other', 'ORR', 'archived')")
    assert [(each["header"]["source"], each["sent"], each["waiting"]) for each in said(heart(desk))] == [
        ("orr-test", 0, 1)
    ]


def heart(desk: Desk, every_s: float = 60.0) -> HeartbeatSender:
    """The heart of a relay of its own."""
    return HeartbeatSender(desk, cast(TopicSender, None), 3, every_s, Outage(None))


def said(of: HeartbeatSender, *, last: bool = False) -> list[Raw]:
    """What a heart says now; its bytes, key and headers are those of the contract."""
    found = []
    for each in of._statements(last):
        statement = decode(each.event_type, each.datum)
        assert each.event_type is KIND
        assert (each.key.decode(), each.headers) == (
            statement["header"]["source"],
            cloud_event_headers(KIND, statement),
        )
        found.append(statement)
    return found


def test_a_relay_that_ends_leaves_the_promise_of_the_other_standing(desk: Desk) -> None:
    """Two relays on one desk: the source has ended when the last of them has, and not before."""
    record(desk, desk_input("ChildLocated", 1))
    one, two = heart(desk), heart(desk, every_s=120)
    said(one)
    (standing,) = said(two)
    assert [each["next_by"] for each in said(one, last=True)] == [standing["next_by"]]
    assert [each["next_by"] for each in said(two, last=True)] == [None]


def test_what_waits_is_counted_at_the_time_that_is_stated(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has the desk to himself and records: the heart that waits for him tells of what he recorded."""
    record(desk, desk_input("ChildLocated", 1))
    transaction = desk.transaction

    def after_another() -> Any:
        with orr_desk(desk.path.parent) as other:
            record(other, desk_input("ChildLocated", 2))
        return transaction()

    monkeypatch.setattr(desk, "transaction", after_another)
    assert [each["waiting"] for each in said(heart(desk))] == [2]


def test_a_promise_that_is_past_stands_for_nothing(desk: Desk) -> None:
    """A relay that was killed long ago keeps no other from ending in good order, and leaves no row behind."""
    record(desk, desk_input("ChildLocated", 1))
    killed, other = heart(desk), heart(desk)
    said(killed)
    desk.db.execute("UPDATE outbox_promise SET stated_at = stated_at - 900000, next_by = next_by - 900000")
    said(other)
    assert [each["next_by"] for each in said(other, last=True)] == [None]
    assert desk.db.execute("SELECT count(*) FROM outbox_promise").fetchone()[0] == 1


def test_no_promise_ends_before_it_is_made(desk: Desk) -> None:
    """A clock was set back: what a relay that died had promised lies before what is said now, and is no promise."""
    record(desk, desk_input("ChildLocated", 1))
    killed, other = heart(desk), heart(desk)
    said(killed)
    said(other)
    ahead = "UPDATE outbox_promise SET stated_at = stated_at + 3600000, next_by = next_by + 3600000 WHERE relay = ?"
    desk.db.execute(ahead, (other._relay_id,))
    assert [each["next_by"] for each in said(other, last=True)] == [None]


def test_no_statement_is_earlier_than_the_one_before(desk: Desk) -> None:
    """A reader keeps the latest of a source: a clock that was set back loses none, whichever relay speaks."""
    record(desk, desk_input("ChildLocated", 1))
    one, two = heart(desk), heart(desk)
    said(one)
    desk.db.execute("UPDATE outbox_promise SET stated_at = stated_at + 3600000, next_by = next_by + 3600000")
    times = [each["header"]["stated_at"] for who in (two, one, two, one) for each in said(who)]
    assert times == sorted(set(times))
    assert times[0] > desk.db.execute("SELECT now FROM outbox_clock").fetchone()[0]
