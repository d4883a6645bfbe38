"""Times, areas and codes as people read them."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from casefeed.ledger import display
from casefeed.ledger.event_text import Locale

DAY = 86_400_000


@pytest.mark.parametrize(
    ("millis", "said"),
    [
        (0, "less than a second"),
        (999, "less than a second"),
        (1000, "1 second"),
        (119_999, "119 seconds"),
        (120_000, "2 minutes"),
        (7_200_000, "2 hours"),
        (DAY, "24 hours"),
        (47 * 3_600_000, "47 hours"),
        (2 * DAY, "2 days"),
        (60 * DAY, "60 days"),
        (61 * DAY, "2 months"),
        (365 * DAY, "11 months"),
        (800 * DAY, "2 years"),
        (800_000 * DAY, "2,190 years"),
    ],
)
def test_a_length_of_time_in_its_largest_unit_of_two(millis: int, said: str) -> None:
    """The unit is the largest of which there are two or more; before and after are as long."""
    assert display.duration(millis) == display.duration(-millis) == said


@pytest.mark.parametrize(
    ("millis", "said"),
    [(0, "at once"), (-999, "at once"), (5000, "5 seconds later"), (-3 * DAY, "3 days earlier, by its clock")],
)
def test_a_gap_between_two_clocks(millis: int, said: str) -> None:
    """A clock that runs behind the one before it is said to."""
    assert display.delay_text(millis) == said


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (10 * DAY, "today"),
        (10 * DAY - 1, "yesterday"),
        (11 * DAY, "tomorrow"),
        (7 * DAY, "3 days ago"),
        (20 * DAY, "in 10 days"),
    ],
)
def test_how_long_ago_by_days(then: int, said: str) -> None:
    """UTC days, so that it fits the date beside it."""
    assert display.days_ago(then, 10 * DAY + 5000) == said


def test_a_time_shows_its_offset() -> None:
    """The reader's zone, with its offset, half hours too."""
    zone = timezone(timedelta(hours=-3, minutes=-30))
    assert Locale(zone).format_time(0) == "1969-12-31 20:30:00 -03:30"
    assert display.iso(1) == "1970-01-01T00:00:00.001Z"
    assert display.iso(None) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("CBP_USBP", "CBP USBP"),
        ("ADMIN_CLOSED_FTA", "admin closed FTA"),
        ("UNRECOGNIZED", "a value of a later schema"),
        (True, "yes"),
        (False, "no"),
        (["CHILD", "ATTORNEY"], "child, attorney"),
        (7, "7"),
    ],
)
def test_a_code_in_plain_words(value: object, said: str) -> None:
    """Agencies keep their capitals."""
    assert display.humanize(value) == said


def test_a_code_that_is_on_no_list_is_said_as_it_is() -> None:
    """An area or a court that a later list has does not stop an answer."""
    assert display.area_name("MIA") == "Miami (MIA)"
    assert display.area_name("ZZZ") == "ZZZ"
    assert display.area_name("") == "no area"
    assert display.court_name("ZZZ") == "ZZZ"
