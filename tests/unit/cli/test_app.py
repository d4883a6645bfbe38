"""The command `casefeed`: exit codes, rooms that do not load, and what an error may say."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from casefeed import cli
from casefeed.cli import app, lazy_group
from casefeed.runtime.errors import BrokerUnavailable, CheckFailed, Unavailable, UsageError

SECRET = "Zzyzxsurname"


def raising(error: BaseException) -> Callable[[], Any]:
    def command() -> None:
        raise error

    return command


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own and a working directory without settings."""
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckFailed("No."), 1),
        (UsageError("Wrong."), 2),
        (click.UsageError("Wrong."), 2),
        (Unavailable("Away."), 3),
        (BrokerUnavailable("Away."), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_end_has_its_code(error: BaseException, code: int, capsys: Any) -> None:
    """1 the answer is no, 2 wrong use, 3 something needed is not there, 130 interrupted; the sentence is told."""
    assert app.run(raising(error)) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip()


def test_done_is_0() -> None:
    """A command that ends has done its work; one that returns a code means it."""
    assert app.run(lambda: None) == 0
    assert app.run(lambda: 1) == 1


@pytest.mark.parametrize("say", [click.echo, lambda text: Console(file=sys.stdout).print(text)])
def test_a_reader_that_has_had_enough_is_no_failure(say: Callable[[str], None]) -> None:
    """Output piped into `head` ends with 0, however it is written; click and rich would make a 1 of it."""

    @click.command()
    def talk() -> None:
        for _ in range(10_000):
            say("a line that nobody reads any more")

    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed, pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdout", closed)
        patched.setattr(app.casefeed, "get_command", lambda *_: talk)
        assert app.run(lambda: app.casefeed.main(args=["tail"], standalone_mode=False)) == 0


def test_an_exit_that_has_nothing_to_do_with_a_pipe_stays(capsys: Any) -> None:
    """Only a closed pipe is forgiven: a command that leaves with 1 leaves with 1."""
    with pytest.raises(SystemExit) as left:
        app.run(raising(SystemExit(1)))
    assert left.value.code == 1


def test_ctrl_c_while_the_command_loads_is_told_in_a_word(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Loading takes a moment: who interrupts it sees a word and 130, and no traceback."""

    class Interrupts(MetaPathFinder):
        def find_spec(self, fullname: str, *_: object) -> None:
            if fullname == "casefeed.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "casefeed.cli.app")
    monkeypatch.delattr(cli, "app")
    monkeypatch.setattr(sys, "meta_path", [Interrupts(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"


@pytest.mark.parametrize(("missing", "ends"), [("click", SystemExit), ("casefeed.nowhere", ModuleNotFoundError)])
def test_without_its_extra_the_command_says_what_to_install(
    missing: str, ends: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """One sentence and exit code 3; another module that is missing is a fault, and no extra cures it."""

    class Missing(MetaPathFinder):
        def find_spec(self, fullname: str, *_: object) -> None:
            if fullname == "casefeed.cli.app":
                raise ModuleNotFoundError(name=missing)

    monkeypatch.delitem(sys.modules, "casefeed.cli.app")
    monkeypatch.delattr(cli, "app")
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(ends) as ended:
        cli.main()
    told = capsys.readouterr().err
    if missing == "click":
        assert ended.value.args == (3,)
        assert told == "The command `casefeed` needs an extra that is missing: pip install 'casefeed[cli]'.\n"


def test_an_internal_error_shows_no_message(home: Path, capsys: Any) -> None:
    """An exception nobody meant is shown as type and place; its message could hold a value of a record."""
    assert app.run(raising(ValueError(SECRET))) == 3
    told = capsys.readouterr().err
    assert "Internal error: ValueError at" in told
    assert "in command" in told
    assert str(home / "log" / "failures.jsonl") in told
    assert SECRET not in told + (home / "log" / "failures.jsonl").read_text(encoding="utf-8")


def test_an_internal_error_that_cannot_be_kept_says_so(home: Path, capsys: Any) -> None:
    """Where the file cannot be written nobody is sent to it; the places are on standard error."""
    (home / "log").write_text("no folder", encoding="utf-8")
    assert app.run(raising(ValueError(SECRET))) == 3
    told = capsys.readouterr().err
    assert "could not be written to a file" in told
    assert str(home / "log" / "failures.jsonl") not in told.splitlines()[-1]
    assert SECRET not in told


def ends(args: list[str], capsys: Any) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        app.main(args)
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, told.out, told.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """One room raises on import."""

    def load(name: str) -> Any:
        if name == "casefeed.cli.tail":
            raise ImportError(SECRET, name="tailing")
        return importlib.__import__(name, fromlist=["x"])

    monkeypatch.setattr(lazy_group, "import_module", load)


@pytest.mark.usefixtures("broken", "quiet_hooks")
def test_a_room_that_does_not_load_stops_no_other(capsys: Any) -> None:
    """It says so when it is asked and in the list of commands; the other commands work."""
    code, _, told = ends(["tail", "orr.case-events", "--limit", "1"], capsys)
    assert code == 3
    assert "`casefeed tail` cannot be loaded (ImportError of tailing at" in told
    assert SECRET not in told
    code, listed, _ = ends(["--help"], capsys)
    assert code == 0
    assert "(cannot be loaded: ImportError)" in listed
    code, told, _ = ends(["settings", "--format", "json"], capsys)
    assert code == 0


@pytest.mark.usefixtures("quiet_hooks")
def test_flags_reach_every_command(home: Path, capsys: Any) -> None:
    """A flag given to casefeed itself is in force in the command, and is shown as a flag."""
    _, shown, _ = ends(["--kafka-bootstrap", "flag:1", "settings", "--format", "json"], capsys)
    found = {each["name"]: (each["value"], each["origin"]) for each in json.loads(shown)}
    assert found["kafka_bootstrap"] == ("flag:1", "flag")
    assert found["home"] == (str(home), "environment")
    code, shown, _ = ends(["settings"], capsys)
    assert code == 0
    assert "kafka_bootstrap" in shown


@pytest.mark.usefixtures("quiet_hooks")
@pytest.mark.parametrize("args", [["--version"], ["--help"], ["-h"], ["settings", "--help"]])
def test_asking_what_there_is_succeeds(args: list[str], capsys: Any) -> None:
    """Version and help are answers: exit 0, nothing on standard error."""
    code, told, errors = ends(args, capsys)
    assert (code, errors) == (0, "")
    assert "casefeed" in told


@pytest.mark.usefixtures("quiet_hooks")
def test_a_command_that_is_none_is_wrong_use(capsys: Any) -> None:
    """A misspelt command or option ends with 2."""
    assert ends(["nothing-of-that-name"], capsys)[0] == 2
    assert ends(["settings", "--nope"], capsys)[0] == 2


@pytest.mark.parametrize("name", ["rich", "plotille", "prometheus_client"])
def test_a_module_of_the_extra_that_is_missing_is_named(name: str, capsys: Any) -> None:
    """Click may be there without the others: exit code 3, and no internal error."""
    assert app.run(raising(ModuleNotFoundError(f"No module named {name!r}", name=name))) == 3
    (sentence,) = capsys.readouterr().err.splitlines()
    assert name in sentence
    assert "casefeed[cli]" in sentence
