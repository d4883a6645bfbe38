"""Decisions of people about parked records, gaps and sources, tried or made, and what they change.

To try a decision is to make it and undo it, so that what is shown is what it changes: figures, who is uncertain, and
the rows of lists of the children whom it touches.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from casefeed.contract.outcomes import Parked, Refused
from casefeed.ledger import display
from casefeed.ledger.database import SQL
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.ledger.projection import apply_events
from casefeed.ledger.scorecard import load_figures
from casefeed.read import decisions, redrive
from casefeed.read.classify import DecodedEvent
from casefeed.read.decisions import (
    DECISION_OUTCOMES,
    ClosedRange,
    DecidedItem,
    Decision,
    DecisionOutcome,
    DecisionResult,
    EndedSource,
    GapFilter,
    SourceFilter,
)
from casefeed.read.parked import ParkedFilter, ParkedRecord
from casefeed.read.redrive import ParkedRecordResult, RedrivePlan
from casefeed.read.store import SharedStore
from casefeed.store import json_array

_ItemT = TypeVar("_ItemT", bound=DecidedItem)


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """What a ledger says at one moment: figures and counts of what is uncertain, and list rows of some children.

    A row is (list, child key, area, since in ms UTC, what).
    """

    figures: dict[str, int]
    list_rows: frozenset[tuple[str, str, str, int, str]]


@dataclass(frozen=True, slots=True)
class Impact:
    """What is otherwise afterwards: (figure, before, after), and list rows with whether they were `added`."""

    figures: list[tuple[str, int, int]]
    list_rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DecisionReport(Generic[_ItemT]):
    """A decision that was made, or only tried (`decision_id` is None): what it did to each item, what it changes.

    `item_kind` says what the items are: `records`, `gaps` or `sources`.
    """

    decision: Decision[Any]
    decision_id: int | None
    item_kind: str
    items: list[_ItemT]
    impact: Impact

    @property
    def counts(self) -> Counter[DecisionOutcome]:
        """How many became what."""
        return Counter(each.counted_as for each in self.items)

    def as_dict(self, *, dry_run: bool) -> dict[str, Any]:
        """The decision as programs get it."""
        counts = self.counts
        return {
            "dry_run": dry_run,
            "filter": self.decision.filters,
            "decision": self.decision_id,
            "counts": {name: counts[name] for name in DECISION_OUTCOMES},
            self.item_kind: [_item_value(each) for each in self.items],
            "lists": self.impact.list_rows,
            "figures": {
                name: {"before": before, "after": after} for name, before, after in self.impact.figures
            },
        }


def redrive_parked(
    store: SharedStore, plan: RedrivePlan, decision: Decision[ParkedFilter], records: Sequence[ParkedRecord],
    as_of: date, *, commit: bool,
) -> DecisionReport[ParkedRecordResult]:  # fmt: skip
    """Take in parked records that were judged again; figures are as of a day, lists those of the `records`' children.

    Not kept unless `commit`. Raises StoreFault when the ledger cannot be written; then nothing is kept either.
    """
    events = [each.classified for each in plan.records if isinstance(each.classified, DecodedEvent)]
    # A merge moves rows of a key of which nothing need be parked.
    merged_keys = [key for event in events if (key := event.body.get("merged_child_key"))]
    look = _observer(as_of, records, merged_keys)
    made = redrive.redrive(store, plan, decision, apply_events, look, commit=commit)
    return _report(decision, "records", made)


def close_parked(
    store: SharedStore, decision: Decision[ParkedFilter], records: Sequence[ParkedRecord], as_of: date,
    *, commit: bool,
) -> DecisionReport[ParkedRecordResult]:  # fmt: skip
    """Close parked records as they are: those of `records`, none that came later. Otherwise as `redrive_parked`."""
    look = _observer(as_of, records)
    up_to_id = max((each.id for each in records), default=0)
    made = redrive.close_parked(store, decision, look, commit=commit, up_to_id=up_to_id)
    return _report(decision, "records", made)


def close_gaps(
    store: SharedStore, decision: Decision[GapFilter], as_of: date, *, commit: bool, noticed_up_to: int
) -> DecisionReport[ClosedRange]:
    """Give missing numbers up, of gaps noticed by a place of the log. Not kept unless `commit`; raises StoreFault."""
    look = _observer(as_of)
    made = decisions.close_gaps(store, decision, look, commit=commit, noticed_up_to=noticed_up_to)
    return _report(decision, "gaps", made)


def reopen_gaps(
    store: SharedStore, decision: Decision[GapFilter], as_of: date, *, commit: bool
) -> DecisionReport[ClosedRange]:
    """Wait again for numbers that were given up. Not kept unless `commit`; raises StoreFault."""
    return _report(decision, "gaps", decisions.reopen_gaps(store, decision, _observer(as_of), commit=commit))


def end_source(
    store: SharedStore, decision: Decision[SourceFilter], as_of: date, *, commit: bool, heartbeat_at: int
) -> DecisionReport[EndedSource]:
    """Expect nothing more of a source last heard at `heartbeat_at` (ms UTC, by the broker's clock).

    Not kept unless `commit`; raises StoreFault.
    """
    look = _observer(as_of)
    made = decisions.end_source(store, decision, look, commit=commit, heartbeat_at=heartbeat_at)
    return _report(decision, "sources", made)


def _observer(
    as_of: date, records: Iterable[ParkedRecord] = (), merged_keys: Iterable[str] = ()
) -> Callable[[sqlite3.Connection], LedgerSnapshot]:
    """A look at the figures as of a day, and at the lists of the children whose records these may be."""
    children = json_array({key for each in records for key in each.child_keys}.union(merged_keys))

    def look(db: sqlite3.Connection) -> LedgerSnapshot:
        counts = {f"uncertain_{name}": count for name, count in uncertain_counts(db).items()}
        rows = db.execute(SQL["list_rows_of_keys"], (children,))
        return LedgerSnapshot(
            {**load_figures(db, as_of, None), **counts}, frozenset(tuple(row) for row in rows)
        )

    return look


def _report(
    decision: Decision[Any], item_kind: str, made: DecisionResult[_ItemT, LedgerSnapshot]
) -> DecisionReport[_ItemT]:
    impact = _impact(made.before, made.after)
    return DecisionReport(decision, made.decision_id, item_kind, made.results, impact)


def _impact(before: LedgerSnapshot, after: LedgerSnapshot) -> Impact:
    moved = [
        (name, was, after.figures[name]) for name, was in before.figures.items() if was != after.figures[name]
    ]
    names = ("list", "child_key", "area", "since", "what")
    rows = [
        {"added": row in after.list_rows, **dict(zip(names, row, strict=True))}
        for row in sorted(before.list_rows ^ after.list_rows)
    ]
    return Impact(moved, rows)


def _item_value(item: DecidedItem) -> Any:
    """What a decision did to an item, as programs get it; of a source its name."""
    match item:
        case ClosedRange():
            return {name: getattr(item, name) for name in ("child_key", "source", "first", "last")}
        case EndedSource():
            return item.source
        case ParkedRecordResult():
            return _record_dict(item)


def _record_dict(result: ParkedRecordResult) -> dict[str, Any]:
    outcome, event = result.outcome, result.event
    why = outcome if isinstance(outcome, (Parked, Refused)) else None
    return {
        "id": result.parked.id,
        "child_key": result.parked.child_key,
        "reason": result.parked.reason.value,
        "became": result.state.value,
        "reason_now": None if why is None else why.reason.value,
        "detail_now": None if why is None else why.detail,
        "event": None
        if event is None
        else {
            "type": event.event_type.name,
            **{name: event.header[name] for name in ("event_id", "child_key", "source", "sequence")},
            "occurred_at": display.iso(event.header["occurred_at"]),
        },
    }
