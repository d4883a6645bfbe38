"""`casefeed ice parked redrive|close`: shown first, done in one go, kept with a name and a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casefeed.contract.reasons import ParkedReason
from casefeed.read.decisions import DECISION_OUTCOMES
from casefeed.read.store import SqliteStore
from tests.events import merged, raw, received
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import NOW_MS, CommandResult, LedgerFixture

RunCommand = Callable[..., CommandResult]
UNKNOWN = ParkedReason.UNKNOWN_SCHEMA_ID
DECISION_OPTIONS = ("--reason", "the schema is registered now", "--by", "J. Doe")
JSON = ("--format", "json")


@pytest.fixture
def filled(caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> LedgerFixture:
    """A transfer and an absence of child 1 that can be read now, a record of child 2 that cannot; no registry."""
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", "http://127.0.0.1:1")
    caseload.park("ChildTransferred", raw("ChildTransferred", 1, 1), UNKNOWN)
    caseload.park("RunawayFromCustody", raw("RunawayFromCustody", 1, 2, days=4), UNKNOWN)
    caseload.park("AgedOut", raw("AgedOut", 2, 1), UNKNOWN, headers=())
    caseload.apply(("AgedOut", raw("AgedOut", 1, 3, days=9)))
    return caseload


def figures(ask: RunCommand) -> dict[str, int]:
    """The figures that are not 0, as of today."""
    card = ask("scorecard", *JSON).json
    return {name: value for name, value in card["figures"].items() if value}


@pytest.mark.finding("OIG-25-21/data-review")
def test_a_dry_run_shows_what_would_change_and_changes_nothing(filled: LedgerFixture, ask: RunCommand) -> None:
    """Which events of which children, which figures and rows of lists, and who is certain then."""
    tried = ask("parked", "redrive", "--child", child_key(1), "--dry-run", *JSON)
    assert tried.code == 0
    assert tried.json["decision"] is None
    assert tried.json["counts"] == dict.fromkeys(DECISION_OUTCOMES, 0) | {"applied": 2}
    assert [each["event"]["type"] for each in tried.json["records"]] == [
        "casefeed.ChildTransferred",
        "casefeed.RunawayFromCustody",
    ]
    assert tried.json["figures"] == {
        "transfers": {"before": 0, "after": 1},
        "nta_not_served": {"before": 0, "after": 1},
        "runaway_from_custody": {"before": 0, "after": 1},
        "runaway_from_custody_open": {"before": 0, "after": 1},
        "uncertain_children": {"before": 2, "after": 1},
        "uncertain_parked": {"before": 3, "after": 1},
        "uncertain_gaps": {"before": 1, "after": 0},
    }
    assert [(each["added"], each["list"], each["child_key"]) for each in tried.json["lists"]] == [
        (True, "absences", child_key(1))
    ]
    shown = ask("parked", "redrive", "--child", child_key(1), "--dry-run")
    for text in (
        "2 records of 1 child: 2 applied",
        "RunawayFromCustody, orr-test no. 2",
        "+ list absences",
        "Nothing was",
    ):
        assert text in shown.out
    assert figures(ask) == {}
    assert ask("decisions").out.startswith("Nothing was decided")


@pytest.mark.finding("OIG-25-21/oversight")
def test_a_redrive_does_what_its_dry_run_showed(filled: LedgerFixture, ask: RunCommand) -> None:
    """Cases, figures and lists have it; the decision is kept with who, why and what came of it; records name it."""
    tried = ask("parked", "redrive", "--child", child_key(1), "--dry-run", *JSON).json
    done = ask("parked", "redrive", "--child", child_key(1), *DECISION_OPTIONS, *JSON)
    assert done.code == 0
    assert done.json == {**tried, "dry_run": False, "decision": 1}
    assert figures(ask) == {
        "transfers": 1, "nta_not_served": 1, "runaway_from_custody": 1, "runaway_from_custody_open": 1,
    }  # fmt: skip
    assert ask("case", child_key(1), *JSON).json["uncertain"] is None
    (kept,) = ask("decisions", *JSON).json["decisions"]
    assert (kept["what"], kept["by"], kept["reason"]) == ("redrive", "J. Doe", "the schema is registered now")
    assert (kept["applied"], kept["parked"], kept["filter"]) == (2, 0, {"child_keys": [child_key(1)]})
    assert [row["applied"] for row in ask("decisions", "--format", "csv").rows] == ["2"]
    record = ask("parked", "show", "1", *JSON).json
    assert (record["state"], record["ended_by"], record["decisions"]) == ("redriven", 1, [kept])
    assert "by J. Doe: the schema is registered now [2 applied]" in ask("parked", "show", "1").out


def rows_of(answer: CommandResult) -> list[tuple[bool, str, str]]:
    """Which rows of lists a decision adds and takes away."""
    return [(each["added"], each["list"], each["child_key"]) for each in answer.json["lists"]]


def test_the_rows_of_a_key_that_was_merged_are_shown_under_the_one_that_stays(
    filled: LedgerFixture, ask: RunCommand
) -> None:
    """Whichever key the parked record was told under."""
    filled.apply(merged(3, 1, 1))
    tried = ask("parked", "redrive", "--child", child_key(1), "--dry-run", *JSON)
    assert rows_of(tried) == [(True, "absences", child_key(3))]


def test_a_merge_that_was_parked_shows_the_rows_that_move(filled: LedgerFixture, ask: RunCommand) -> None:
    """From the key that goes, of which nothing is parked, to the one that stays."""
    filled.apply(("RunawayFromCustody", raw("RunawayFromCustody", 4, 1)))
    short, tied = merged(3, 4, 1)
    filled.park(short, tied, UNKNOWN)
    tried = ask("parked", "redrive", "--child", child_key(3), "--dry-run", *JSON)
    assert set(rows_of(tried)) == {(False, "absences", child_key(4)), (True, "absences", child_key(3))}


def test_a_second_redrive_of_the_same_changes_nothing_and_says_so(filled: LedgerFixture, ask: RunCommand) -> None:
    """Nothing waits any more: exit 0, no decision."""
    ask("parked", "redrive", "1", *DECISION_OPTIONS)
    for which in ("1", ("--child", child_key(3))):
        again = ask("parked", "redrive", *([which] if isinstance(which, str) else which), *DECISION_OPTIONS)
        assert again.code == 0
        assert "There is nothing to decide" in again.out
    assert len(ask("decisions", *JSON).json["decisions"]) == 1


def test_what_stays_parked_is_said_with_its_reason_of_now(filled: LedgerFixture, ask: RunCommand) -> None:
    """Exit 1; the registry is away and the record names no schema. What could be applied was."""
    done = ask("parked", "redrive", "--all", *DECISION_OPTIONS)
    assert done.code == 1
    assert "1 record stayed parked" in done.err
    assert "2 applied, 1 parked still" in done.out
    assert "the registry does not answer" in done.out
    record = ask("parked", "show", "3", *JSON).json
    assert (record["state"], record["reason_now"], record["tried_by"]) == ("open", "unknown-schema-id", 1)
    assert "reason now" in ask("parked", "show", "3").out


def test_what_a_record_needs_is_what_it_is_parked_for_now(filled: LedgerFixture, ask: RunCommand) -> None:
    """The lists, the counts by cause and a choice go by the reason of now, which says who can repair it."""
    cut = received("AgedOut", raw("AgedOut", 2, 2)).value
    assert cut is not None
    filled.park("AgedOut", raw("AgedOut", 2, 2), UNKNOWN, value=cut[:-3])
    assert ask("parked", "redrive", "4", *DECISION_OPTIONS).code == 1
    (record,) = ask("parked", "list", "--cause", "undecodable", *JSON).json["parked"]
    assert (record["id"], record["reason"], record["repairer"]) == (4, "unknown-schema-id", "sender")
    assert [each["id"] for each in ask("parked", "list", "--repairer", "sender", *JSON).json["parked"]] == [4]
    causes = ask("parked", "list", "--by-cause", *JSON).json["causes"]
    assert [(each["reason"], each["open"]) for each in causes] == [("unknown-schema-id", 3), ("undecodable", 1)]
    (doubt,) = (each for each in ask("case", child_key(2), *JSON).json["uncertain"]["parked"] if each["id"] == 4)
    assert (doubt["reason"], doubt["repairer"]) == ("undecodable", "sender")
    assert "undecodable" in ask("parked", "list").out


def test_a_record_is_closed_by_decision_and_leaves_nothing_uncertain(filled: LedgerFixture, ask: RunCommand) -> None:
    """It ends unapplied, with who and why; by its number it can be redriven still."""
    closed = ask("parked", "close", "3", "--reason", "sent in error, says ORR", "--by", "J. Doe", *JSON)
    assert (closed.code, closed.json["counts"]["closed"], closed.json["decision"]) == (0, 1, 1)
    assert ask("scorecard", *JSON).json["uncertain"] == {"children": 1, "parked": 2, "gaps": 1}
    listed = ask("parked", "list", "--done", *JSON).json
    assert [(each["id"], each["state"]) for each in listed["parked"]] == [(3, "closed")]
    assert [each["id"] for each in ask("parked", "list", "--open", *JSON).json["parked"]] == [1, 2]
    assert ask("parked", "redrive", "3", *DECISION_OPTIONS).code == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("1",), 2),
        (("1", "--reason", "why"), 2),
        (("1", "--by", "J. Doe"), 2),
        (("1", "--all", *DECISION_OPTIONS), 2),
        (("--all", "--topic", "orr.case-events", *DECISION_OPTIONS), 2),
        (("1", "--by", "J. Doe", "--reason", "of A123456789"), 2),
        (("1", "--by", "J. Doe", "--reason", "of a child (A000123456)"), 2),
        (("1", "--by", "J. Doe", "--reason", "of A# 123-456-789, wrong"), 2),
        (("1", "--by", "A 123 456 789", "--reason", "why"), 2),
        (("1", "--by", "J. Doe", "--reason", "x" * 501), 2),
        (("1", "--by", "J.\nDoe", "--reason", "why"), 2),
        (("A000123456", *DECISION_OPTIONS), 2),
        (("99", *DECISION_OPTIONS), 1),
    ],
)
@pytest.mark.parametrize("what", ["redrive", "close"])
def test_a_decision_needs_a_choice_a_name_and_a_reason(
    filled: LedgerFixture, ask: RunCommand, what: str, words: tuple[str, ...], code: int
) -> None:
    """Exit 2 for wrong use, 1 where no such record is parked; nothing changes, and an A-number is not repeated."""
    answer = ask("parked", what, *words)
    assert answer.code == code
    assert "A123456789" not in answer.err + answer.out
    assert ask("decisions", *JSON).json == {"decisions": []}


def test_a_redrive_is_made_while_the_intake_has_the_file(filled: LedgerFixture, ask: RunCommand) -> None:
    """The one that reads holds its lock; a decision writes beside it."""
    with SqliteStore(filled.path, now=lambda: NOW_MS, packages=("casefeed.ledger",)):
        assert (
            ask("parked", "redrive", "--cause", UNKNOWN.value, "--child", child_key(1), *DECISION_OPTIONS).code == 0
        )
    assert figures(ask)["transfers"] == 1


def test_a_redrive_makes_no_ledger(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Exit 3 where there is none."""
    assert ask("parked", "redrive", "--all", *DECISION_OPTIONS).code == 3
    assert not caseload.path.exists()


