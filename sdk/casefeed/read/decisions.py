"""What people decide: one transaction each, with a name, a reason and what came of it.

To see what a decision would change it is really made, and then undone. It may be made while a reader works on the
same file (`store.SharedStore`). Times are ms UTC.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from casefeed.read.gaps import refresh_gaps
from casefeed.read.statements import SQL
from casefeed.read.store import SharedStore
from casefeed.store import json_array

DecisionKind = Literal["redrive", "close", "close-gaps", "reopen-gaps", "end-source"]
DecisionOutcome = Literal["applied", "held", "closed", "reopened", "refused", "parked"]
DECISION_OUTCOMES: tuple[DecisionOutcome, ...] = ("applied", "held", "closed", "reopened", "refused", "parked")
"""What can come of a decision, in the order in which it is told."""


class DecidedItem(Protocol):
    """What a decision did to one record, gap or source."""

    @property
    def counted_as(self) -> DecisionOutcome:
        """As what it counts."""


_FilterT = TypeVar("_FilterT")
_ItemT = TypeVar("_ItemT", bound=DecidedItem)
_T = TypeVar("_T")
Observer = Callable[[sqlite3.Connection], _T]
"""Looks at the store before and after, inside the transaction."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[_FilterT]):
    """Who decides, why, and about which: `selection` is a dataclass of filters, None where one is not given."""

    by: str
    reason: str
    selection: _FilterT

    @property
    def filters(self) -> dict[str, Any]:
        """The filters that are given, by name, as the decision keeps them."""
        every: dict[str, Any] = asdict(self.selection)  # type: ignore[call-overload]
        return {name: value for name, value in every.items() if value is not None}


@dataclass(frozen=True, slots=True)
class DecisionResult(Generic[_ItemT, _T]):
    """A decision that was made, or only tried (`decision_id` is None): its results, and what the observer saw."""

    kind: DecisionKind
    decision: Decision[Any]
    decision_id: int | None
    results: list[_ItemT]
    before: _T
    after: _T

    @property
    def counts(self) -> Counter[DecisionOutcome]:
        """How many became what."""
        return Counter(each.counted_as for each in self.results)


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What somebody decided, and what came of it: of records, or where `what` says so of gaps or sources."""

    id: int
    what: DecisionKind
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


class _Rollback(Exception):
    """A decision that was tried and is not kept."""


def apply_decision(
    store: SharedStore,
    kind: DecisionKind,
    decision: Decision[Any],
    apply: Callable[[sqlite3.Connection, int], list[_ItemT]],
    observe: Observer[_T],
    *,
    commit: bool,
) -> DecisionResult[_ItemT, _T]:
    """Let `apply` do what is decided, under the decision's id; not kept unless `commit`, nor where nothing was done.

    Raises StoreError when the file cannot be written; then nothing is kept.
    """
    try:
        with store.transaction() as db:
            before = observe(db)
            filters = json.dumps(decision.filters)
            cursor = db.execute(SQL["insert_decision"], (kind, store.now(), decision.by, decision.reason, filters))
            decision_id = int(cursor.lastrowid or 0)
            results = apply(db, decision_id)
            commit = commit and bool(results)
            result = DecisionResult(kind, decision, decision_id if commit else None, results, before, observe(db))
            counts = result.counts
            db.execute(SQL["update_decision_counts"], (*(counts[each] for each in DECISION_OUTCOMES), decision_id))
            if not commit:
                raise _Rollback
            return result
    except _Rollback:
        return result


def list_decisions(
    db: sqlite3.Connection, *, decision_id: int | None = None, limit: int | None = None
) -> list[DecisionRecord]:
    """What was decided, the last first; only the one with `decision_id` where it is given."""
    rows = db.execute(SQL["decision_list"], (decision_id, -1 if limit is None else limit))
    return [DecisionRecord(**{**dict(row), "filter": json.loads(row["filter"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class GapFilter:
    """Which numbers: those under some keys, of a source, from `first` to `last`; all where none is given."""

    child_keys: tuple[str, ...] | None = None
    source: str | None = None
    first: int | None = None
    last: int | None = None

    @property
    def sql_parameters(self) -> tuple[Any, ...]:
        """The filters as the statements take them."""
        return (json_array(self.child_keys), self.source, self.first, self.last)


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """A recording store."""

    source: str


@dataclass(frozen=True, slots=True)
class ClosedRange:
    """A run of numbers of a child and source that was given up, or is waited for again."""

    child_key: str
    source: str
    first: int
    last: int
    counted_as: DecisionOutcome


@dataclass(frozen=True, slots=True)
class EndedSource:
    """A source from which nothing is expected any more."""

    source: str
    counted_as: DecisionOutcome = "closed"


def close_gaps(
    store: SharedStore, decision: Decision[GapFilter], observe: Observer[_T], *, commit: bool, noticed_up_to: int
) -> DecisionResult[ClosedRange, _T]:
    """Give the missing numbers of a choice up: their child is not uncertain by them any more.

    Only of gaps that were noticed by place `noticed_up_to` of the log: nobody decides about what nobody was shown.
    Not kept unless `commit`. Raises StoreError when the file cannot be written; then nothing is kept either.
    """
    parameters = (*decision.selection.sql_parameters, noticed_up_to)
    apply = _range_update("missing_ranges_matching", parameters, "insert_closed_gap", "closed")
    return apply_decision(store, "close-gaps", decision, apply, observe, commit=commit)


def reopen_gaps(
    store: SharedStore, decision: Decision[GapFilter], observe: Observer[_T], *, commit: bool
) -> DecisionResult[ClosedRange, _T]:
    """Wait again for what was given up of a choice, each run whole, but for what has come since.

    Not kept unless `commit`. Raises as `close_gaps` does.
    """
    parameters = decision.selection.sql_parameters
    apply = _range_update("closed_ranges_matching", parameters, "reopen_closed_gap", "reopened")
    return apply_decision(store, "reopen-gaps", decision, apply, observe, commit=commit)


def _range_update(
    select: str, parameters: tuple[Any, ...], update: str, outcome: DecisionOutcome
) -> Callable[[sqlite3.Connection, int], list[ClosedRange]]:
    """What a decision does to each run chosen; a row is child and source by number, both by name, first, last."""

    def apply(db: sqlite3.Connection, decision_id: int) -> list[ClosedRange]:
        rows = db.execute(SQL[select], parameters).fetchall()
        db.executemany(SQL[update], [(decision_id, *row[:2], *row[4:]) for row in rows])
        for child, source in dict.fromkeys(row[:2] for row in rows):
            refresh_gaps(db, child, source)
        return [ClosedRange(key, name, first, last, outcome) for _, _, key, name, first, last in rows]

    return apply


def end_source(
    store: SharedStore, decision: Decision[SourceFilter], observe: Observer[_T], *, commit: bool, heartbeat_at: int
) -> DecisionResult[EndedSource, _T]:
    """Expect nothing more of a source until it is heard again.

    One that promises nothing and of which nothing waits is left as it is; so is one that was heard since
    `heartbeat_at` (ms UTC, by the broker's clock). Not kept unless `commit`. Raises as `close_gaps` does.
    """
    source = decision.selection.source

    def apply(db: sqlite3.Connection, decision_id: int) -> list[EndedSource]:
        ended = db.execute(SQL["end_source"], (decision_id, source, heartbeat_at)).rowcount
        return [EndedSource(source)] * ended

    return apply_decision(store, "end-source", decision, apply, observe, commit=commit)
