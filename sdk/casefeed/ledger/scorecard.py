"""The scorecard: the reports' figures from the ledger, for any day and any state of knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from casefeed.case.figures import FIGURES
from casefeed.kafka.records import Partition
from casefeed.ledger.database import SQL, LedgerConnection
from casefeed.ledger.display import EPOCH, day_number, start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.ledger.page import Page
from casefeed.read.gaps import closed_gap_counts

NO_LIMIT = 2**31
FIGURE_LABELS = {
    "transfers": "Children transferred to ORR",
    "placements": "Placed with a sponsor",
    "release_address_blank": "Release address blank",
    "release_address_undeliverable": "Release address undeliverable",
    "release_address_missing_unit": "Release address without unit number",
    "release_address_defective": "Release address that mail cannot reach",
    "nta_issued": "NTA issued",
    "nta_served": "NTA served",
    "nta_filed": "NTA filed and accepted by the court",
    "nta_not_served": "NTA not served",
    "failed_to_appear": "Failed to appear at a hearing",
    "in_absentia_orders": "Ordered removed in absentia",
    "runaway_from_custody": "Absent from ORR custody, ever",
    "runaway_from_custody_open": "Absent from ORR custody, not located",
    "absent_from_sponsor_open": "Absent from sponsor, not located",
}


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One published figure: `as_of` is the day it is true for, as far as the report says."""

    figure: str
    value: int
    as_of: date
    report: str
    note: str


COHORT = 448_000
"""Children ICE transferred to HHS in FY2019-FY2023 (OIG-24-46, OIG-25-21, summary pages)."""

PUBLISHED_FIGURES = (
    PublishedFigure("transfers", COHORT, date(2023, 9, 30), "OIG-25-21", "FY2019-FY2023"),
    PublishedFigure(
        "release_address_defective", 31_000, date(2025, 1, 31), "OIG-25-21", "same cohort; no day stated"
    ),
    PublishedFigure("nta_not_served", 291_000, date(2024, 5, 31), "OIG-24-46", "May 2024; no day stated"),
    PublishedFigure("nta_not_served", 233_000, date(2025, 1, 31), "OIG-25-21", "January 2025; no day stated"),
    PublishedFigure(
        "failed_to_appear", 32_000, date(2024, 5, 31), "OIG-24-46", "FY2019-FY2023 hearings; no day stated"
    ),
    PublishedFigure("failed_to_appear", 43_000, date(2024, 10, 31), "OIG-25-21", "October 2024; no day stated"),
)


def published_figures(figure: str) -> list[PublishedFigure]:
    """What was published of a figure, the earlier first."""
    return [each for each in PUBLISHED_FIGURES if each.figure == figure]


def load_figures(db: LedgerConnection, as_of: date, known_by: date | None) -> dict[str, int]:
    """Every figure as of a day, by what the senders had recorded by another (None: all that is held)."""
    limit = NO_LIMIT if known_by is None else day_number(known_by)
    return dict.fromkeys(FIGURES, 0) | dict(map(tuple, db.execute(SQL["figures_as_of"], (day_number(as_of), limit))))


def load_series(db: LedgerConnection, figure: str, known_by: date | None = None) -> list[tuple[date, int]]:
    """A figure on every day it moved, as (day, value)."""
    limit = NO_LIMIT if known_by is None else day_number(known_by)
    moves = db.execute(SQL["figure_series"], (figure, limit)).fetchall()
    totals = accumulate(amount for _, amount in moves)
    return [(EPOCH + timedelta(days=day), total) for (day, _), total in zip(moves, totals, strict=True)]


@dataclass(frozen=True, slots=True)
class Scorecard(Page):
    """The figures as of a day, by what was known by another (None: all that is held), and what they rest on.

    `uncertain` counts the children whose figures may be others, and what of them is parked or missing; `given_up` the
    numbers that never came and are not waited for any more.
    """

    FIELDS = ("as_of", "known_by", "figure", "children")

    as_of: date
    known_by: date | None
    freshness: Freshness
    uncertain: dict[str, int]
    given_up: dict[str, int]
    figures: dict[str, int]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a figure, for programs."""
        days = {"as_of": self.as_of, "known_by": self.known_by}
        return [{**days, "figure": name, "children": self.figures[name]} for name in FIGURES]

    def as_dict(self) -> dict[str, Any]:
        """The scorecard as programs get it (design, section 10)."""
        complete = self.freshness.as_dict()
        return {
            "as_of": self.as_of.isoformat(),
            "known_by": self.known_by and self.known_by.isoformat(),
            "complete": complete["topics"],
            "punctuality": complete["punctuality"],
            "sources": complete["sources"],
            "uncertain": self.uncertain,
            "given_up": self.given_up,
            "figures": self.figures,
        }


def load_scorecard(
    db: LedgerConnection, as_of: date, known_by: date | None, now: int, ends: Mapping[Partition, int] | None = None
) -> Scorecard:
    """The scorecard at `now` (ms UTC); `ends` are how far the topics reach where a broker says so."""
    return Scorecard(
        as_of,
        known_by,
        load_freshness(db, now, ends=ends, recorded_before=start_of_day(known_by, days_later=1)),
        uncertain_counts(db),
        closed_gap_counts(db),
        load_figures(db, as_of, known_by),
    )
