"""Days and milliseconds, always UTC: a day is the number of days since 1970-01-01."""

from __future__ import annotations

from datetime import date

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = date(1970, 1, 1).toordinal()


def day_number(iso: str) -> int:
    """The day of an ISO date."""
    return day_of(date.fromisoformat(iso))


def day_of(calendar_date: date) -> int:
    """The day of a calendar date."""
    return calendar_date.toordinal() - _EPOCH


def start_of(iso: str) -> int:
    """The first millisecond of an ISO date."""
    return day_number(iso) * DAY


def end_of(iso: str) -> int:
    """The last millisecond of an ISO date."""
    return start_of(iso) + DAY - 1


def calendar(day: int) -> date:
    """The calendar date of a day."""
    return date.fromordinal(day + _EPOCH)


def birthday(birth: int, age: int) -> int:
    """The day on which somebody born on day `birth` turns `age`; 29 February becomes 1 March."""
    born = calendar(birth)
    year = born.year + age
    leap_day = (born.month, born.day) == (2, 29)
    common = year % 4 != 0 or (year % 100 == 0 and year % 400 != 0)
    turned = date(year, 3, 1) if leap_day and common else born.replace(year=year)
    return day_of(turned)


def age_on(birth: int, day: int) -> int:
    """Age in whole years on `day` of somebody born on day `birth`."""
    born, now = calendar(birth), calendar(day)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def weekday(day: int) -> int:
    """0 for Monday to 6 for Sunday."""
    return (day + 3) % 7


def working_day(day: int, earliest: int) -> int:
    """`day`, or the Friday before a weekend; the Monday after where that Friday lies before `earliest`."""
    over = weekday(day) - 4
    if over <= 0:
        return day
    return day - over if day - over >= earliest else day + 3 - over
