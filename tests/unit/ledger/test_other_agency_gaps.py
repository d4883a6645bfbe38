"""Parked records, gaps, sources and decisions of another agency: the same commands, which name that agency's own."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from casefeed.cli.agency.group import agency_group
from casefeed.contract.reasons import ParkedReason
from orr_desk.agency import ORR
from tests.events import raw
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import LedgerFixture

COMMANDS = {
    "parked": "casefeed.cli.agency.parked:parked_command",
    "gaps": "casefeed.cli.agency.gaps:gaps_command",
    "refused": "casefeed.cli.agency.refused:refused_command",
    "sources": "casefeed.cli.agency.sources:sources_command",
    "decisions": "casefeed.cli.agency.decisions:decisions_command",
}
DECISION_OPTIONS = ("--reason", "the court says so", "--by", "J. Doe")


@pytest.fixture
def lossy(caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> LedgerFixture:
    """ORR's ledger, in which child 1 lacks the court's number 1 and has a parked record."""
    monkeypatch.setenv("CASEFEED_DESK_URL", f"sqlite:///{caseload.path}")
    monkeypatch.delenv("CASEFEED_LEDGER_URL")
    caseload.apply(("HearingScheduled", raw("HearingScheduled", 1, 2, source="court-test")))
    caseload.park("NtaServed", raw("NtaServed", 1, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    return caseload


@pytest.mark.parametrize(
    ("words", "said"),
    [
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
def test_the_commands_of_another_agency_name_its_own(
    lossy: LedgerFixture, words: tuple[str, ...], said: str
) -> None:
    """Over its own ledger; no text names ICE's commands."""
    answer = CliRunner().invoke(agency_group(ORR, "ORR's side.", COMMANDS), words)
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
    answer = CliRunner().invoke(agency_group(ORR, "ORR's side.", COMMANDS), words)
    assert said in str(answer.exception)
