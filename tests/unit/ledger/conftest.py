"""A small ledger filled without a broker, and the command that asks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from casefeed.cli import app
from tests.unit.ledger.ledger_fixture import NOW_MS, CommandResult, LedgerFixture

RunCommand = Callable[..., CommandResult]


@pytest.fixture
def caseload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LedgerFixture:
    """An empty ledger; it is the one in force, no broker is, and it is NOW_MS."""
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CASEFEED_LEDGER_URL", f"sqlite:///{tmp_path / 'ice.db'}")
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("casefeed.cli.agency.output.now_ms", lambda: NOW_MS)
    return LedgerFixture(tmp_path / "ice.db")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Run `casefeed ice ...` and say its exit code and what it printed."""

    def run(*args: str) -> CommandResult:
        capsys.readouterr()
        code = app.run(lambda: app.casefeed.main(["ice", *args], prog_name="casefeed", standalone_mode=False))
        return CommandResult(code, *capsys.readouterr())

    return run
