"""The scorecard from a ledger, and what the ledger says when it cannot be asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from casefeed.case.figures import FIGURES
from casefeed.contract.reasons import ParkedReason
from casefeed.ledger import scorecard
from casefeed.ledger.database import open_read_only
from casefeed.ledger.scorecard import COHORT, PUBLISHED_FIGURES, published_figures
from casefeed.runtime.errors import UsageError
from casefeed.runtime.settings import Settings
from casefeed.store import StoreError
from ice_caseload.agency import ICE
from tests.events import raw
from tests.unit.ledger.ledger_fixture import NOW_MS, CommandResult, LedgerFixture, full_child

RunCommand = Callable[..., CommandResult]


@pytest.fixture
def filled(caseload: LedgerFixture) -> LedgerFixture:
    """A child to whom everything happened, another only transferred, and a parked record."""
    caseload.apply(*full_child(), ("ChildTransferred", raw("ChildTransferred", 2, 1, days=10, late=30)))
    caseload.park("NtaServed", raw("NtaServed", 2, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    return caseload


def figures(answer: CommandResult) -> dict[str, int]:
    """The figures that are not 0."""
    return {name: value for name, value in answer.json["figures"].items() if value}


def test_the_scorecard_on_a_day(filled: LedgerFixture, ask: RunCommand) -> None:
    """Each figure as of a day; by what was recorded by another day, it may be other."""
    assert figures(ask("scorecard", "--as-of", "2020-10-05", "--format", "json")) == {
        "transfers": 2,
        "placements": 1,
        "release_address_undeliverable": 1,
        "release_address_defective": 1,
        "nta_issued": 1,
        "nta_not_served": 2,
        "runaway_from_custody": 1,
    }
    known = ask("scorecard", "--as-of", "2020-10-05", "--known-by", "2020-10-05", "--format", "json")
    assert figures(known) == {
        "transfers": 1,
        "placements": 1,
        "release_address_missing_unit": 1,
        "release_address_defective": 1,
        "nta_issued": 1,
        "nta_not_served": 1,
        "runaway_from_custody": 1,
    }
    assert figures(ask("scorecard", "--as-of", "2020-01-01", "--format", "json")) == {}


def test_the_object_is_that_of_the_design(filled: LedgerFixture, ask: RunCommand) -> None:
    """as_of, known_by, complete per topic and partition, what is uncertain, and every figure an integer."""
    card = ask("scorecard", "--as-of", "2025-01-31", "--format", "json").json
    assert list(card) == [
        "as_of",
        "known_by",
        "complete",
        "punctuality",
        "sources",
        "uncertain",
        "given_up",
        "figures",
    ]
    assert (card["as_of"], card["known_by"]) == ("2025-01-31", None)
    assert card["complete"]["ice.case-events"] == {"0": {"position": 8, "end": 8, "parked": 1}}
    assert card["uncertain"] == {"children": 1, "parked": 1, "gaps": 0}
    assert tuple(card["figures"]) == FIGURES
    assert all(type(value) is int for value in card["figures"].values())


@pytest.mark.finding("every-figure")
def test_the_table_stands_beside_the_reports(filled: LedgerFixture, ask: RunCommand) -> None:
    """Published figures with their source and day, and up to where ours are complete."""
    shown = ask("scorecard", "--as-of", "2025-01-31").out
    for text in (
        "OIG-25-21",
        "233,000",
        "orr.case-events: read to its end, and not whole",
        "read to 10 of 10",
        "not reached",
    ):
        assert text in shown


@pytest.mark.finding("OIG-25-21/data-review")
def test_a_scorecard_over_a_feed_that_lost_records_does_not_say_complete(
    caseload: LedgerFixture, ask: RunCommand
) -> None:
    """Numbers are missing, or a record is parked: so many children are uncertain; with all of it, it is complete."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)), ("AgedOut", raw("AgedOut", 1, 3)))
    lost = ask("scorecard", "--as-of", "2025-01-31")
    assert "complete" not in lost.out.replace("Complete up to", "")
    assert "Uncertain: 1 child; 0 parked records" in lost.out
    assert "1 gap in what senders numbered" in lost.out
    card = ask("scorecard", "--as-of", "2025-01-31", "--format", "json").json
    assert card["uncertain"] == {"children": 1, "parked": 0, "gaps": 1}
    caseload.apply(("ChildLocated", raw("ChildLocated", 1, 2)))
    mended = ask("scorecard", "--as-of", "2025-01-31").out
    assert "orr.case-events: complete, read to 3 of 3" in mended
    assert "Uncertain" not in mended


def test_the_csv_has_a_row_a_figure(filled: LedgerFixture, ask: RunCommand) -> None:
    """For spreadsheets: as-of, known-by, figure, children."""
    rows = ask("scorecard", "--as-of", "2025-01-31", "--format", "csv").rows
    assert [row["figure"] for row in rows] == list(FIGURES)
    assert {row["figure"]: row["children"] for row in rows}["nta_served"] == "1"


@pytest.mark.finding("OIG-25-21/nta-backlog")
def test_a_figure_over_time_ends_at_the_scorecard(filled: LedgerFixture, ask: RunCommand) -> None:
    """The series moves on the days on which something became true."""
    points = ask("series", "nta_not_served", "--format", "json").json
    assert points == [["2020-09-13", 1], ["2020-09-23", 2], ["2020-10-13", 1]]
    assert ask("series", "nta_not_served").rows[-1] == {"day": "2020-10-13", "nta_not_served": "1"}


def test_ends_that_are_given_are_shown_instead_of_those_seen(filled: LedgerFixture) -> None:
    """The broker's ends now, where it can be asked."""
    db = open_read_only(filled.path, ICE)
    try:
        card = scorecard.load_scorecard(db, date(2025, 1, 31), None, NOW_MS, {("ice.case-events", 0): 99})
    finally:
        db.close()
    assert card.freshness.topics["ice.case-events"]["0"]["end"] == 99
    assert card.freshness.topics["orr.case-events"]["0"]["end"] == 10


@pytest.mark.parametrize("url", ["", "ice.db", "postgresql://user:secret@host/db", "sqlite://", "sqlite:///"])
def test_a_ledger_url_of_another_form_is_wrong_use(url: str) -> None:
    """The sentence says the form, and no password."""
    with pytest.raises(UsageError, match="sqlite:///FILE") as fault:
        ICE.database_path(Settings(ledger_url=url))
    assert "secret" not in fault.value.message


def test_a_ledger_that_is_not_there_is_said(caseload: LedgerFixture) -> None:
    """A question makes no ledger."""
    with pytest.raises(StoreError, match="`casefeed ice intake` makes and fills it"):
        open_read_only(caseload.path, ICE)
    assert not caseload.path.exists()


def test_every_published_figure_is_one_of_ours() -> None:
    """What the reports say stands beside a figure of the scorecard, with its report and note."""
    assert {each.figure for each in PUBLISHED_FIGURES} <= set(FIGURES)
    assert [each.value for each in published_figures("nta_not_served")] == [291_000, 233_000]
    assert published_figures("transfers")[0].value == COHORT
    assert all(each.report.startswith("OIG-2") and each.note for each in PUBLISHED_FIGURES)
