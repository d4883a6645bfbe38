"""What a decision about parked records, gaps or sources changes, whether it was tried or made.

To try a decision is to make it and undo it, so that what is shown is what it changes: figures, who is uncertain, and
the rows of lists of the children whom it touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from casefeed.contract.outcomes import Parked, Refused
from casefeed.ledger import display
from casefeed.ledger.database import SQL, LedgerConnection
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.ledger.page import attributes
from casefeed.ledger.scorecard import load_figures
from casefeed.read.classify import DecodedEvent
from casefeed.read.decisions import (
    DECISION_OUTCOMES,
    ClosedRange,
    DecidedItem,
    DecisionKind,
    DecisionResult,
    EndedSource,
)
from casefeed.read.parked import ParkedRecord
from casefeed.read.redrive import ParkedRecordResult, RedrivePlan
from casefeed.store import json_array


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


_ItemT = TypeVar("_ItemT", bound=DecidedItem)
LedgerDecision = DecisionResult[_ItemT, LedgerSnapshot]
"""A decision about a ledger, tried or made."""
_ITEM_NAMES: dict[DecisionKind, str] = {
    "redrive": "records", "close": "records", "close-gaps": "gaps", "reopen-gaps": "gaps", "end-source": "sources",
}  # fmt: skip


def impact_observer(
    as_of: date, records: Iterable[ParkedRecord] = (), plan: RedrivePlan | None = None
) -> Callable[[LedgerConnection], LedgerSnapshot]:
    """A look at the figures as of a day, and at the lists of the children whose records these may be.

    A merge among what is planned moves rows of a key of which nothing need be parked: they are looked at too.
    """
    children = {key for each in records for key in each.child_keys}
    for each in plan.records if plan else ():
        if isinstance(each.classified, DecodedEvent) and (key := each.classified.body.get("merged_child_key")):
            children.add(key)
    keys = json_array(children)

    def look(db: LedgerConnection) -> LedgerSnapshot:
        counts = {f"uncertain_{name}": count for name, count in uncertain_counts(db).items()}
        rows = frozenset(tuple(row) for row in db.execute(SQL["list_rows_of_keys"], (keys,)))
        return LedgerSnapshot({**load_figures(db, as_of, None), **counts}, rows)

    return look


def impact_of(made: LedgerDecision[Any]) -> Impact:
    """What a decision changes."""
    before, after = made.before, made.after
    moved = [(name, was, after.figures[name]) for name, was in before.figures.items() if was != after.figures[name]]
    changed, names = sorted(before.list_rows ^ after.list_rows), ("list", "child_key", "area", "since", "what")
    rows = [{"added": row in after.list_rows, **dict(zip(names, row, strict=True))} for row in changed]
    return Impact(moved, rows)


def result_dict(made: LedgerDecision[Any], *, dry_run: bool) -> dict[str, Any]:
    """A decision, and what it changes, for programs."""
    counts, impact = made.counts, impact_of(made)
    return {
        "dry_run": dry_run,
        "filter": made.decision.filters,
        "decision": made.decision_id,
        "counts": {name: counts[name] for name in DECISION_OUTCOMES},
        _ITEM_NAMES[made.kind]: [_item_value(each) for each in made.results],
        "lists": impact.list_rows,
        "figures": {name: {"before": before, "after": after} for name, before, after in impact.figures},
    }


def _item_value(item: ParkedRecordResult | ClosedRange | EndedSource) -> Any:
    """What a decision did to an item, for programs; of a source its name."""
    match item:
        case ClosedRange():
            return attributes(item, ("child_key", "source", "first", "last"))
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
        "reason_now": why and why.reason.value,
        "detail_now": why and why.detail,
        "event": None
        if event is None
        else {
            "type": event.event_type.name,
            **{name: event.header[name] for name in ("event_id", "child_key", "source", "sequence")},
            "occurred_at": display.iso(event.header["occurred_at"]),
        },
    }
