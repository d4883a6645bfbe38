"""The scorecard: the reports' figures from the ledger, for any day and any state of knowledge."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from casefeed.case.figures import FIGURES
from casefeed.read.log import SQL as STORE_SQL
from casefeed.read.questions import snapshot, uncertain_counts
from casefeed.wire.consumer import Partition
from ice_caseload.ledger import SQL

EPOCH = date(1970, 1, 1)
NO_LIMIT = 2**31


def day_number(day: date) -> int:
    """A date as UTC days since 1970-01-01."""
    return (day - EPOCH).days


def figures(db: sqlite3.Connection, as_of: date, known_by: date | None) -> dict[str, int]:
    """Every figure as of a day, by what the senders had recorded by another (None: all that is held)."""
    limit = NO_LIMIT if known_by is None else day_number(known_by)
    found = dict.fromkeys(FIGURES, 0)
    for row in db.execute(SQL["scorecard"], (day_number(as_of), limit)):
        found[row["figure"]] = row["n"]
    return found


def complete(
    db: sqlite3.Connection, ends: Mapping[Partition, int] | None
) -> dict[str, dict[str, dict[str, int]]]:
    """Per topic and partition: the position, the end (as given, else as the intake saw it last), records parked."""
    parked = {(row[0], row[1]): row[2] for row in db.execute(STORE_SQL["parked_counts"])}
    found: dict[str, dict[str, dict[str, int]]] = {}
    for topic, partition, position, _, _, seen in db.execute(STORE_SQL["positions"]):
        end = (ends or {}).get((topic, partition), seen)
        found.setdefault(topic, {})[str(partition)] = {
            "position": position,
            "end": end,
            "parked": parked.get((topic, partition), 0),
        }
    return found


def series(db: sqlite3.Connection, figure: str, known_by: date | None = None) -> list[tuple[date, int]]:
    """A figure on every day it moved, as (day, value)."""
    limit = NO_LIMIT if known_by is None else day_number(known_by)
    total, points = 0, []
    for day, amount in db.execute(SQL["series"], (figure, limit)):
        total += amount
        points.append((EPOCH + timedelta(days=day), total))
    return points


def scorecard(
    db: sqlite3.Connection, as_of: date, known_by: date | None, ends: Mapping[Partition, int] | None = None
) -> dict[str, Any]:
    """The scorecard as programs get it (design, section 10).

    `uncertain` counts the children whose figures may be others, and what of them is parked or missing.
    """
    with snapshot(db):
        return {
            "as_of": as_of.isoformat(),
            "known_by": None if known_by is None else known_by.isoformat(),
            "complete": complete(db, ends),
            "uncertain": uncertain_counts(db),
            "figures": figures(db, as_of, known_by),
        }
