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

from casefeed.read.log import SQL
from casefeed.read.store import BesideReader

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