def test_parked_records_are_counted_by_cause_first(filled: LedgerFixture, ask: RunCommand) -> None:
    """How many each reason parked, and how many of them wait; alone with --by-cause, in every format."""
    filled.park("NtaServed", raw("NtaServed", 2, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    ask("parked", "redrive", "1", *DECISION_OPTIONS)
    causes = ask("parked", "list", *JSON).json["causes"]
    assert [(each["reason"], each["repairer"], each["open"], each["records"]) for each in causes] == [
        ("unknown-schema-id", "operator", 2, 3),
        ("undecodable", "sender", 1, 1),
    ]
    assert "parked" not in ask("parked", "list", "--by-cause", *JSON).json
    assert [row["open"] for row in ask("parked", "list", "--by-cause", "--format", "csv").rows] == ["2", "1"]
    table = ask("parked", "list", "--by-cause").out
    assert "By cause" in table
    assert "Parked records" not in table


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (("--repairer", "operator"), [1, 2, 3]),
        (("--repairer", "sender"), []),
        (("--since", "2021-10-17"), [1, 2, 3]),
        (("--since", "2021-10-18"), []),
        (("--cause", "unknown-schema-id", "--child", child_key(2)), [3]),
    ],
)
def test_more_filters_narrow_the_list(
    filled: LedgerFixture, ask: RunCommand, filters: tuple[str, ...], ids: list[int]
) -> None:
    """By who can repair it, by when it was received, by several at once."""
    assert [each["id"] for each in ask("parked", "list", *filters, *JSON).json["parked"]] == ids
