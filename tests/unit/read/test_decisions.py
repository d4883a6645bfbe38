"""What nothing else can end ends by decision: numbers that are given up, a source of which nothing is expected."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from casefeed.read.decisions import (
    Decision,
    GapFilter,
    SourceFilter,
    close_gaps,
    end_source,
    list_decisions,
    reopen_gaps,
)
from casefeed.read.event_log import last_seq
from casefeed.read.gaps import closed_gap_counts, closed_gaps, closed_gaps_of, open_gaps, refresh_gaps
from casefeed.read.heartbeats import source_statuses
from casefeed.read.queries import uncertain_children, uncertain_counts
from casefeed.read.statements import SQL
from casefeed.read.store import SharedStore, SqliteStore
from tests.events import classified, raw, received
from tests.feedkit import child_key
from tests.unit.read.helpers import RECEIVED_MS, promise, take

LATER_MS = RECEIVED_MS + 3_600_000
ONE = child_key(1)


@pytest.fixture
def beside(store: SqliteStore) -> Iterator[SharedStore]:
    """The same file, while the reader has it."""
    with SharedStore(store.path, now=lambda: LATER_MS) as opened:
        yield opened


def hold(store: SqliteStore, *numbers: int, child: int = 1, source: str = "orr-test") -> None:
    """Take events of a child in, by their numbers."""
    events = (raw("AgedOut", child, number, source=source) for number in numbers)
    take(store, *(classified("AgedOut", received("AgedOut", each)) for each in events))


def which(source: str | None = None, first: int | None = None, last: int | None = None) -> Decision[GapFilter]:
    """Somebody's decision about numbers of the first child."""
    return Decision("J. Doe", "the desk was lost with its disk", GapFilter((ONE,), source, first, last))


def close(beside: SharedStore, decision: Decision[GapFilter], *, keep: bool = True) -> list[tuple[int, int]]:
    """The runs that a closing gives up."""
    made = close_gaps(beside, decision, uncertain_counts, commit=keep, noticed_up_to=last_seq(beside.db))
    return [(each.first, each.last) for each in made.results]


def reopen(beside: SharedStore, first: int | None = None, last: int | None = None) -> list[tuple[int, int]]:
    """The runs that are waited for again."""
    made = reopen_gaps(beside, which(first=first, last=last), uncertain_counts, commit=True)
    return [(each.first, each.last) for each in made.results]


def missing(store: SqliteStore) -> list[tuple[int, int]]:
    """The runs that are missing."""
    return [(gap.first, gap.last) for gap in open_gaps(store.db)[0]]


def runs_given_up(store: SqliteStore) -> list[tuple[int, int, int]]:
    """The runs that are given up, with how many of their numbers are missing."""
    return [(gap.first, gap.last, gap.missing) for gap in closed_gaps(store.db)[0]]


def test_a_child_is_certain_by_what_was_given_up(store: SqliteStore, beside: SharedStore) -> None:
    """Who, why and what is kept; another child, and what is parked, is as uncertain as before."""
    hold(store, 2, 5)
    hold(store, 2, child=2)
    made = close_gaps(beside, which(), uncertain_counts, commit=True, noticed_up_to=last_seq(beside.db))
    assert [(each.source, each.first, each.last) for each in made.results] == [
        ("orr-test", 1, 1), ("orr-test", 3, 4),
    ]  # fmt: skip
    assert (made.before["gaps"], made.after["gaps"], made.after["children"]) == (3, 1, 1)
    assert uncertain_children(store.db, [ONE, child_key(2)]) == {child_key(2)}
    found, count = closed_gaps(store.db, child_keys=[ONE])
    assert count == 2
    assert {(each.decision, each.at, each.by, each.reason) for each in found} == {
        (made.decision_id, LATER_MS, "J. Doe", "the desk was lost with its disk")
    }
    (kept,) = list_decisions(store.db)
    assert (kept.what, kept.closed, kept.filter) == ("close-gaps", 2, {"child_keys": [ONE]})


def test_a_closing_that_is_only_tried_changes_nothing(store: SqliteStore, beside: SharedStore) -> None:
    """It says what it would do; and one of nothing is no decision."""
    hold(store, 3)
    assert close(beside, which(), keep=False) == [(1, 2)]
    assert (missing(store), runs_given_up(store), list_decisions(store.db)) == ([(1, 2)], [], [])
    assert close(beside, which()) == [(1, 2)]
    assert close(beside, which()) == []
    assert len(list_decisions(store.db)) == 1


