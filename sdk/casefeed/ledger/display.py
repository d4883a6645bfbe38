"""Times, days, areas and codes as people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from casefeed.case.facts import MS_PER_DAY
from casefeed.contract import codes
from casefeed.contract.framing import rfc3339
from casefeed.contract.validation import UNRECOGNIZED
from casefeed.runtime.text import plural as plural

EPOCH = date(1970, 1, 1)
# A month is a twelfth of 365.25 days.
_UNITS = (
    ("years", 31_557_600_000),
    ("months", 2_629_800_000),
    ("days", MS_PER_DAY),
    ("hours", 3_600_000),
    ("minutes", 60_000),
    ("seconds", 1000),
)
# Kept as they are where a code is said in plain words.
# fmt: off
_ACRONYMS = frozenset({
    "AJ", "CBP", "CPS", "EOIR", "EOIR33", "ERO", "FOJC", "FTA", "HSI", "ICE", "J", "J1", "J2", "NCC", "NCMEC", "NOC",
    "NTA", "OFO", "OPLA", "ORR", "PRS", "SIR", "UAC", "UJ", "USBP", "USCIS", "USPS",
})
# fmt: on


def iso(millis: int | None) -> str | None:
    """A time as programs get it: ms UTC, ISO 8601."""
    return None if millis is None else rfc3339(millis)


def iso_day(millis: int | None) -> str | None:
    """The UTC day of a time (ms UTC) as programs get it."""
    return None if millis is None else format_day(millis // MS_PER_DAY)


def day_number(day: date) -> int:
    """A date as UTC days since 1970-01-01."""
    return (day - EPOCH).days


def start_of_day(day: date | None, *, days_later: int = 0) -> int | None:
    """The first ms UTC of a day, or of the one `days_later` than it; None without a day."""
    return None if day is None else (day_number(day) + days_later) * MS_PER_DAY


def format_day(number: int) -> str:
    """A day number (days since 1970-01-01) as a date."""
    return (EPOCH + timedelta(days=number)).isoformat()


def duration(millis: int) -> str:
    """A length of time in words: in the largest unit of which there are two or more."""
    size = abs(millis)
    for name, unit in _UNITS:
        if size >= 2 * unit:
            return f"{size // unit:,} {name}"
    return "1 second" if size >= 1000 else "less than a second"


def delay_text(millis: int) -> str:
    """How long after the clock before it a clock stood, in words; a clock that lies before is said to."""
    if abs(millis) < 1000:
        return "at once"
    return f"{duration(millis)} later" if millis > 0 else f"{duration(millis)} earlier, by its clock"


def days_ago(millis: int, now: int) -> str:
    """How many UTC days ago a time was, in words."""
    days = now // MS_PER_DAY - millis // MS_PER_DAY
    near = {0: "today", 1: "yesterday", -1: "tomorrow"}
    if days in near:
        return near[days]
    return f"{duration(days * MS_PER_DAY)} ago" if days > 0 else f"in {duration(days * MS_PER_DAY)}"


def uncertain_text(counts: Mapping[str, int], command: str) -> str:
    """What is not known whole, from its counts, and which of the agency's commands say more."""
    return (
        f"{plural(counts['children'], 'child', 'children')}; "
        f"{plural(counts['parked'], 'parked record')} (`{command} parked list`), "
        f"{plural(counts['gaps'], 'gap')} in what senders numbered (`{command} gaps list`)"
    )


def given_up_text(counts: Mapping[str, int], command: str) -> str:
    """What never came and is not waited for any more, from its counts, and which command of the agency says more."""
    numbers, gaps = plural(counts["numbers"], "number"), plural(counts["gaps"], "gap")
    return f"{numbers} in {gaps} (`{command} gaps list --closed`)"


def area_name(code: str) -> str:
    """An ERO area with its name; the code alone where it is not on the list."""
    found = codes.areas().get(code)
    return f"{found.name} ({code})" if found else code or "no area"


def court_name(code: str) -> str:
    """A court with its city; the code alone where it is not on the list."""
    found = codes.courts().get(code)
    return f"{found.city} ({code})" if found else code


def language_name(code: str) -> str:
    """A language's name; the code alone where it is not on the list."""
    found = codes.languages().get(code)
    return found.name if found else code


def humanize(value: Any) -> str:
    """A code, a yes or no, a number, or a list of codes in plain words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(humanize(each) for each in value)
    if value == UNRECOGNIZED:
        return "a value of a later schema"
    words = str(value).replace("_", " ").split()
    return " ".join(word.upper() if word.upper() in _ACRONYMS else word.lower() for word in words)


def sequence_range(first: int, last: int) -> str:
    """A run of numbers."""
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"
