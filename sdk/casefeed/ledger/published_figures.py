"""What the Inspector General published, to stand beside what the ledger says. Each is "more than" its value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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
