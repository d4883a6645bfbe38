"""What a decision changes for people: figures, who is uncertain, and the rows of lists of the children it touches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from casefeed.read.parked import ParkedRecord
from casefeed.store import as_list
from ice_caseload.ledger import SQL
from ice_caseload.scorecard import figures
from ice_caseload.tied import uncertain_counts

Row = tuple[str, str, str, int, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a ledger says at one moment: figures and counts of what is uncertain, and list rows of some children.

    A row is (list, child key, area, since in ms UTC, what).
    """

    figures: dict[str, int]
    listed: frozenset[Row]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is otherwise afterwards: (figure, before, after), and list rows with whether they were `added`."""

    figures: list[tuple[str, int, int]]
    listed: list[dict[str, Any]]


def looking_at(
    records: Iterable[ParkedRecord], as_of: date, also: Iterable[str] = ()
) -> Callable[[sqlite3.Connection], Seen]:
    """A look at the figures as of a day, and at the lists of the children whose records these may be.

    `also`: keys that merges among the records name, of which nothing need be parked.
    """
    children = as_list({key for each in records for key in each.children}.union(also))

    def look(db: sqlite3.Connection) -> Seen:
        counts = {f"uncertain_{name}": count for name, count in uncertain_counts(db).items()}
        rows = db.execute(SQL["listed_among"], (children,))
        return Seen({**figures(db, as_of, None), **counts}, frozenset(tuple(row) for row in rows))

    return look


def differences(before: Seen, after: Seen) -> Difference:
    """What `after` says otherwise than `before`."""
    moved = [
        (name, was, after.figures[name]) for name, was in before.figures.items() if was != after.figures[name]
    ]
    names = ("list", "child_key", "area", "since", "what")
    rows = [
        {"added": row in after.listed, **dict(zip(names, row, strict=True))}
        for row in sorted(before.listed ^ after.listed)
    ]
    return Difference(moved, rows)
