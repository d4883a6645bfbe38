"""Gaps: numbers of a child and source that are missing below one that is held, and that nobody has given up.

They are kept beside the log in the transaction that holds its events, so that every question about them is an index
away. A child whose numbers are whole costs a look-up an event. How they end by decision is in `decisions`.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

from casefeed.read.statements import SQL, limited_rows
from casefeed.store import StoreFile, json_array


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a child and source that are missing below one that is held: from `first` to `last`.

    `since` (ms UTC) is when the event past the gap that came first, `next_event_id`, was received.
    """

    child_key: str
    source: str
    first: int
    last: int
    since: int
    next_event_id: UUID

    @property
    def missing(self) -> int:
        """How many numbers are missing."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class ClosedGap:
    """Numbers that a decision gave up: from `first` to `last`, of which so many as `missing` have not come since."""

    child_key: str
    source: str
    first: int
    last: int
    missing: int
    decision: int
    at: int
    by: str
    reason: str


def compute_gaps(
    stored: Sequence[tuple[int, int]], closed: Sequence[tuple[int, int]] = ()
) -> Iterator[tuple[int, int, int]]:
    """The gaps between numbers held, each as (first, last, place in the log of what came first past it).

    `stored` has (number, place in the log), by number ascending; numbers begin at 1. `closed` has (first, last) of
    the numbers that were given up, by first ascending.
    """
    next_seqs = list(accumulate((seq for _, seq in reversed(stored)), min))[::-1]
    remaining, previous = deque(closed), 0
    for (sequence, _), next_seq in zip(stored, next_seqs, strict=True):
        first, previous = previous + 1, sequence
        while first < sequence:
            if remaining and remaining[0][1] < first:
                remaining.popleft()
            elif remaining and remaining[0][0] <= first:
                first = remaining[0][1] + 1
            else:
                last = min(sequence, remaining[0][0] if remaining else sequence) - 1
                yield first, last, next_seq
                first = last + 1


def refresh_gaps_after(db: sqlite3.Connection, after_seq: int) -> None:
    """Bring the gaps up to date with the events past place `after_seq` of the log, in the transaction that wrote
    them."""
    for child, source in {tuple(row) for row in db.execute(SQL["sequences_to_check"], (after_seq,))}:
        refresh_gaps(db, child, source)


def refresh_gaps(db: sqlite3.Connection, child_id: int, source_id: int) -> None:
    """Bring the gaps of a child and source up to date; both by their numbers in the store."""
    stored = [tuple(row) for row in db.execute(SQL["sequence_numbers"], (child_id, source_id))]
    closed = [tuple(row) for row in db.execute(SQL["closed_ranges"], (child_id, source_id))]
    db.execute(SQL["delete_gaps"], (child_id, source_id))
    db.executemany(SQL["insert_gap"], [(child_id, source_id, *gap) for gap in compute_gaps(stored, closed)])


def open_gaps(
    db: sqlite3.Connection,
    *,
    child_keys: Iterable[str] | None = None,
    source: str | None = None,
    since: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> tuple[list[Gap], int]:
    """The gaps that pass every filter given, the longest open first, and how many pass in all.

    `child_keys`: under one of these. `since` and `before` bound when a gap was noticed (ms UTC), from the first and
    below the second.
    """
    rows, passing = limited_rows(db, "gap_list", (json_array(child_keys), source, since, before), limit)
    return [_gap(row) for row in rows], passing


def gaps_of_child(db: sqlite3.Connection, child_key: str) -> list[Gap]:
    """The gaps of a child, by source and number."""
    return [_gap(row) for row in db.execute(SQL["gaps_of_child"], (child_key,))]


def closed_gaps(
    db: sqlite3.Connection,
    *,
    child_keys: Sequence[str] | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> tuple[list[ClosedGap], int]:
    """What was given up and has not come since, the last given up first, and how many pass in all."""
    rows, passing = limited_rows(db, "closed_gap_list", (json_array(child_keys), source), limit)
    return [ClosedGap(*tuple(row)[:-1]) for row in rows], passing


def closed_gaps_of(db: sqlite3.Connection, child_keys: Iterable[str]) -> list[ClosedGap]:
    """What was given up under these keys and has not come since, by key, source and number."""
    return [ClosedGap(*row) for row in db.execute(SQL["closed_gaps_of_children"], (json_array(child_keys),))]


def closed_gap_counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many `numbers` are given up and have not come since, and in how many runs (`gaps`) they were."""
    return dict(db.execute(SQL["closed_gap_counts"]).fetchone())


def rule_since(db: sqlite3.Connection, rule: str) -> int | None:
    """From when on (ms UTC) a rule acts; None before it was begun."""
    row = db.execute(SQL["rule_since"], (rule,)).fetchone()
    return None if row is None else int(row[0])


def start_rule(store: StoreFile, rule: str, now: int) -> None:
    """From `now` on a rule acts; one that was begun before goes on from then. Raises StoreError."""
    with store.transaction() as db:
        db.execute(SQL["insert_rule"], (rule, now))


def _gap(row: sqlite3.Row) -> Gap:
    key, source, first, last, since, next_event_id = tuple(row)[:6]
    return Gap(key, source, first, last, since, UUID(bytes=next_event_id))
