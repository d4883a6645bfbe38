"""`casefeed ice gaps`, and the rule by which ICE asks senders for numbers that are missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.codec import Datum, decode
from casefeed.ledger.gap_requests import CHECK_EVERY_MS, GapRequestRule
from casefeed.ledger.gaps import request_id
from casefeed.read.gaps import open_gaps
from casefeed.read.store import SqliteStore
from casefeed.store import connect
from ice_caseload.agency import ICE
from tests.events import classified, raw, received
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import RECEIVED_MS, CommandResult, LedgerFixture
from tests.unit.read.helpers import PARTITIONS, take

RunCommand = Callable[..., CommandResult]
MINUTE = 60_000
TRANSFER = "ChildTransferred"


@pytest.fixture
def lossy(caseload: LedgerFixture) -> LedgerFixture:
    """Child 1 lacks ORR's numbers 2 and 3, child 2 the court's number 1; child 3 lacks nothing."""
    caseload.apply((TRANSFER, raw(TRANSFER, 1, 1)), ("AgedOut", raw("AgedOut", 1, 4)))
    caseload.apply(("HearingScheduled", raw("HearingScheduled", 2, 2, source="court-test")))
    caseload.apply((TRANSFER, raw(TRANSFER, 3, 1)))
    return caseload


@pytest.mark.finding("OIG-25-21/data-review")
def test_gaps_are_listed_with_child_source_numbers_and_since(lossy: LedgerFixture, ask: RunCommand) -> None:
    """In each format; filters narrow; nothing missing is good news."""
    told = ask("gaps", "list", "--format", "json").json
    assert [(each["child_key"], each["source"], each["first"], each["last"]) for each in told["gaps"]] == [
        (child_key(1), "orr-test", 2, 3),
        (child_key(2), "court-test", 1, 1),
    ]
    assert told["count"] == 2
    assert {each["asked_at"] for each in told["gaps"]} == {None}
    assert [row["missing"] for row in ask("gaps", "list", "--format", "csv").rows] == ["2", "1"]
    assert ask("gaps", "list", "--source", "court-test", "--format", "json").json["count"] == 1
    assert ask("gaps", "list", "--child", child_key(1), "--limit", "1", "--format", "json").json["count"] == 1
    table = ask("gaps", "list")
    assert table.code == 0
    for text in ("Gaps: 2", "2 to 3", "orr-test", "not asked", "Complete up to"):
        assert text in table.out
    assert "No number is missing" in ask("gaps", "list", "--child", child_key(3)).out
    assert ask("gaps", "list", "--child", "A000123456").code == 2


def test_what_is_open_past_the_stated_time_is_late(
    lossy: LedgerFixture, ask: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was noticed a day ago: late by the default, not by a setting of a week."""
    assert ask("gaps", "list", "--late", "--format", "json").json["count"] == 2
    monkeypatch.setenv("CASEFEED_GAP_ASKED_AFTER_MINUTES", "10080")
    assert ask("gaps", "list", "--late", "--format", "json").json["count"] == 0


def test_a_gap_makes_its_child_uncertain_until_the_numbers_come(lossy: LedgerFixture, ask: RunCommand) -> None:
    """In the case and in the scorecard."""
    case = ask("case", child_key(1), "--format", "json").json
    assert [(each["first"], each["last"]) for each in case["uncertain"]["missing"]] == [(2, 3)]
    assert ask("scorecard", "--format", "json").json["uncertain"] == {"children": 2, "parked": 0, "gaps": 2}
    lossy.apply(("AgedOut", raw("AgedOut", 1, 2)), ("AgedOut", raw("AgedOut", 1, 3)))
    assert ask("case", child_key(1), "--format", "json").json["uncertain"] is None


def requested_events(path: Path) -> list[Datum]:
    """What ICE's desk has recorded."""
    db = connect(path, read_only=True)
    try:
        kind = load_catalogue().by_name("EventsRequested")
        return [decode(kind, row[0]) for row in db.execute("SELECT datum FROM outbox_event ORDER BY number")]
    finally:
        db.close()


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def apply_events(store: SqliteStore, *events: tuple[int, int]) -> None:
    """Take events of ORR in, each as (child, number)."""
    take(store, *(classified("AgedOut", received("AgedOut", raw("AgedOut", child, n))) for child, n in events))


