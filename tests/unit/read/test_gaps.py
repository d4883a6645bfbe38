"""Gaps: kept with the events, true whatever order they come in, and brought up from a file of an earlier release."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.read.gaps import compute_gaps, open_gaps
from casefeed.read.queries import uncertain_counts
from casefeed.read.store import SqliteStore
from tests.events import classified, raw, received
from tests.feedkit import child_key
from tests.unit.read.helpers import PARTITIONS, RECEIVED_MS, take

Told = tuple[int, str, int]
SOURCES = ("orr-test", "ice-test")
told = st.tuples(st.integers(1, 2), st.sampled_from(SOURCES), st.integers(1, 6))


def batch(*events: Told) -> list[object]:
    """Events, each as (child, source, number), as they are judged."""
    return [
        classified(
            "FailureToAppear", received("FailureToAppear", raw("FailureToAppear", child, number, source=source))
        )
        for child, source, number in events
    ]


def kept(store: SqliteStore) -> set[tuple[str, str, int, int, int]]:
    """The gaps that the store keeps: child, source, first, last, since."""
    return {(gap.child_key, gap.source, gap.first, gap.last, gap.since) for gap in open_gaps(store.db)[0]}


def expected(arrived: list[tuple[Told, int]]) -> set[tuple[str, str, int, int, int]]:
    """The gaps of what has arrived, each event with the time it did, counted anew and plainly."""
    found = set()
    for child, source in {(child, source) for (child, source, _), _ in arrived}:
        at = {number: time for (c, s, number), time in arrived if (c, s) == (child, source)}
        first = None
        for number in range(1, max(at) + 1):
            if number not in at and first is None:
                first = number
            if number in at and first is not None:
                since = min(time for other, time in at.items() if other >= number)
                found.add((child_key(child), source, first, number - 1, since))
                first = None
    return found


@given(st.sets(st.integers(1, 12)), st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4)), max_size=3))
def test_gaps_are_the_numbers_below_the_highest_that_are_neither_held_nor_given_up(
    held: set[int], given_up: list[tuple[int, int]]
) -> None:
    """Exactly those, in ranges that do not touch."""
    closed = sorted((first, first + more) for first, more in given_up)
    gaps = list(compute_gaps([(number, 0) for number in sorted(held)], closed))
    missing = [number for first, last, _ in gaps for number in range(first, last + 1)]
    done = held.union(*(range(first, last + 1) for first, last in closed))
    assert missing == [number for number in range(1, max(held, default=0)) if number not in done]
    assert all(after[0] > before[1] + 1 for before, after in pairwise(gaps))


@settings(max_examples=40)
@given(st.lists(st.lists(told, min_size=1, max_size=6, unique=True), max_size=5))
def test_whatever_comes_in_whatever_batches_the_gaps_are_those_of_the_log(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Told]]
) -> None:
    """After each batch: by child and source, from when the first event past the gap came; closed when it is whole."""
    clock = [RECEIVED_MS]
    with SqliteStore(tmp_path_factory.mktemp("gaps") / "x.db", now=lambda: clock[0]) as store:
        store.initialize_positions("c", PARTITIONS)
        arrived: list[tuple[Told, int]] = []
        for events in batches:
            fresh = [each for each in events if each not in {before for before, _ in arrived}]
            take(store, *batch(*fresh))  # type: ignore[arg-type]
            arrived += [(each, clock[0]) for each in fresh]
            clock[0] += 1
            assert kept(store) == expected(arrived)
        assert uncertain_counts(store.db)["gaps"] == len(expected(arrived))


def test_a_gap_names_the_event_past_it(store: SqliteStore) -> None:
    """The one that came first: what a question about the gap follows from."""
    later, past = raw("AgedOut", 1, 7), raw("AgedOut", 1, 4)
    take(store, classified("AgedOut", received("AgedOut", past)), classified("AgedOut", received("AgedOut", later)))
    first, second = open_gaps(store.db, child_keys=[child_key(1)])[0]
    assert [(each.first, each.last, each.missing) for each in (first, second)] == [(1, 3, 3), (5, 6, 2)]
    assert [str(each.next_event_id) for each in (first, second)] == [
        past["header"]["event_id"],
        later["header"]["event_id"],
    ]


def test_gaps_by_child_source_and_time(store: SqliteStore) -> None:
    """Each filter narrows; the count is of all that pass, whatever the limit; the longest open comes first."""
    for day, event in enumerate([(2, "orr-test", 3), (1, "orr-test", 2), (1, "ice-test", 2)]):
        store.now = lambda at=RECEIVED_MS + day: at  # type: ignore[misc]
        take(store, *batch(event))  # type: ignore[arg-type]

    def firsts(**filters: object) -> list[tuple[str, str]]:
        found, count = open_gaps(store.db, **filters)  # type: ignore[arg-type]
        assert count == len(found)
        return [(each.child_key, each.source) for each in found]

    one, two = child_key(1), child_key(2)
    assert firsts() == [(two, "orr-test"), (one, "orr-test"), (one, "ice-test")]
    assert firsts(child_keys=[one]) == [(one, "orr-test"), (one, "ice-test")]
    assert firsts(source="ice-test") == [(one, "ice-test")]
    assert firsts(since=RECEIVED_MS + 1, before=RECEIVED_MS + 2) == [(one, "orr-test")]
    found, count = open_gaps(store.db, limit=1)
    assert (len(found), count) == (1, 3)


def test_a_file_of_an_earlier_release_learns_its_gaps(tmp_path: Path) -> None:
    """The second migration finds what the log lacks, and says since when as if it had been kept all along."""
    path = tmp_path / "old.db"
    clock = [RECEIVED_MS]
    with SqliteStore(path, now=lambda: clock[0]) as store:
        store.initialize_positions("c", PARTITIONS)
        for event in [(1, "orr-test", 4), (1, "orr-test", 2), (2, "ice-test", 1), (2, "orr-test", 2)]:
            take(store, *batch(event))  # type: ignore[arg-type]
            clock[0] += 1
        now = kept(store)
    before_gaps(path)
    with SqliteStore(path, now=lambda: clock[0]) as store:
        assert kept(store) == now
        assert now == {
            (child_key(1), "orr-test", 1, 1, RECEIVED_MS),
            (child_key(1), "orr-test", 3, 3, RECEIVED_MS),
            (child_key(2), "orr-test", 1, 1, RECEIVED_MS + 3),
        }


def before_gaps(path: Path) -> None:
    """Put a file back to before the migration that made gaps and decisions."""
    first = (files("casefeed.read") / "migrations" / "0001_what_a_reader_keeps.sql").read_text()
    view = next(each for each in first.split(";") if "CREATE VIEW parked_record" in each)
    with sqlite3.connect(path) as db:
        db.execute("DROP VIEW parked_record")
        for column in ("event_id", "tried_by", "reason_now", "detail_now", "ended_by", "ended_as"):
            db.execute(f"ALTER TABLE parked DROP COLUMN {column}")
        for view_of_gaps in ("open_gap", "given_up"):
            db.execute(f"DROP VIEW {view_of_gaps}")
        for table in ("gap", "rule", "heartbeat", "closed_gap", "decision"):
            db.execute(f"DROP TABLE {table}")
        db.execute(view[view.index("CREATE VIEW") :])
        db.execute("DELETE FROM migration WHERE package = 'casefeed.read' AND number IN (2, 3)")
    db.close()
