"""No personal value passes the log, whatever a program or a library hands to it."""

from __future__ import annotations

import ast
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from casefeed.contract.catalogue import load_catalogue, walk_fields
from casefeed.contract.privacy import personal_fields
from casefeed.runtime import logs

SECRET = "Zzyzxsurname"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The set-up of every process, taken back after the test."""
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path))
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    logs.setup("debug")
    yield
    root.handlers[:] = before
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """Reads what was logged, as objects."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_key_that_is_not_listed_is_withheld_and_counted(lines: Any) -> None:
    """Technical keys and unproblematic fields pass; everything else is only counted."""
    structlog.get_logger().info(
        "applied", topic="orr.case-events", offset=7, child_key="abcd", owning_area="SNA",
        surname=SECRET, line1=SECRET, whatever=SECRET,
    )  # fmt: skip
    (line,) = lines()
    assert line.pop("timestamp")
    assert line == {
        "event": "applied", "level": "info", "topic": "orr.case-events", "offset": 7,
        "child_key": "abcd", "owning_area": "SNA", "withheld": 3,
    }  # fmt: skip


def test_the_first_line_of_a_process_is_under_the_set_up(lines: Any) -> None:
    """structlog is loaded and set up with the first line, which passes the list as every other."""
    structlog.reset_defaults()
    logs.get_logger().info("applied", topic="orr.case-events", surname=SECRET)
    logs.get_logger().debug("each line is, by its level too")
    first, second = lines()
    assert (first["topic"], first["withheld"], second["level"]) == ("orr.case-events", 1, "debug")
    logs.setup_on_first_line("warning")
    logs.get_logger().info("not shown")
    assert lines() == []


def test_a_listed_key_cannot_hide_a_structure(lines: Any) -> None:
    """Records, lists, bytes and long texts do not pass under any name: a value of a record could be in them."""
    event = {"child": {"surname": SECRET}}
    structlog.get_logger().info("x", count=event, path=[SECRET], offset=SECRET.encode(), url=SECRET * 50)
    (line,) = lines()
    assert line["withheld"] == 4
    assert SECRET not in json.dumps(line)


def test_every_field_of_the_contract_is_judged_by_its_tag(lines: Any) -> None:
    """Of a whole event laid out as keys only what is tagged none, operational or court appears."""
    names = {path[-1] for each in load_catalogue().event_types.values() for path, _ in walk_fields(each.schema)}
    structlog.get_logger().info("all", **{name: f"value-of-{name}" for name in names})
    (line,) = lines()
    assert not [name for name in personal_fields() if f"value-of-{name}" in line.values()]
    assert line["withheld"] >= len(personal_fields())
    assert line["court_code"] == "value-of-court_code"


def test_no_technical_key_is_the_name_of_a_personal_field() -> None:
    """A technical name never opens a way for a personal field of the same name."""
    assert logs.TECHNICAL & personal_fields() == frozenset()


def test_an_exception_is_its_type_and_places(lines: Any) -> None:
    """Neither the message of an exception nor that of its cause is logged; where they came through is."""

    def inner() -> None:
        raise ValueError(f"bad {SECRET}")

    try:
        try:
            inner()
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        structlog.get_logger().exception("failed")
        structlog.get_logger().error("failed", error=error)
    first, second = lines()
    assert first["error"] == second["error"] == "KeyError"
    assert any(place.endswith("in inner") for place in first["places"])
    assert "then ValueError" in first["places"]
    assert SECRET not in json.dumps([first, second])


def test_a_library_line_keeps_its_template_and_loses_its_texts(lines: Any) -> None:
    """aiokafka's own words and numbers stay; a text argument, which could be a record's, does not."""
    logging.getLogger("aiokafka.x").error("Failed on %s at %d: %s", SECRET, 7, ValueError(SECRET))
    (line,) = lines()
    assert line["event"] == "Failed on … at 7: ValueError"
    assert line["logger"] == "aiokafka.x"


def test_an_unknown_library_is_heard_and_not_quoted(lines: Any) -> None:
    """A logger whose templates we do not know (asyncio puts whole exceptions in them) shows only its place."""
    logging.getLogger("asyncio").error(f"Task exception was never retrieved {SECRET}")
    (line,) = lines()
    assert line["event"] == "a line of asyncio, withheld"
    assert "test_logs.py" in line["where"]


def test_a_library_that_repeats_itself_is_heard_once(lines: Any) -> None:
    """A broker that is away does not fill the log."""
    for _ in range(5):
        logging.getLogger("aiokafka.conn").error('Unable connect to "%s:%s"', "127.0.0.1", 1)
    assert len(lines()) == 1


def test_what_nobody_caught_passes_through_the_log(lines: Any) -> None:
    """Python itself prints no message of an exception that nobody caught, in whichever thread."""
    logs.install_excepthooks()
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    def fail() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    found = lines()
    assert [line["error"] for line in found] == ["ValueError", "ValueError"]
    assert SECRET not in json.dumps(found)


def test_a_kept_failure_holds_type_and_places_only(tmp_path: Path) -> None:
    """The file that an internal error points to names where it came through and no value."""
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        path = logs.record_failure(error)
    assert path is not None
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert path == tmp_path / "log" / "failures.jsonl"
    assert kept["error"] == "ValueError"
    assert SECRET not in json.dumps(kept)


def test_a_terminal_gets_lines_for_people(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """On a terminal a line is text for people, with the same keys withheld."""
    monkeypatch.setattr(logs, "_is_terminal", lambda stream: True)
    structlog.get_logger().warning("waiting", topic="orr.case-events", surname=SECRET)
    told = capsys.readouterr().err
    assert "waiting" in told
    assert "orr.case-events" in told
    assert SECRET not in told


def test_every_message_of_ours_is_fixed() -> None:
    """A log call's message is written out, never put together: a value could be put into it."""
    put_together = []
    for folder in ("sdk", "producers", "consumers", "stack"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _logs(node) and not _fixed(node):
                    put_together.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    # The one place where a library's template, its texts taken out, is passed on.
    assert [each for each in put_together if "runtime/logs.py" not in each] == []


def _logs(call: ast.Call) -> bool:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in levels):
        return False
    owner = call.func.value
    named = isinstance(owner, ast.Name) and owner.id.strip("_") in ("log", "logger")
    return named or (isinstance(owner, ast.Call) and ast.unparse(owner.func).endswith("get_logger"))


def _fixed(call: ast.Call) -> bool:
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant)


RAISES_AT_THE_END = """
from casefeed.runtime import logs
logs.install_excepthooks()
class Holder:
    def __del__(self):
        raise ValueError("a value of a record")
holder = Holder()
"""


def test_what_is_raised_while_the_interpreter_ends_is_a_line_without_its_message() -> None:
    """Nothing can be imported any more then, and nothing was logged before."""
    done = subprocess.run([sys.executable, "-c", RAISES_AT_THE_END], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["error"]) == ("an exception could not be raised", "ValueError")
    assert "a value of a record" not in done.stderr
