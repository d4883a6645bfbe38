"""What a decision changes for people: figures, who is uncertain, and the rows of lists of the children it touches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from casefeed.ledger.database import SQL
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.ledger.scorecard import load_figures
from casefeed.read.parked import ParkedRecord
from casefeed.store import json_array

ListEntry = tuple[str, str, str, int, str]


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """What a ledger says at one moment: figures and counts of what is uncertain, and list rows of some children.

    A row is (list, child key, area, since in ms UTC, what).
    """

    figures: dict[str, int]
    list_rows: frozenset[ListEntry]


@dataclass(frozen=True, slots=True)
class Impact:
    """What is otherwise afterwards: (figure, before, after), and list rows with whether they were `added`."""

    figures: list[tuple[str, int, int]]
    list_rows: list[dict[str, Any]]


def impact_observer(
    records: Iterable[ParkedRecord], as_of: date, merged_keys: Iterable[str] = ()
) -> Callable[[sqlite3.Connection], LedgerSnapshot]:
    """A look at the figures as of a day, and at the lists of the children whose records these may be.

    `also`: keys that merges among the records name, of which nothing need be parked.
    """
    children = json_array({key for each in records for key in each.child_keys}.union(merged_keys))

    def look(db: sqlite3.Connection) -> LedgerSnapshot:
        counts = {f"uncertain_{name}": count for name, count in uncertain_counts(db).items()}
        rows = db.execute(SQL["list_rows_of_keys"], (children,))
        return LedgerSnapshot(
            {**load_figures(db, as_of, None), **counts}, frozenset(tuple(row) for row in rows)
        )

    return look


def compute_impact(before: LedgerSnapshot, after: LedgerSnapshot) -> Impact:
    """What `after` says otherwise than `before`."""
    moved = [
        (name, was, after.figures[name]) for name, was in before.figures.items() if was != after.figures[name]
    ]
    names = ("list", "child_key", "area", "since", "what")
    rows = [
        {"added": row in after.list_rows, **dict(zip(names, row, strict=True))}
        for row in sorted(before.list_rows ^ after.list_rows)
    ]
    return Impact(moved, rows)