def test_only_what_is_named_is_given_up(store: SqliteStore, beside: SharedStore) -> None:
    """From a number, to a number, of a source; what is left of a run is missing still."""
    hold(store, 9)
    hold(store, 2, source="ice-test")
    assert close(beside, which("orr-test", 3, 5)) == [(3, 5)]
    assert missing(store) == [(1, 1), (1, 2), (6, 8)]
    assert close(beside, which("orr-test", 7)) == [(7, 8)]
    assert missing(store) == [(1, 1), (1, 2), (6, 6)]
    assert runs_given_up(store) == [(7, 8, 2), (3, 5, 3)]


def test_all_of_a_source_is_given_up_at_once(store: SqliteStore, beside: SharedStore) -> None:
    """Of every child whose numbers it gave; what another source numbered is missing still."""
    for child in (1, 2):
        hold(store, 2, child=child)
        hold(store, 3, child=child, source="ice-test")
    decision = Decision("J. Doe", "its disk was lost", GapFilter(source="orr-test"))
    made = close_gaps(beside, decision, uncertain_counts, commit=True, noticed_up_to=last_seq(beside.db))
    assert {(each.child_key, each.first, each.last) for each in made.results} == {
        (child_key(1), 1, 1), (child_key(2), 1, 1),
    }  # fmt: skip
    assert {(gap.source, gap.first, gap.last) for gap in open_gaps(store.db)[0]} == {("ice-test", 1, 2)}
    made = reopen_gaps(beside, decision, uncertain_counts, commit=True)
    assert (len(made.results), made.after["gaps"]) == (2, 4)


@pytest.mark.parametrize("order", [(3, 6, 7), (7, 6, 3), (6, 3, 7)])
def test_what_comes_all_the_same_is_taken_in(store: SqliteStore, beside: SharedStore, order: tuple[int, ...]) -> None:
    """In whatever order: it is held, what was given up beside it stays so, a new gap is a gap."""
    hold(store, 5)
    close(beside, which())
    for number in order:
        hold(store, number)
    assert [row[0] for row in store.db.execute("SELECT sequence FROM event ORDER BY 1")] == [3, 5, 6, 7]
    assert runs_given_up(store) == [(1, 4, 3)]
    assert missing(store) == []
    hold(store, 10)
    assert missing(store) == [(8, 9)]


def test_what_was_given_up_is_waited_for_again(store: SqliteStore, beside: SharedStore) -> None:
    """As it was given up, but for what has come since; what was whole since is not, nor is it twice."""
    hold(store, 3, 6)
    close(beside, which())
    hold(store, 1, 2, 4)
    assert runs_given_up(store) == [(4, 5, 1)]
    assert reopen(beside) == [(4, 5)]
    assert (missing(store), runs_given_up(store)) == ([(5, 5)], [])
    assert reopen(beside) == []
    assert close(beside, which()) == [(5, 5)]
    assert [(each.what, each.closed, each.reopened) for each in list_decisions(store.db)] == [
        ("close-gaps", 1, 0), ("reopen-gaps", 0, 1), ("close-gaps", 2, 0),
    ]  # fmt: skip


def test_only_the_runs_that_are_named_are_waited_for_again(store: SqliteStore, beside: SharedStore) -> None:
    """Each whole that a number of the choice lies in; who gave up what before is not rewritten."""
    hold(store, 2, 5, 8)
    first = close_gaps(beside, which(), uncertain_counts, commit=True, noticed_up_to=last_seq(beside.db)).decision_id
    assert reopen(beside, first=4, last=6) == [(3, 4), (6, 7)]
    assert runs_given_up(store) == [(1, 1, 1)]
    close(beside, which(first=3, last=4))
    assert reopen(beside, first=3, last=3) == [(3, 4)]
    rows = store.db.execute("SELECT decision, reopened_by FROM closed_gap WHERE first = 3 ORDER BY 1").fetchall()
    assert [tuple(row) for row in rows] == [(first, 2), (3, 4)]


def test_nobody_gives_up_what_nobody_was_shown(store: SqliteStore, beside: SharedStore) -> None:
    """A gap that was noticed between the look and the decision stays a gap."""
    hold(store, 3)
    seen = last_seq(store.db)
    hold(store, 2, 9)
    made = close_gaps(beside, which(), uncertain_counts, commit=True, noticed_up_to=seen)
    assert [(each.first, each.last) for each in made.results] == [(1, 1)]
    assert missing(store) == [(4, 8)]


