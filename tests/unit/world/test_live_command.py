"""`casefeed world live`: what it takes, what it says, and with which exit code it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from casefeed.cli.app import casefeed
from casefeed.runtime.errors import CheckFailed, Unavailable, UsageError
from synthetic_world import cli, desk_entries, desk_process
from synthetic_world.desk_process import AnswerCounts
from synthetic_world.live import LiveProgress, LiveSchedule
from tests.unit.world.test_live import fakes, kept


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Fake desks in place of the agencies'; what the test puts in spoils them."""
    words: dict[str, str] = {}
    monkeypatch.setattr(cli, "_desk_commands", lambda ctx: fakes(tmp_path, **words))
    return words


def invoke(*options: str) -> Result:
    """The command on a small world, as from a pipe."""
    return CliRunner().invoke(cli.live_command, ["--scale", "5000", "--seed", "3", *options])


@pytest.mark.usefixtures("faked")
def test_one_line_says_what_was_done_and_a_pipe_sees_no_progress(tmp_path: Path) -> None:
    """Events recorded and held before, up to which day, how fast; nothing on standard error."""
    done = invoke("--rate", "2000", "--until", "2019-06-30")
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    count = sum(map(len, kept(tmp_path).values()))
    assert done.stdout.startswith(f"{count:,} events recorded, 0 held before; up to 2019-06-")
    again = invoke("--rate", "2000", "--until", "2019-06-30")
    assert again.stdout.startswith(f"0 events recorded, {count:,} held before; up to 2019-06-")


@pytest.mark.usefixtures("faked")
def test_what_came_before_is_told_first(tmp_path: Path) -> None:
    """With --from the desks hold all of the world before that day, and world time goes on from there."""
    done = invoke("--from", "2024-01-01", "--speed", "30d/s", "--for", "0.5")
    assert done.exit_code == 0, done.output
    assert "of them from before --from" in done.stdout
    assert "up to 2024-01-" in done.stdout
    assert sum(map(len, kept(tmp_path).values())) > 300


def test_slow_desks_are_told(faked: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The closing line has what was asked and what came of it, in events and in world time."""
    monkeypatch.setattr(desk_process, "MAX_UNANSWERED", 2)
    faked["ORR"] = "slow=0.02"
    done = invoke("--rate", "5000", "--speed", "3000d/s", "--for", "2")
    assert done.exit_code == 0, done.output
    assert "The desks were slower than asked: asked 5,000 events/s, got " in done.stdout
    assert "; asked 3000d/s, got " in done.stdout


def test_a_refusal_is_a_no_and_an_end_is_not_there(faked: dict[str, str]) -> None:
    """The exit codes 1 and 3 come from the kind of fault."""
    faked["ORR"] = "refuse=ChildTransferred"
    assert isinstance(invoke("--rate", "2000").exception, CheckFailed)
    faked["ORR"] = "end-after=2"
    assert isinstance(invoke("--rate", "2000").exception, Unavailable)


@pytest.mark.usefixtures("faked")
def test_a_signal_ends_it_with_the_closing_line() -> None:
    """SIGTERM in the middle: exit code 0, and what was recorded."""
    timer = threading.Timer(2.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    done = invoke("--speed", "1h/s", "--from", "2022-01-01")
    timer.join()
    assert done.exit_code == 0, done.output
    assert "events recorded" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--speed", "fast"], "1d/s, 6h/s"),
        (["--from", "yesterday"], "write it as 2024-05-31"),
        (["--rate", "0"], "--rate"),
    ],
)
def test_what_cannot_be_meant_is_wrong_use(options: list[str], said: str) -> None:
    """The sentence says how it is written."""
    done = invoke(*options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_an_end_before_the_start_is_wrong_use() -> None:
    """Nothing is started."""
    assert isinstance(invoke("--from", "2022-01-02", "--until", "2022-01-01").exception, UsageError)


@pytest.mark.usefixtures("faked")
@pytest.mark.parametrize("step", ["write_entries", "read_sorted"])
def test_a_temporary_folder_that_fails_is_told(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to or read from: the sentence says what to do about it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk_entries, step, full)
    fault = invoke("--rate", "2000").exception
    assert isinstance(fault, Unavailable)
    assert "No space left on device" in fault.message
    assert "TMPDIR" in fault.message


def test_a_fault_that_is_not_the_folders_is_not_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An OSError of the run itself is told as the machine's."""

    async def failing(*_: Any) -> LiveProgress:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(cli, "run_live", failing)
    fault = invoke("--until", "2018-12-31").exception
    assert isinstance(fault, Unavailable)
    assert "does not let the world go on (Too many open files)" in fault.message
    assert "TMPDIR" not in fault.message


def test_one_event_is_one_event() -> None:
    """A count of one has its noun in the singular."""
    progress = LiveProgress(0, AnswerCounts(recorded=1), sent=1)
    assert cli._closing_line(progress, LiveSchedule(0, 1.0, None)).startswith("1 event recorded, 0 held before")


def test_the_desks_are_the_agencies_own_commands_with_our_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is `casefeed AGENCY record --lines` under the flags that `casefeed` was given."""
    seen: list[dict[str, list[str]]] = []
    commands = cli._desk_commands

    def watched(ctx: click.Context) -> dict[str, list[str]]:
        seen.append(commands(ctx))
        return seen[-1]

    async def nothing(*_: Any) -> LiveProgress:
        return LiveProgress(0)

    monkeypatch.setattr(cli, "_desk_commands", watched)
    monkeypatch.setattr(cli, "run_live", nothing)
    words = [
        "--home",
        "H",
        "--desk-url",
        "sqlite:///d.db",
        "world",
        "live",
        "--scale",
        "5000",
        "--until",
        "2018-12-31",
    ]
    done = CliRunner().invoke(casefeed, words, prog_name="casefeed")
    assert done.exit_code == 0, done.output
    start = [sys.executable, "-m", "casefeed", "--home", "H", "--desk-url", "sqlite:///d.db"]
    assert seen == [
        {
            "ORR": [*start, "orr", "record", "--lines"],
            "ICE_ERO": [*start, "ice", "record", "--lines"],
            "EOIR_ADAPTER": [*start, "ice", "record", "--lines", "--agency", "EOIR_ADAPTER"],
        }
    ]
