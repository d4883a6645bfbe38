"""The scorecard: the reports' figures from the ledger, for any day and any state of knowledge."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from casefeed.case.facts import MS_PER_DAY
from casefeed.case.figures import FIGURES
from casefeed.kafka.consumer import Partition
from casefeed.ledger.database import SQL
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.read.gaps import closed_gap_counts
from casefeed.read.queries import snapshot

EPOCH = date(1970, 1, 1)
NO_LIMIT = 2**31


def day_number(day: date) -> int:
    """A date as UTC days since 1970-01-01."""
    return (day - EPOCH).days


def load_figures(db: sqlite3.Connection, as_of: date, known_by: date | None) -> dict[str, int]:
    """Every figure as of a day, by what the senders had recorded by another (None: all that is held)."""
    limit = NO_LIMIT if known_by is None else day_number(known_by)
    found = dict.fromkeys(FIGURES, 0)
    for row in db.execute(SQL["figures_as_of"], (day_number(as_of), limit)):
        found[row["figure"]] = row["n"]
    return found


def load_series(db: sqlite3.Connection, figure: str, known_by: date | None = None) -> list[tuple[date, int]]:
    """A figure on every day it moved, as (day, value)."""
    limit = NO_LIMIT if known_by is None else day_number(known_by)
    total, points = 0, []
    for day, amount in db.execute(SQL["figure_series"], (figure, limit)):
        total += amount
        points.append((EPOCH + timedelta(days=day), total))
    return points


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The figures as of a day, by what was known by another (None: all that is held), and what they rest on.

    `uncertain` counts the children whose figures may be others, and what of them is parked or missing; `given_up` the
    numbers that never came and are not waited for any more.
    """

    as_of: date
    known_by: date | None
    freshness: Freshness
    uncertain: dict[str, int]
    given_up: dict[str, int]
    figures: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The scorecard as programs get it (design, section 10)."""
        complete = self.freshness.as_dict()
        return {
            "as_of": self.as_of.isoformat(),
            "known_by": None if self.known_by is None else self.known_by.isoformat(),
            "complete": complete["topics"],
            "punctuality": complete["punctuality"],
            "sources": complete["sources"],
            "uncertain": self.uncertain,
            "given_up": self.given_up,
            "figures": self.figures,
        }


def load_scorecard(
    db: sqlite3.Connection,
    as_of: date,
    known_by: date | None,
    now: int,
    ends: Mapping[Partition, int] | None = None,
) -> Scorecard:
    """The scorecard at `now` (ms UTC); `ends` are how far the topics reach where a broker says so."""
    before = None if known_by is None else (day_number(known_by) + 1) * MS_PER_DAY
    with snapshot(db):
        return Scorecard(
            as_of,
            known_by,
            load_freshness(db, now, ends=ends, recorded_before=before),
            uncertain_counts(db),
            closed_gap_counts(db),
            load_figures(db, as_of, known_by),
        )
