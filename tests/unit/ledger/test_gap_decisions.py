"""`casefeed ice gaps close|reopen`, `ice sources` and `ice decisions`: doubts that nothing else can end."""

from __future__ import annotations

import json

import pytest

from tests.events import merged, raw
from tests.feedkit import child_key
from tests.unit.ledger.conftest import RunCommand
from tests.unit.ledger.ledger_fixture import LedgerFixture
from tests.unit.ledger.test_freshness import add_heartbeat

JSON = ("--format", "json")
DECISION_OPTIONS = ("--reason", "the desk was lost with its disk", "--by", "J. Doe")
ONE = ("--child", child_key(1))


@pytest.fixture
def lossy(caseload: LedgerFixture) -> LedgerFixture:
    """Child 1 lacks ORR's numbers 2 and 3."""
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)), ("AgedOut", raw("AgedOut", 1, 4)))
    return caseload


@pytest.mark.finding("OIG-25-21/oversight")
def test_numbers_that_will_never_come_are_given_up_with_a_name_and_a_reason(
    lossy: LedgerFixture, ask: RunCommand
) -> None:
    """Shown first; the child is certain then, its case and the lists say what was given up, by whom and why."""
    tried = ask("gaps", "close", *ONE, "--dry-run", *JSON).json
    assert tried["gaps"] == [{"child_key": child_key(1), "source": "orr-test", "first": 2, "last": 3}]
    assert tried["figures"] == {
        "uncertain_children": {"before": 1, "after": 0},
        "uncertain_gaps": {"before": 1, "after": 0},
    }
    assert ask("gaps", "list", *JSON).json["count"] == 1
    assert ask("gaps", "close", *ONE, *DECISION_OPTIONS, *JSON).json == {**tried, "dry_run": False, "decision": 1}
    case = ask("case", child_key(1), *JSON).json
    assert case["uncertain"] is None
    (given_up,) = case["given_up"]
    assert (given_up["first"], given_up["last"], given_up["missing"], given_up["by"]) == (2, 3, 2, "J. Doe")
    assert "given up         numbers 2 to 3 from orr-test, " in ask("case", child_key(1)).out
    assert "No number is missing" in ask("gaps", "list").out
    assert ask("gaps", "list", "--closed", *JSON).json["gaps"] == [given_up]
    assert ask("gaps", "list", "--closed", "--format", "csv").rows[0]["decision"] == "1"
    shown = ask("gaps", "list", "--closed").out
    assert "Given up: 1" in shown
    assert "the desk was lost with its disk" in ask("decisions").out
    assert ask("decisions", *JSON).json["decisions"][0]["what"] == "close-gaps"
    assert json.loads(ask("decisions", "--format", "csv").rows[0]["filter"]) == {"child_keys": [child_key(1)]}
    assert ask("scorecard", *JSON).json["given_up"] == {"gaps": 1, "numbers": 2}
    assert "complete but for what was given up" in ask("scorecard").out
    for words in (("scorecard",), ("status",)):
        assert "Given up: 2 numbers in 1 gap (`casefeed ice gaps list --closed`)" in ask(*words).out


def test_what_came_all_the_same_is_told_of(lossy: LedgerFixture, ask: RunCommand) -> None:
    """The case says how many of the numbers never came."""
    ask("gaps", "close", *ONE, *DECISION_OPTIONS)
    lossy.apply(("AgedOut", raw("AgedOut", 1, 3)))
    assert "given up         1 of the numbers 2 to 3 from orr-test, " in ask("case", child_key(1)).out
    lossy.apply(("AgedOut", raw("AgedOut", 1, 2)))
    assert "given up" not in ask("case", child_key(1)).out


def test_what_was_given_up_can_be_waited_for_again(lossy: LedgerFixture, ask: RunCommand) -> None:
    """The child is uncertain again, and it is in the list."""
    ask("gaps", "close", *ONE, *DECISION_OPTIONS)
    done = ask("gaps", "reopen", *ONE, *DECISION_OPTIONS)
    assert done.code == 0
    assert "1 reopened" in done.out
    assert ask("case", child_key(1), *JSON).json["uncertain"]["missing"][0]["first"] == 2
    assert "Nothing is given up" in ask("gaps", "list", "--closed").out


