"""`casefeed ice list`: who is listed, which filters hold, and what an empty list says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casefeed.contract.reasons import ParkedReason
from tests.events import SECRETS, raw
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import CommandResult, LedgerFixture, full_child

RunCommand = Callable[..., CommandResult]
LISTS = ("absences", "failures", "addresses")


@pytest.fixture
def filled(caseload: LedgerFixture) -> LedgerFixture:
    """Child 1 to whom everything happened; absences of 2 (lasting) and 3 (ended) from custody, day by day later."""
    caseload.apply(*full_child())
    for child, days in ((2, 100), (3, 101)):
        left = raw("RunawayFromCustody", child, 1, days=days, owning_area="CHI")
        caseload.apply(("RunawayFromCustody", left))
    caseload.apply(("ChildLocated", raw("ChildLocated", 3, 2, days=102)))
    return caseload


def keys(answer: CommandResult) -> list[str]:
    """The children of a list, in its order."""
    return [row["child_key"] for row in answer.json["rows"]]


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_each_list_in_each_form_without_a_personal_value(
    filled: LedgerFixture, ask: RunCommand, which: str, form: str
) -> None:
    """Every list can be had for people and for programs, and none holds a value of a person."""
    answer = ask("list", which, "--format", form)
    assert answer.code == 0
    assert child_key(1) in answer.out
    assert [secret for secret in SECRETS if secret.lower() in answer.out.lower()] == []


@pytest.mark.finding("OIG-24-46/rec-2", "cause/manual-fta-steps")
def test_a_missed_hearing_is_one_row(filled: LedgerFixture, ask: RunCommand) -> None:
    """Told by both sides, it is listed once, with what the court did and since when it was known."""
    (row,) = ask("list", "failures", "--format", "csv").rows
    assert row == {
        "child_key": child_key(1),
        "area": "SNA",
        "since": "2020-11-22T12:26:40.000Z",
        "what": "admin closed FTA",
        "known_since": "2020-11-23T12:26:40.000Z",
        "ended": "",
        "uncertain": "False",
        "about": "SYN-H-1",
    }


@pytest.mark.finding("cause/limited-staffing", "OIG-24-46/rec-2")
@pytest.mark.parametrize(
    ("filters", "children"),
    [
        ((), [1, 1, 2, 3]),
        (("--open",), [1, 2]),
        (("--area", "CHI"), [2, 3]),
        (("--area", "chi"), [2, 3]),
        (("--area", "CHI", "--open"), [2]),
        (("--since", "2020-12-12"), [1, 2, 3]),
        (("--since", "2020-12-13"), [2, 3]),
        (("--until", "2020-12-12"), [1, 1]),
        (("--since", "2020-12-22", "--until", "2020-12-22"), [2]),
        (("--limit", "2"), [1, 1]),
        (("--area", "MIA"), []),
    ],
)
def test_filters_narrow_and_days_are_inclusive(
    filled: LedgerFixture, ask: RunCommand, filters: tuple[str, ...], children: list[int]
) -> None:
    """By area, from a day, to a day, what lasts; the longest ago first."""
    answer = ask("list", "absences", *filters, "--format", "json")
    assert keys(answer) == [child_key(child) for child in children]
    if "--limit" in filters:
        assert answer.json["count"] == 4


def test_the_caption_says_what_is_counted(filled: LedgerFixture, ask: RunCommand) -> None:
    """How many, of which area and days, and up to where that is complete."""
    shown = ask("list", "absences", "--area", "CHI", "--since", "2020-01-01", "--limit", "1").out
    flat = " ".join(shown.split())
    assert "in Chicago (CHI), since 2020-01-01: the first 1 of 2 (--limit for more); days are UTC" in flat
    assert "2020-12-22 (9 months ago)" in flat
    assert "Complete up to: orr.case-events: all read, to 12 of 12" in flat
    everything = " ".join(ask("list", "absences").out.split())
    assert "in every area: 4; days are UTC" in everything
    assert "lasts" in everything


def test_a_table_is_short_unless_asked_and_programs_get_all(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Fifty rows for people; every row for programs."""
    for child in range(1, 61):
        caseload.apply(("RunawayFromCustody", raw("RunawayFromCustody", child, 1)))
    assert "the first 50 of 60" in " ".join(ask("list", "absences").out.split())
    assert len(ask("list", "absences", "--format", "csv").rows) == 60


@pytest.mark.finding("OIG-25-21/data-review")
def test_an_uncertain_child_is_marked(filled: LedgerFixture, ask: RunCommand) -> None:
    """By a parked record, or by a number that is missing."""
    filled.park("NtaServed", raw("NtaServed", 2, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    filled.apply(("AgedOut", raw("AgedOut", 3, 4)))
    rows = ask("list", "absences", "--format", "json").json["rows"]
    assert {row["child_key"] for row in rows if row["uncertain"]} == {child_key(2), child_key(3)}
    assert ask("list", "absences").out.count(" uncertain ") == 1 + 2


@pytest.mark.parametrize("which", LISTS)
def test_an_empty_list_says_what_to_do(filled: LedgerFixture, ask: RunCommand, which: str) -> None:
    """None is an answer, with up to where it is complete."""
    answer = ask("list", which, "--area", "SEA")
    assert answer.code == 0
    assert "in Seattle (SEA): none. Leave out a filter to see more" in answer.out
    assert "Complete up to: orr.case-events" in answer.out


def test_an_area_that_does_not_exist_is_wrong_use(filled: LedgerFixture, ask: RunCommand) -> None:
    """Exit 2, naming those that exist."""
    answer = ask("list", "absences", "--area", "XYZ")
    assert answer.code == 2
    assert "MIA (Miami)" in answer.err


def test_a_ledger_that_is_none_is_said(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Exit 3 for a file that is no ledger, and it is not touched."""
    caseload.path.write_text("x" * 5000)
    answer = ask("list", "absences")
    assert answer.code == 3
    assert "check that it is a store" in answer.err
    assert caseload.path.read_text() == "x" * 5000


@pytest.mark.parametrize("day", ["2025-02-30", "31.01.2025", "yesterday", "0000-01-01"])
def test_a_day_that_no_calendar_has_is_refused_in_words(filled: LedgerFixture, ask: RunCommand, day: str) -> None:
    """Who mistypes a day sees how one is written, and not how a parser is told so."""
    answer = ask("list", "absences", "--since", day)
    assert answer.code == 2
    assert f"'{day}' is no day of the calendar; write one like 2025-01-31." in answer.err
