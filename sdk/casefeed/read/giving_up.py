"""Gaps and sources end by decision where nothing can end them any more: the sender's own bytes are gone, or its desk.

Whoever decides has asked the sender. Nothing is refused by it: numbers that were given up are taken in when they come
all the same, and a source that is heard again keeps promises again.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from casefeed.read.decide import Count, Decision, Made, What, Witness, decide
from casefeed.read.gaps import find_gaps
from casefeed.read.log import SQL
from casefeed.read.store import BesideReader
from casefeed.sqlite import as_list

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which numbers: those under some keys, of a source, from `first` to `last`; all where none is given."""

    child_keys: tuple[str, ...] | None = None
    source: str | None = None
    first: int | None = None
    last: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a decision keeps it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Source:
    """A recording store."""

    source: str

    def as_json(self) -> dict[str, Any]:
        """As a decision keeps it."""
        return asdict(self)


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
    store: BesideReader, decision: Decision[Numbers], witness: Witness[T], *, keep: bool
) -> Made[Run, T]:
    """Give the missing numbers of a choice up: their child is not uncertain by them any more.

    Not kept unless `keep`. Raises StoreFault when the file cannot be written; then nothing is kept either.
    """
    return _runs(store, "close-gaps", decision, witness, keep)


def reopen_gaps(
    store: BesideReader, decision: Decision[Numbers], witness: Witness[T], *, keep: bool
) -> Made[Run, T]:
    """Wait again for what was given up of a choice, but for what has come since.

    Not kept unless `keep`. Raises as `close_gaps` does.
    """
    return _runs(store, "reopen-gaps", decision, witness, keep)


def _runs(
    store: BesideReader, what: What, decision: Decision[Numbers], witness: Witness[T], keep: bool
) -> Made[Run, T]:
    asked, end, counted = _HOW[what]
    chosen = decision.choice

    def act(db: sqlite3.Connection, number: int) -> list[Run]:
        filters = (as_list(chosen.child_keys), chosen.source, chosen.first, chosen.last)
        runs = []
        for child, source, key, name, first, last in db.execute(SQL[asked], filters).fetchall():
            db.execute(SQL[end], (number, child, source, first, last))
            find_gaps(db, child, source)
            runs.append(Run(key, name, first, last, counted))
        return runs

    return decide(store, what, decision, act, witness, keep=keep)


_HOW: dict[str, tuple[str, str, Count]] = {
    "close-gaps": ("runs_missing", "give_up", "closed"),
    "reopen-gaps": ("runs_given_up", "wait_again", "reopened"),
}


def end_source(
    store: BesideReader, decision: Decision[Source], witness: Witness[T], *, keep: bool
) -> Made[Ended, T]:
    """Expect nothing more of a source, until it is heard again; one that promises nothing is left as it is.

    Not kept unless `keep`. Raises as `close_gaps` does.
    """
    source = decision.choice.source

    def act(db: sqlite3.Connection, number: int) -> list[Ended]:
        ended = db.execute(SQL["end_source"], (number, source)).rowcount
        return [Ended(source)] * ended

    return decide(store, "end-source", decision, act, witness, keep=keep)