@pytest.mark.parametrize("what", ["close", "reopen"])
def test_a_decision_about_no_numbers_is_none(lossy: LedgerFixture, ask: RunCommand, what: str) -> None:
    """It says that there is nothing to decide, and ends well."""
    said = ask("gaps", what, "--child", child_key(2), *DECISION_OPTIONS)
    assert said.code == 0
    assert "There is nothing to decide" in said.out
    assert "Nothing was decided yet" in ask("decisions").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gaps", "close", *ONE), "--reason TEXT and --by NAME"),
        (("gaps", "close", *DECISION_OPTIONS), "Name whose numbers"),
        (("gaps", "close", "--child", "A000123456", *DECISION_OPTIONS), "not a child key"),
        (("gaps", "close", *ONE, "--first", "3", "--last", "2", *DECISION_OPTIONS), "no number lies between"),
        (("gaps", "close", *ONE, "--reason", "of A000123456", "--by", "J. Doe"), "name no child"),
        (("gaps", "list", "--closed", "--late"), "--closed goes with"),
        (("gaps", "list", "--closed", "--since", "2025-01-31"), "--closed goes with"),
        (("gaps", "close", "--source", "A000123456", *DECISION_OPTIONS), "no source"),
        (("gaps", "close", *ONE, "--first", str(2**63), *DECISION_OPTIONS), "--first"),
        (("gaps", "close", *ONE, "--reason", " ", "--by", " "), "--reason TEXT and --by NAME"),
        (("sources", "end", "A000123456", *DECISION_OPTIONS), "no source"),
        (("sources", "end", "orr-gone"), "--reason TEXT and --by NAME"),
    ],
)
def test_a_decision_that_is_not_told_whole_is_wrong_use(
    lossy: LedgerFixture, ask: RunCommand, words: tuple[str, ...], said: str
) -> None:
    """It says what is missing, decides nothing, and repeats no value."""
    answer = ask(*words)
    assert answer.code == 2
    assert said in answer.err
    assert "A000123456" not in answer.err + answer.out
    assert "Nothing was decided yet" in ask("decisions").out


@pytest.mark.finding("cause/no-automated-process")
def test_a_source_that_is_gone_for_good_ends_by_decision(lossy: LedgerFixture, ask: RunCommand) -> None:
    """No answer is silent by it any more, status says why, and once it speaks again it is expected again."""
    add_heartbeat(lossy, 60, source="orr-gone", waiting=2)
    assert ask("case", child_key(1)).code == 3
    tried = ask("sources", "end", "orr-gone", "--dry-run")
    assert "2 events of it waited to be sent" in tried.out
    assert ask("case", child_key(1)).code == 3
    assert ask("sources", "end", "orr-gone", *DECISION_OPTIONS).code == 0
    assert ask("case", child_key(1)).code == 0
    assert "expected no more, by decision 1" in ask("status").out
    assert "orr-gone" not in ask("status").err
    (row,) = ask("sources", "list", *JSON).json["sources"]
    assert (row["source"], row["punctuality"], row["ended_by"], row["due_at"]) == ("orr-gone", "ended", 1, None)
    assert ask("sources", "list", "--format", "csv").rows[0]["ended_by"] == "1"
    assert "nothing to decide" in ask("sources", "end", "orr-gone", *DECISION_OPTIONS).out
    add_heartbeat(lossy, 30, source="orr-gone")
    assert ask("case", child_key(1)).code == 3
    assert "silent" in ask("sources", "list").out


def test_a_source_that_left_events_behind_ends_by_decision(lossy: LedgerFixture, ask: RunCommand) -> None:
    """It ended in good order with some of its events unsent, and will not send them."""
    add_heartbeat(lossy, 60, source="orr-left", ended=True, waiting=2)
    assert "orr-left ended while 2 events of it waited" in ask("status").err
    assert ask("sources", "end", "orr-left", *DECISION_OPTIONS).code == 0
    assert "orr-left" not in ask("status").err


def test_a_source_that_is_heard_in_time_does_not_end(lossy: LedgerFixture, ask: RunCommand) -> None:
    """A name that was mistyped hides no source that lives."""
    add_heartbeat(lossy, 0.5)
    said = ask("sources", "end", "orr-desk-a", *DECISION_OPTIONS)
    assert said.code == 1
    assert "heard in time" in said.err
    assert "Nothing was decided" in ask("decisions").out


@pytest.mark.parametrize("key", [child_key(1), child_key(2)])
def test_what_was_given_up_of_a_merged_child_is_told_under_either_key(
    lossy: LedgerFixture, ask: RunCommand, key: str
) -> None:
    """Asked for, decided and shown by whichever key."""
    lossy.apply(merged(2, 1, 1))
    assert ask("gaps", "close", "--child", key, *DECISION_OPTIONS).code == 0
    assert [row["child_key"] for row in ask("case", key, *JSON).json["given_up"]] == [child_key(1)]
    assert ask("gaps", "list", "--closed", "--child", key, *JSON).json["count"] == 1


def test_without_a_ledger_nothing_is_decided_and_none_is_made(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Only the intake makes one."""
    for words in (("gaps", "close", *ONE), ("sources", "end", "orr-gone")):
        assert ask(*words, *DECISION_OPTIONS).code == 3
    assert not caseload.path.exists()


def test_a_source_that_was_never_heard_cannot_end(lossy: LedgerFixture, ask: RunCommand) -> None:
    """The answer is no, and where the names are."""
    said = ask("sources", "end", "orr-unknown", *DECISION_OPTIONS)
    assert said.code == 1
    assert "sources list" in said.err
    assert "No source was ever heard" in ask("sources", "list").out