def test_thousands_of_runs_of_a_child_are_one_look_at_its_numbers(
    store: SqliteStore, beside: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one a run: a decision holds up the intake."""
    hold(store, *range(2, 4000, 2))
    looks: list[int] = []

    def look(db: sqlite3.Connection, child: int, source: int) -> None:
        looks.append(child)
        refresh_gaps(db, child, source)

    monkeypatch.setattr("casefeed.read.decisions.refresh_gaps", look)
    assert len(close(beside, which())) == 1999
    assert (len(looks), missing(store)) == (1, [])
    assert len(reopen(beside)) == 1999
    assert (len(looks), len(missing(store))) == (2, 1999)


def test_what_was_given_up_is_found_by_child_and_by_source(store: SqliteStore, beside: SharedStore) -> None:
    """And counted: numbers that never came, and the runs that they were in."""
    hold(store, 3)
    hold(store, 2, source="ice-test")
    hold(store, 2, child=2)
    everything = Decision("J. Doe", "lost", GapFilter())
    close_gaps(beside, everything, uncertain_counts, commit=True, noticed_up_to=last_seq(beside.db))
    hold(store, 1)
    by_source = closed_gaps(store.db, source="ice-test")[0]
    assert [(each.child_key, each.first) for each in by_source] == [(ONE, 1)]
    found = [(each.source, each.first, each.last, each.missing) for each in closed_gaps_of(store.db, [ONE])]
    assert found == [("ice-test", 1, 1, 1), ("orr-test", 1, 2, 1)]
    assert closed_gap_counts(store.db) == {"gaps": 3, "numbers": 3}


def end(beside: SharedStore, source: str, heard_at: int = LATER_MS) -> list[str]:
    """The sources that a decision ends."""
    decision = Decision("J. Doe", "the desk was lost", SourceFilter(source))
    made = end_source(beside, decision, uncertain_counts, commit=True, heartbeat_at=heard_at)
    return [each.source for each in made.results]


def test_a_source_that_was_heard_meanwhile_does_not_end(store: SqliteStore, beside: SharedStore) -> None:
    """Nor one that ended in good order, unless events of it wait."""
    promise(store, "orr-back", RECEIVED_MS + 60_000)
    promise(store, "orr-left", None, waiting=2)
    assert end(beside, "orr-back", RECEIVED_MS + 4999) == []
    assert end(beside, "orr-left") == ["orr-left"]


def test_a_source_that_was_built_anew_is_expected_whatever_its_clock_says(
    store: SqliteStore, beside: SharedStore
) -> None:
    """What the broker got after its last word ends the decision, though its own clock was set back."""
    promise(store, "orr-gone", RECEIVED_MS + 60_000)
    end(beside, "orr-gone")
    row = ("orr-gone", "orr.statements", "ORR", 1_000_000, 1_060_000, 7, 0, None, LATER_MS, LATER_MS)
    with store.transaction() as db:
        db.execute(SQL["upsert_heartbeat"], row)
    (found,) = source_statuses(store.db)
    assert (found.ended_by, found.timeliness(LATER_MS + 10**9)) == (None, "silent")


def test_nothing_is_expected_of_a_source_that_was_ended_until_it_is_heard(
    store: SqliteStore, beside: SharedStore
) -> None:
    """It is not late then; heard again, its promise counts; an old word of it, come late, changes nothing."""
    promise(store, "orr-gone", RECEIVED_MS + 60_000)
    promise(store, "orr-done", None)
    assert end(beside, "orr-done") == end(beside, "orr-unknown") == []
    assert end(beside, "orr-gone") == ["orr-gone"]
    assert end(beside, "orr-gone") == []
    promise(store, "orr-gone", RECEIVED_MS, stated_at=RECEIVED_MS - 60_000)
    by = {each.source: each for each in source_statuses(store.db)}
    assert (by["orr-gone"].ended_by, by["orr-gone"].due_at) == (1, None)
    assert by["orr-gone"].timeliness(RECEIVED_MS + 10**9) == "ended"
    promise(store, "orr-gone", RECEIVED_MS + 120_000, stated_at=RECEIVED_MS + 60_000)
    by = {each.source: each for each in source_statuses(store.db)}
    assert (by["orr-gone"].ended_by, by["orr-gone"].timeliness(RECEIVED_MS + 10**9)) == (None, "silent")
