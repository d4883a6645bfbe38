"""The commands over a ledger are made for any agency: ORR's name ORR's commands, list and database."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest

from casefeed.cli import app
from casefeed.cli.agency.group import agency_group
from casefeed.contract.reasons import ParkedReason
from orr_desk.agency import ORR
from tests.events import raw
from tests.feedkit import child_key
from tests.unit.ledger.conftest import CommandResult
from tests.unit.ledger.ledger_fixture import LedgerFixture


@pytest.fixture
def orr(caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> click.Group:
    """ORR's group with three questions, over the ledger in ORR's database."""
    monkeypatch.setenv("CASEFEED_DESK_URL", f"sqlite:///{caseload.path}")
    monkeypatch.delenv("CASEFEED_LEDGER_URL")
    return agency_group(
        replace(ORR, lists={"absences": "Absences that ORR knows of"}),
        "ORR's side.",
        {
            "status": "casefeed.cli.agency.status:status_command",
            "case": "casefeed.cli.agency.case:case_command",
            "list": "casefeed.cli.agency.lists:list_command",
        },
    )


def ask(group: click.Group, capsys: pytest.CaptureFixture[str], *words: str) -> CommandResult:
    """What a command of the group answers."""
    code = app.run(lambda: group.main(words, prog_name="casefeed orr", standalone_mode=False))
    return CommandResult(code, *capsys.readouterr())


@pytest.mark.parametrize("words", [("status",), ("case", child_key(1)), ("list", "absences")])
def test_a_ledger_that_is_not_there_is_made_by_the_agencys_intake(
    orr: click.Group, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """The sentence names the agency's own command, exit code 3."""
    answer = ask(orr, capsys, *words)
    assert (answer.code, answer.out) == (3, "")
    assert "`casefeed orr intake` makes and fills it" in answer.err


def test_every_text_names_the_agencys_own_commands(
    orr: click.Group, caseload: LedgerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a ledger with an event and a parked record."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)))
    caseload.park("ChildLocated", raw("ChildLocated", 1, 2), ParkedReason.UNKNOWN_SCHEMA_ID)
    status = ask(orr, capsys, "status")
    assert status.code == 1
    assert "(`casefeed orr parked list`)" in status.out
    assert "`casefeed orr parked list` says why" in status.err
    case = ask(orr, capsys, "case", child_key(1))
    assert "`casefeed orr parked show 1`" in case.out
    absences = ask(orr, capsys, "list", "absences")
    assert absences.out.startswith("Absences that ORR knows of, in every area: none.")
    assert "`casefeed orr intake` reads the feed" in absences.out
    assert "casefeed ice" not in status.out + status.err + case.out + absences.out
