"""What people decide: one transaction each, with a name, a reason and what came of it.

To see what a decision would change it is really made, and then undone. It may be made while a reader works on the
same file (`store.BesideReader`). Times are ms UTC.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from casefeed.read.event_log import SQL
from casefeed.read.gaps import find_gaps
from casefeed.read.store import BesideReader
from casefeed.store import as_list

What = Literal["redrive", "close", "close-gaps", "reopen-gaps", "end-source"]
Count = Literal["applied", "held", "closed", "reopened", "refused", "parked"]
COUNTS: tuple[Count, ...] = ("applied", "held", "closed", "reopened", "refused", "parked")
"""What can come of a decision, in the order in which it is told."""


class Counted(Protocol):
    """What a decision did to one record, gap or source."""

    @property
    def counted(self) -> Count:
        """As what it counts."""


C = TypeVar("C")
V = TypeVar("V", bound=Counted)
T = TypeVar("T")
Witness = Callable[[sqlite3.Connection], T]
"""Looks at the store before and after, inside the transaction."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[C]):
    """Who decides, why, and about which: `choice` is a dataclass of filters, None where one is not given."""

    by: str
    reason: str
    choice: C

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that are given, by name, as the decision keeps them."""
        every: dict[str, Any] = asdict(self.choice)  # type: ignore[call-overload]
        return {name: value for name, value in every.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Made(Generic[V, T]):
    """A decision that was made, or tried (`number` is None): its verdicts, and what the witness saw."""

    number: int | None
    verdicts: list[V]
    before: T
    after: T

    @property
    def counts(self) -> Counter[Count]:
        """How many became what."""
        return Counter(each.counted for each in self.verdicts)


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decided, and what came of it: of records, or where `what` says so of gaps or sources."""

    id: int
    what: What
    at: int
    by: str
    reason: str
    filter: dict[str, Any]
    applied: int
    held: int
    closed: int
    reopened: int
    refused: int
    parked: int


class _Undone(Exception):
    """A decision that was tried and is not kept."""

    def __init__(self, made: Made[Any, Any]) -> None:
        super().__init__()
        self.made = made


def decide(
    store: BesideReader,
    what: What,
    decision: Decision[Any],
    act: Callable[[sqlite3.Connection, int], list[V]],
    witness: Witness[T],
    *,
    keep: bool,
) -> Made[V, T]:
    """Let `act` do what is decided, under the decision's number; not kept unless `keep`, nor where nothing was done.

    Raises StoreFault when the file cannot be written; then nothing is kept.
    """
    try:
        with store.transaction() as db:
            before = witness(db)
            filters = json.dumps(decision.filters)
            row = db.execute(SQL["decide"], (what, store.now(), decision.by, decision.reason, filters))
            number = int(row.lastrowid or 0)
            verdicts = act(db, number)
            keep = keep and bool(verdicts)
            made = Made(number if keep else None, verdicts, before, witness(db))
            counts = made.counts
            db.execute(SQL["decided"], (*(counts[each] for each in COUNTS), number))
            if not keep:
                raise _Undone(made)
            return made
    except _Undone as undone:
        return undone.made


def decisions(
    db: sqlite3.Connection, *, number: int | None = None, limit: int | None = None
) -> list[Decided]:
    """What was decided, the last first; only the one with `number` where it is given."""
    rows = db.execute(SQL["decision_list"], (number, -1 if limit is None else limit))
    return [Decided(**{**dict(row), "filter": json.loads(row["filter"])}) for row in rows]


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
