"""Answers that depend on a source past its promise: they stand, and say so in words and by their exit code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.archive_ledger import open_ledger
from tests.events import raw
from tests.feedkit import child_key
from tests.unit.ledger.conftest import RunCommand
from tests.unit.ledger.ledger_fixture import NOW_MS, LedgerFixture
from tests.unit.read.helpers import promise

MINUTE_MS = 60_000
# Each with the minutes since it spoke; it promised to be heard after one.
STATES = {"prompt": (0.5, 0), "late": (2, 1), "silent": (60, 3)}
QUESTIONS = pytest.mark.parametrize(
    "words",
    [("case", child_key(1)), ("list", "absences"), ("scorecard", "--as-of", "2025-01-31")],
    ids=lambda w: w[0],
)


def add_heartbeat(
    caseload: LedgerFixture, minutes_ago: float, *, source: str = "orr-desk-a", ended: bool = False, waiting: int = 0
) -> None:
    """A source spoke so many minutes ago and promised to speak after one minute, or nothing more."""
    stated_at = int(NOW_MS - 5000 - minutes_ago * MINUTE_MS)
    with open_ledger(caseload.path, lambda: NOW_MS) as store:
        promise(store, source, None if ended else stated_at + MINUTE_MS, stated_at=stated_at, waiting=waiting)


@pytest.fixture
def held(caseload: LedgerFixture) -> LedgerFixture:
    """A child who is absent from the sponsor."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)))
    caseload.apply(("AbsentFromSponsor", raw("AbsentFromSponsor", 1, 2, days=2)))
    return caseload


@QUESTIONS
@pytest.mark.parametrize("state", STATES)
@pytest.mark.finding("OIG-25-21/oversight", "cause/no-automated-process")
def test_an_answer_says_when_a_source_is_late_or_silent(
    held: LedgerFixture, ask: RunCommand, words: tuple[str, ...], state: str
) -> None:
    """The whole answer on standard output all the same; late ends with 1, silent with 3, each with its sentence."""
    minutes_ago, code = STATES[state]
    add_heartbeat(held, minutes_ago)
    add_heartbeat(held, 600, source="orr-desk-ended", ended=True)
    said = ask(*words)
    assert said.code == code
    assert len(said.out.splitlines()) > 3
    assert (f"for these are {state}: orr-desk-a" in said.err) == (code > 0)
    assert (f"orr-desk-a is {state}" in said.out) == (code > 0)
    assert "orr-desk-ended" not in said.out + said.err
    told = ask(*words, "--format", "json")
    assert told.code == code
    complete = told.json if words[0] == "scorecard" else told.json["complete"]
    assert complete["punctuality"] == ("ended" if state == "prompt" else state)
    assert {each["source"]: each["punctuality"] for each in complete["sources"]} == {
        "orr-desk-a": state,
        "orr-desk-ended": "ended",
    }


@QUESTIONS
def test_where_nobody_promised_anything_nobody_is_late(
    held: LedgerFixture, ask: RunCommand, words: tuple[str, ...]
) -> None:
    """A feed that was replayed from archives ends with 0."""
    said = ask(*words)
    assert said.code == 0
    assert "not be complete" not in said.err


@pytest.mark.parametrize("question", ["case", "scorecard"])
def test_what_was_known_by_a_day_needs_no_word_after_it(held: LedgerFixture, ask: RunCommand, question: str) -> None:
    """A silent source that said, after that day, that nothing of it waits has told all of that day."""
    add_heartbeat(held, 60)
    said_on = datetime.fromtimestamp((NOW_MS - 5000 - 60 * MINUTE_MS) / 1000, UTC).date()
    day = said_on.replace(day=1)
    words = ("case", child_key(1)) if question == "case" else ("scorecard", "--as-of", "2025-01-31")
    assert day < said_on
    assert ask(*words, "--known-by", day.isoformat()).code == 0
    assert ask(*words, "--known-by", said_on.isoformat()).code == 3


def test_what_waited_then_may_be_of_that_day(held: LedgerFixture, ask: RunCommand) -> None:
    """A silent source that said, after that day, that something of it waits has not told all of that day."""
    add_heartbeat(held, 60, waiting=1)
    day = datetime.fromtimestamp(NOW_MS / 1000, UTC).date().replace(day=1)
    assert ask("scorecard", "--as-of", "2025-01-31", "--known-by", day.isoformat()).code == 3


@pytest.mark.parametrize("words", [("parked", "list"), ("gaps", "list"), ("refused",)], ids=lambda w: w[0])
def test_a_list_of_what_came_is_whole_without_what_did_not(
    held: LedgerFixture, ask: RunCommand, words: tuple[str, ...]
) -> None:
    """It says who is silent, and ends with 0."""
    add_heartbeat(held, 60)
    said = ask(*words)
    assert said.code == 0
    assert "orr-desk-a is silent" in said.out
