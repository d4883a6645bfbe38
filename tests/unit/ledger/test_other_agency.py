"""The commands over another agency's ledger: the same, with that agency's lists, and they name its own commands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from casefeed.cli.agency.group import agency_group
from casefeed.contract.reasons import ParkedReason
from orr_desk.agency import ORR
from tests.events import raw
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import LedgerFixture

COMMANDS = {
    "status": "casefeed.cli.agency.status:status_command",
    "case": "casefeed.cli.agency.case:case_command",
    "list": "casefeed.cli.agency.lists:list_command",
    "parked": "casefeed.cli.agency.parked:parked_command",
    "gaps": "casefeed.cli.agency.gaps:gaps_command",
    "refused": "casefeed.cli.agency.refused:refused_command",
    "sources": "casefeed.cli.agency.sources:sources_command",
    "decisions": "casefeed.cli.agency.decisions:decisions_command",
}
ORR_GROUP = agency_group(replace(ORR, lists={"absences": "Absences that ORR knows of"}), "ORR's side.", COMMANDS)
DECISION_OPTIONS = ("--reason", "the court says so", "--by", "J. Doe")


@pytest.fixture
def empty(caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> LedgerFixture:
    """ORR's database is in force, and has no ledger."""
    monkeypatch.setenv("CASEFEED_DESK_URL", f"sqlite:///{caseload.path}")
    monkeypatch.delenv("CASEFEED_LEDGER_URL")
    return caseload


@pytest.fixture
def lossy(empty: LedgerFixture) -> LedgerFixture:
    """ORR's ledger, in which child 1 lacks the court's number 1 and has a parked record."""
    empty.apply(("HearingScheduled", raw("HearingScheduled", 1, 2, source="court-test")))
    empty.park("NtaServed", raw("NtaServed", 1, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    return empty


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("case", child_key(1)), "`casefeed orr parked show 1`"),
        (("list", "absences"), "Absences that ORR knows of, in every area: none."),
        (("list", "absences"), "`casefeed orr intake` reads the feed"),
        (("parked", "list"), "`casefeed orr parked show ID`"),
        (("gaps", "list"), "`casefeed orr case KEY`"),
        (("gaps", "ask"), "Asked for 1 gap now; `casefeed orr relay`"),
        (("gaps", "ask", "--help"), "`casefeed orr relay`"),
        (("gaps", "close", "--child", child_key(1), *DECISION_OPTIONS), "Done, as decision 1"),
        (("parked", "close", "1", *DECISION_OPTIONS), "Done, as decision 1"),
        (("refused",), "No record was refused"),
        (("sources", "list"), "No source was ever heard"),
        (("decisions",), "Nothing was decided yet"),
    ],
)
def test_the_commands_of_another_agency_name_its_own(lossy: LedgerFixture, words: tuple[str, ...], said: str) -> None:
    """Over its own ledger; no text names ICE's commands."""
    answer = CliRunner().invoke(ORR_GROUP, words)
    assert answer.exit_code == 0, answer.output
    assert said in " ".join(answer.output.split())
    assert "casefeed ice" not in answer.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("parked", "show", "9"), "`casefeed orr parked list`"),
        (("sources", "end", "orr-unknown", *DECISION_OPTIONS), "`casefeed orr sources list`"),
        (("gaps", "list", "--source", "A000123456"), "`casefeed orr gaps list`"),
        (("parked", "show", "A000123456"), "`casefeed orr parked list`"),
    ],
)
def test_an_error_of_another_agency_names_its_own_command(
    lossy: LedgerFixture, words: tuple[str, ...], said: str
) -> None:
    """Where the names and ids are."""
    answer = CliRunner().invoke(ORR_GROUP, words)
    assert said in str(answer.exception)


def test_the_status_of_another_agency_names_its_own_commands(lossy: LedgerFixture) -> None:
    """In what it prints, and in what needs a person."""
    answer = CliRunner().invoke(ORR_GROUP, ["status"])
    assert "(`casefeed orr parked list`)" in answer.output
    assert "`casefeed orr parked list` says why" in str(answer.exception)
    assert "casefeed ice" not in answer.output + str(answer.exception)


@pytest.mark.parametrize("words", [("status",), ("case", child_key(1)), ("list", "absences")])
def test_a_ledger_that_is_not_there_is_made_by_the_agencys_intake(
    empty: LedgerFixture, words: tuple[str, ...]
) -> None:
    """The sentence names the agency's own command."""
    answer = CliRunner().invoke(ORR_GROUP, words)
    assert answer.output == ""
    assert "`casefeed orr intake` makes and fills it" in str(answer.exception)
