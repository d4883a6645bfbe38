"""What is uncertain of a child that goes by several keys: counted once, found under whichever key is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casefeed.contract.reasons import ParkedReason
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.store import connect
from tests.events import merged, raw, retracted
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import CommandResult, LedgerFixture

RunCommand = Callable[..., CommandResult]
BOTH = [child_key(1), child_key(2)]
UNKNOWN = ParkedReason.UNKNOWN_SCHEMA_ID
MERGE = merged(1, 2, 2, days=40)


@pytest.fixture
def filled(caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> LedgerFixture:
    """Children 1 and 2 are one: under each key a record is parked and a number missing. A record of 3 is parked."""
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", "http://127.0.0.1:1")
    caseload.apply(("ChildTransferred", raw("ChildTransferred", 1, 1)), MERGE)
    for child in (1, 2):
        caseload.park("ChildLocated", raw("ChildLocated", child, 7), UNKNOWN)
        caseload.apply(("AgedOut", raw("AgedOut", child, 9, days=9)))
    caseload.park("ChildLocated", raw("ChildLocated", 3, 1), UNKNOWN)
    return caseload


def test_a_child_of_several_keys_is_uncertain_once(filled: LedgerFixture, ask: RunCommand) -> None:
    """In scorecard, status, and what a decision changes; the records and the gaps are counted each."""
    counts = {"children": 2, "parked": 3, "gaps": 2}
    assert ask("scorecard", "--format", "json").json["uncertain"] == counts
    assert ask("status", "--format", "json").json["uncertain"] == counts
    tried = ask("parked", "close", "--child", child_key(3), "--dry-run", "--format", "json").json
    assert tried["figures"]["uncertain_children"] == {"before": 2, "after": 1}


def test_keys_that_were_taken_apart_are_children_each(filled: LedgerFixture, ask: RunCommand) -> None:
    """A merge that was undone ties nothing: both are uncertain, and a question about one leaves the other out."""
    filled.apply(retracted(3, MERGE))
    assert ask("scorecard", "--format", "json").json["uncertain"]["children"] == 3
    found = ask("parked", "list", "--child", BOTH[0], "--format", "json").json
    assert [each["child_key"] for each in found["parked"]] == BOTH[:1]


def test_keys_none_of_which_lacks_anything_change_no_count(filled: LedgerFixture) -> None:
    """A merged child who is certain is counted nowhere, one of whose keys one lacks something is counted once."""
    filled.apply(merged(5, 6, 1), merged(7, 8, 1))
    filled.park("ChildLocated", raw("ChildLocated", 8, 1), UNKNOWN)
    db = connect(filled.path, read_only=True)
    assert uncertain_counts(db)["children"] == 3
    db.close()


@pytest.mark.parametrize("asked", BOTH)
@pytest.mark.parametrize("question", [("parked", "list"), ("gaps", "list")])
def test_a_question_about_a_child_follows_its_keys(
    filled: LedgerFixture, ask: RunCommand, question: tuple[str, ...], asked: str
) -> None:
    """Whichever key is asked for, the rows of both are there, each with the key that it lies under."""
    answer = ask(*question, "--child", asked, "--format", "json").json
    assert answer["filters"]["child_key"] == asked
    assert answer["filters"]["child_keys"] == BOTH
    assert sorted(each["child_key"] for each in answer[question[0]]) == BOTH
    shown = ask(*question, "--child", asked).out
    assert [key in shown for key in (*BOTH, child_key(3))] == [True, True, False]


@pytest.mark.parametrize("asked", BOTH)
def test_a_decision_about_a_child_takes_all_its_keys_and_says_which(
    filled: LedgerFixture, ask: RunCommand, asked: str
) -> None:
    """What waits under either key is decided, and the decision keeps both."""
    who = ("--reason", "sent anew", "--by", "J. Doe")
    made = ask("parked", "close", "--child", asked, *who, "--format", "json").json
    assert (made["counts"]["closed"], made["filter"]) == (2, {"child_keys": BOTH})
    (kept,) = ask("decisions", "--format", "json").json["decisions"]
    assert kept["filter"] == {"child_keys": BOTH}
    assert f"close (child keys {BOTH[0]} and {BOTH[1]})" in ask("decisions").out
