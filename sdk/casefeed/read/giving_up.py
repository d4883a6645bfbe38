"""Gaps and sources end by decision where nothing can end them any more: the sender's own bytes are gone, or its desk.

Whoever decides has asked the sender. Nothing is refused by it: numbers that were given up are taken in when they come
all the same, and a source that is heard again keeps promises again.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, TypeVar

from casefeed.read.decide import Count, Decision, Made, Witness, decide
from casefeed.read.gaps import find_gaps
from casefeed.read.log import SQL
from casefeed.read.store import BesideReader
from casefeed.store import as_list

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which numbers: those under some keys, of a source, from `first` to `last`; all where none is given."""

    child_keys: tuple[str, ...] | None = None
    source: str | None = None
    first: int | None = None
    last: int | None = None

    @property
    def filters(self) -> tuple[Any, ...]:
        """The filters as the statements take them."""
        return (as_list(self.child_keys), self.source, self.first, self.last)


@dataclass(frozen=True, slots=True)
class Source:
    """A recording store."""

    source: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run of numbers of a child and source that was given up, or is waited for again."""

    child_key: str
    source: str
    first: int
    last: int
    counted: Count


@dataclass(frozen=True, slots=True)
class Ended:
    """A source from which nothing is expected any more."""

    source: str
    counted: Count = "closed"


def close_gaps(
    store: BesideReader, decision: Decision[Numbers], witness: Witness[T], *, keep: bool, up_to: int
) -> Made[Run, T]:
    """Give the missing numbers of a choice up: their child is not uncertain by them any more.

    Only of gaps that were noticed by place `up_to` of the log: nobody decides about what nobody was shown. Not kept
    unless `keep`. Raises StoreFault when the file cannot be written; then nothing is kept either.
    """
    asked, end = SQL["runs_missing"], SQL["give_up"]

    def act(db: sqlite3.Connection, number: int) -> list[Run]:
        return _act(db, number, db.execute(asked, (*decision.choice.filters, up_to)), end, "closed")

    return decide(store, "close-gaps", decision, act, witness, keep=keep)


def reopen_gaps(
    store: BesideReader, decision: Decision[Numbers], witness: Witness[T], *, keep: bool
) -> Made[Run, T]:
    """Wait again for what was given up of a choice, each run whole, but for what has come since.

    Not kept unless `keep`. Raises as `close_gaps` does.
    """
    asked, end = SQL["runs_given_up"], SQL["wait_again"]

    def act(db: sqlite3.Connection, number: int) -> list[Run]:
        return _act(db, number, db.execute(asked, decision.choice.filters), end, "reopened")

    return decide(store, "reopen-gaps", decision, act, witness, keep=keep)


def _act(db: sqlite3.Connection, number: int, chosen: sqlite3.Cursor, end: str, counted: Count) -> list[Run]:
    """Do it to each run chosen: child and source by their numbers in the store, then by name, first, last."""
    rows = chosen.fetchall()
    db.executemany(end, [(number, child, source, first, last) for child, source, _, _, first, last in rows])
    for child, source in dict.fromkeys((row[0], row[1]) for row in rows):
        find_gaps(db, child, source)
    return [Run(key, name, first, last, counted) for _, _, key, name, first, last in rows]


def end_source(
    store: BesideReader, decision: Decision[Source], witness: Witness[T], *, keep: bool, heard_at: int
) -> Made[Ended, T]:
    """Expect nothing more of a source until it is heard again.

    One that promises nothing and of which nothing waits is left as it is; so is one that was heard since `heard_at`
    (ms UTC, by the broker's clock). Not kept unless `keep`. Raises as `close_gaps` does.
    """
    source = decision.choice.source

    def act(db: sqlite3.Connection, number: int) -> list[Ended]:
        ended = db.execute(SQL["end_source"], (number, source, heard_at)).rowcount
        return [Ended(source)] * ended

    return decide(store, "end-source", decision, act, witness, keep=keep)
