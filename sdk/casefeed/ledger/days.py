"""UTC days: as a date, as a number since 1970-01-01, and as times (ms UTC)."""

from __future__ import annotations

from datetime import date

from casefeed.case.facts import MS_PER_DAY

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """A date as UTC days since 1970-01-01."""
    return (day - EPOCH).days


def start_of_day(day: date | None, *, days_later: int = 0) -> int | None:
    """The first ms UTC of a day, or of the one `days_later` than it; None without a day."""
    return None if day is None else (day_number(day) + days_later) * MS_PER_DAY