@pytest.mark.finding("OIG-25-21/data-review")
def test_the_sender_is_asked_once_for_what_is_missing_too_long(caseload: LedgerFixture) -> None:
    """Not before the stated time, not twice, and not for a gap noticed before the ends were first reached."""
    clock = Clock(RECEIVED_MS)
    with SqliteStore(caseload.path, now=clock, packages=("casefeed.ledger",)) as store:
        store.initialize_positions("c", PARTITIONS)
        apply_events(store, (9, 2))
        clock.at += MINUTE
        rule = GapRequestRule(ICE, 15, clock)
        rule(store)
        apply_events(store, (1, 2), (2, 2))
        noticed = clock.at
        clock.at += 15 * MINUTE - 1
        rule(store)
        assert store.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'outbox_event'").fetchone() is None
        apply_events(store, (2, 1))
        clock.at = noticed + 15 * MINUTE
        GapRequestRule(ICE, 15, clock)(store)
        (question,) = requested_events(caseload.path)
        (gap,) = open_gaps(store.db, child_keys=[child_key(1)])[0]
        for _ in range(2):
            clock.at += CHECK_EVERY_MS
            rule(store)
    assert len(requested_events(caseload.path)) == 1
    head = question["header"]
    assert (head["event_id"], head["child_key"]) == (request_id(gap), child_key(1))
    assert (head["causation_id"], head["occurred_at"]) == (str(gap.next_event_id), noticed)
    assert (head["agency"], head["synthetic"]) == ("ICE_ERO", True)
    assert (question["asked_source"], question["first_missing"], question["last_missing"]) == ("orr-test", 1, 1)
    assert question["missing_since"] == noticed


def test_a_question_that_lies_on_the_own_topic_is_not_asked_again(caseload: LedgerFixture) -> None:
    """A ledger built anew reads its own questions back: their ids are those that the rule would give."""
    clock = Clock(RECEIVED_MS)
    with SqliteStore(caseload.path, now=clock, packages=("casefeed.ledger",)) as store:
        store.initialize_positions("c", PARTITIONS)
        rule = GapRequestRule(ICE, 0, clock)
        rule(store)
        clock.at += CHECK_EVERY_MS
        apply_events(store, (1, 3))
        (gap,) = open_gaps(store.db)[0]
        before = raw("AgedOut", 1, 1, source="ice-desk-of-before")
        before["header"]["event_id"] = request_id(gap)
        take(store, classified("AgedOut", received("AgedOut", before)))
        rule(store)
        clock.at += CHECK_EVERY_MS
        rule(store)
        assert store.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'outbox_event'").fetchone() is None
        apply_events(store, (1, 1))
        clock.at += CHECK_EVERY_MS
        rule(store)
    assert [each["first_missing"] for each in requested_events(caseload.path)] == [2]


def test_a_desk_that_cannot_be_written_now_is_tried_again(
    caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process writes the file for long: the intake goes on, and asks at a later look."""
    clock = Clock(RECEIVED_MS)
    with SqliteStore(caseload.path, now=clock, packages=("casefeed.ledger",)) as store:
        store.initialize_positions("c", PARTITIONS)
        rule = GapRequestRule(ICE, 0, clock)
        rule(store)
        clock.at += CHECK_EVERY_MS
        apply_events(store, (1, 2))
        monkeypatch.setattr("casefeed.store.sqlite.BUSY_TIMEOUT_SECONDS", 0.05)
        with store.transaction():
            rule(store)
        clock.at += CHECK_EVERY_MS
        rule(store)
    assert len(requested_events(caseload.path)) == 1


def test_people_ask_for_gaps_of_the_past(lossy: LedgerFixture, ask: RunCommand) -> None:
    """`--ask` puts a question out for each that is listed and was not asked for, once; the list then says when."""
    first = ask("gaps", "ask", "--source", "orr-test", "--format", "json").json
    assert first["asked_now"] == 1
    assert len(requested_events(lossy.path)) == 1
    again = ask("gaps", "ask")
    assert "Asked for 1 gap now" in again.out
    assert "not asked" not in again.out
    assert [each["asked_source"] for each in requested_events(lossy.path)] == ["orr-test", "court-test"]
    assert "Asked for 0 gaps now" in ask("gaps", "ask").out


def test_a_table_has_as_many_rows_as_asked_for(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Fifty where nothing is asked for, whichever way they are listed."""
    caseload.apply(*((TRANSFER, raw(TRANSFER, child, 2)) for child in range(1, 53)))
    rows = [ask("gaps", *words).out.count("not asked") for words in (["list"], ["list", "--limit", "52"])]
    assert rows == [50, 52]
    assert "Gaps: the first 50 of 52" in ask("gaps", "list").out
    assert "Gaps: the first 50 of 52" in ask("gaps", "ask").out
