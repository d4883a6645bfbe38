"""Gaps: numbers of a child and source that are missing below one that is held, and that nobody has given up.

They are kept beside the log in the transaction that holds its events, so that every question about them is an index
away. A child whose numbers are whole costs a look-up an event. How they end by decision is in `giving_up`.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

from casefeed.read.event_log import SQL
from casefeed.store import StoreFile, as_list


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a child and source that are missing below one that is held: from `first` to `last`.

    `since` (ms UTC) is when the event past the gap that came first, `past`, was received.
    """

    child_key: str
    source: str
    first: int
    last: int
    since: int
    past: UUID

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


def gaps_in(
    held: Sequence[tuple[int, int]], closed: Sequence[tuple[int, int]] = ()
) -> Iterator[tuple[int, int, int]]:
    """The gaps between numbers held, each as (first, last, place in the log of what came first past it).

    `held` has (number, place in the log), by number ascending; numbers begin at 1. `closed` has (first, last) of the
    numbers that were given up, by first ascending.
    """
    pasts = list(accumulate((place for _, place in reversed(held)), min))[::-1]
    given_up, done = deque(closed), 0
    for (number, _), past in zip(held, pasts, strict=True):
        first, done = done + 1, number
        while first < number:
            if given_up and given_up[0][1] < first:
                given_up.popleft()
            elif given_up and given_up[0][0] <= first:
                first = given_up[0][1] + 1
            else:
                last = min(number, given_up[0][0] if given_up else number) - 1
                yield first, last, past
                first = last + 1


def keep_gaps(db: sqlite3.Connection, after: int) -> None:
    """Bring the gaps up to date with the events past place `after` of the log, in the transaction that wrote them."""
    for child, source in {tuple(row) for row in db.execute(SQL["sequences_to_look_at"], (after,))}:
        find_gaps(db, child, source)


def find_gaps(db: sqlite3.Connection, child: int, source: int) -> None:
    """Bring the gaps of a child and source up to date; both by their numbers in the store."""
    held = [tuple(row) for row in db.execute(SQL["sequence"], (child, source))]
    closed = [tuple(row) for row in db.execute(SQL["given_up"], (child, source))]
    db.execute(SQL["forget_gaps"], (child, source))
    db.executemany(SQL["keep_gap"], [(child, source, *gap) for gap in gaps_in(held, closed)])


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
    at_most = -1 if limit is None else limit
    rows = db.execute(SQL["gap_list"], (as_list(child_keys), source, since, before, at_most)).fetchall()
    return [_gap(row) for row in rows], int(rows[0]["passing"]) if rows else 0


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
    at_most = -1 if limit is None else limit
    rows = db.execute(SQL["closed_gap_list"], (as_list(child_keys), source, at_most)).fetchall()
    return [ClosedGap(*tuple(row)[:-1]) for row in rows], int(rows[0]["passing"]) if rows else 0


def given_up_of(db: sqlite3.Connection, child_keys: Iterable[str]) -> list[ClosedGap]:
    """What was given up under these keys and has not come since, by key, source and number."""
    return [ClosedGap(*row) for row in db.execute(SQL["given_up_of"], (as_list(child_keys),))]


def given_up_counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many `numbers` are given up and have not come since, and in how many runs (`gaps`) they were."""
    return dict(db.execute(SQL["given_up_counts"]).fetchone())


def acts_since(db: sqlite3.Connection, rule: str) -> int | None:
    """From when on (ms UTC) a rule acts; None before it was begun."""
    row = db.execute(SQL["rule_since"], (rule,)).fetchone()
    return None if row is None else int(row[0])


def begin_rule(store: StoreFile, rule: str, now: int) -> None:
    """From `now` on a rule acts; one that was begun before goes on from then. Raises StoreFault."""
    with store.transaction() as db:
        db.execute(SQL["begin_rule"], (rule, now))


def _gap(row: sqlite3.Row) -> Gap:
    past = UUID(bytes=row["past_event_id"])
    return Gap(row["child_key"], row["source"], row["first"], row["last"], row["since"], past)
