"""`casefeed ice case` of children of whom something was corrected or taken back, or whose keys were merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casefeed.contract.reasons import ParkedReason
from tests.events import corrected, merged, raw, retracted
from tests.feedkit import child_key, event_id
from tests.unit.ledger.ledger_fixture import CommandResult, LedgerFixture

RunCommand = Callable[..., CommandResult]
KEY = child_key(1)


def transferred(child: int = 1, **over: Any) -> tuple[str, Any]:
    """The transfer of a child."""
    return "ChildTransferred", raw("ChildTransferred", child, 1, **over)


def placed(child: int = 1, **over: Any) -> tuple[str, Any]:
    """A placement whose address is blank."""
    return "SponsorPlacement", raw("SponsorPlacement", child, 2, days=3, address_quality="BLANK", **over)


def points(line: dict[str, Any]) -> list[tuple[str, int | None]]:
    """What a line says of others."""
    return [(each["how"], each["line"]) for each in line["points_at"]]


def test_a_corrected_event_stays_and_says_so(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Both lines are there, each names the other, and the head has the address as it should have been."""
    told = placed()
    caseload.apply(transferred(), told, corrected(3, told, late=9, address_quality="UNDELIVERABLE"))
    answer = ask("case", KEY, "--format", "json").json
    _, first, second = answer["timeline"]
    assert (first["state"], second["state"]) == ("corrected", "in force")
    assert (points(first), points(second)) == ([("corrected by", 3)], [("corrects", 2)])
    assert answer["head"]["release_address"] == {
        "finding": "undeliverable",
        "placed": told[1]["header"]["event_id"],
        "stated_by": second["tellings"][0]["event_id"],
        "line": 3,
    }
    restated = second["tellings"][0]["restated"]
    assert restated["type"] == "casefeed.SponsorPlacement"
    assert restated["personal"]["child"]["address"]["line1"] == "[child location]"
    shown = ask("case", KEY).out
    assert "undeliverable (placed in line 2, corrected in line 3)" in shown
    assert "Corrected (recorded wrongly) to: Placed with a sponsor in San Antonio (SNA)" in shown
    assert "release address: blank  [corrected]" in shown
    assert "corrected by line 3" in shown


def test_an_event_taken_back_stays_and_says_so(caseload: LedgerFixture, ask: RunCommand) -> None:
    """A runaway that never happened is no open absence; its line and that of the retraction name each other."""
    left = ("RunawayFromCustody", raw("RunawayFromCustody", 1, 2, days=5))
    caseload.apply(transferred(), left, retracted(3, left))
    answer = ask("case", KEY, "--format", "json").json
    assert answer["head"]["open_absences"] == []
    _, gone, back = answer["timeline"]
    assert (gone["state"], points(gone)) == ("taken back", [("taken back by", 3)])
    assert (back["state"], points(back)) == ("in force", [("takes back", 2)])
    shown = ask("case", KEY).out
    assert "Absent from ORR custody in Harlingen (HLG)  [taken back]" in shown
    assert "Takes an event back (never happened)" in shown


def test_what_is_taken_back_ends_nothing(caseload: LedgerFixture, ask: RunCommand) -> None:
    """A return that is taken back is not said to have ended the absence."""
    left = ("RunawayFromCustody", raw("RunawayFromCustody", 1, 2, days=5))
    back = ("ChildLocated", raw("ChildLocated", 1, 3, days=6))
    caseload.apply(left, back, retracted(4, back))
    answer = ask("case", KEY, "--format", "json").json
    assert [points(each) for each in answer["timeline"]] == [[], [("taken back by", 3)], [("takes back", 2)]]
    assert len(answer["head"]["open_absences"]) == 1


def test_an_amendment_of_what_is_not_held_says_so(caseload: LedgerFixture, ask: RunCommand) -> None:
    """A retraction waits for its event; a correction stands by itself, and is where the address is from."""
    missing = placed()
    caseload.apply(
        ("EventRetracted", raw("EventRetracted", 1, 3, retracts_event_id=event_id())),
        corrected(4, missing, late=2, address_quality="MISSING_UNIT"),
    )
    shown = ask("case", KEY).out
    assert "takes back an event not held here" in shown
    assert "corrects an event not held here" in shown
    assert "missing unit (placed in line 2)" in shown


def test_an_unmerge_of_what_is_no_merge_undoes_nothing(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Its line says so, and the line that it names is in force."""
    told = transferred()
    named = {"unmerges_event_id": told[1]["header"]["event_id"]}
    caseload.apply(told, ("ChildKeysUnmerged", raw("ChildKeysUnmerged", 1, 2, days=1, **named)))
    first, last = ask("case", KEY, "--format", "json").json["timeline"]
    assert (first["state"], points(first)) == ("in force", [])
    assert points(last) == [("undoes no merge, for none is", 1)]
    assert "undoes no merge, for none is line 1" in ask("case", KEY).out


def test_what_was_believed_on_a_day_is_shown(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Before the correction was recorded the address was blank, and nothing says otherwise."""
    told = placed()
    caseload.apply(transferred(), told, corrected(3, told, late=9, address_quality="DELIVERABLE"))
    believed = ask("case", KEY, "--known-by", "2020-09-24", "--format", "json").json
    assert believed["known_by"] == "2020-09-24"
    assert believed["head"]["release_address"]["finding"] == "blank"
    assert [each["state"] for each in believed["timeline"]] == ["in force", "in force"]
    later = ask("case", KEY, "--known-by", "2020-09-25", "--format", "json").json
    assert later["head"]["release_address"]["finding"] == "none"
    answer = ask("case", KEY, "--known-by", "2020-09-01")
    assert answer.code == 1
    assert "nothing of that child that was recorded by 2020-09-01" in answer.err


def test_the_scorecard_shows_what_was_believed_before_the_correction(
    caseload: LedgerFixture, ask: RunCommand
) -> None:
    """The same as-of day by what was known before and after: a blank address, then none."""
    told = placed()
    caseload.apply(transferred(), told, corrected(3, told, late=9, address_quality="DELIVERABLE"))
    figures = [
        ask("scorecard", "--as-of", "2021-01-01", "--known-by", day, "--format", "json").json["figures"]
        for day in ("2020-09-24", "2020-09-25")
    ]
    assert [each["release_address_blank"] for each in figures] == [1, 0]
    assert [each["placements"] for each in figures] == [1, 1]


@pytest.mark.parametrize("asked", [1, 2])
def test_either_key_shows_the_one_child(caseload: LedgerFixture, ask: RunCommand, asked: int) -> None:
    """The events of both keys are one case, with when and by whom the keys were merged, whichever is asked for."""
    dead = ("RunawayFromCustody", raw("RunawayFromCustody", 2, 1, days=5))
    caseload.apply(transferred(), dead, merged(1, 2, 2, days=40), placed(2))
    answer = ask("case", child_key(asked), "--format", "json").json
    assert (answer["child_key"], answer["asked_for_as"]) == (KEY, child_key(asked))
    assert len(answer["timeline"]) == 4
    assert answer["head"]["release_address"]["finding"] == "blank"
    (tied,) = answer["keys"]["merges"]
    assert (tied["stays"], tied["goes"], tied["source"]) == (KEY, child_key(2), "orr-test")
    shown = ask("case", child_key(asked)).out
    assert shown.startswith(f"Child {KEY}, case of")
    assert f"{child_key(2)} merged into {KEY} by orr-test (ORR), recorded 2020-10-23" in shown
    assert ("asked for as" in shown) is (asked == 2)


def test_a_merged_key_of_which_nothing_was_heard_is_known(caseload: LedgerFixture, ask: RunCommand) -> None:
    """It can be asked for from the merge on, and what is told under it later is the one child's."""
    caseload.apply(transferred(), merged(1, 2, 2, days=40))
    assert ask("case", child_key(2), "--format", "json").json["child_key"] == KEY
    caseload.apply(("RunawayFromCustody", raw("RunawayFromCustody", 2, 1, days=50)))
    (row,) = ask("list", "absences", "--format", "json").json["rows"]
    assert row["child_key"] == KEY
    assert len(ask("case", KEY, "--format", "json").json["timeline"]) == 3


def test_unmerged_keys_are_two_children_again(caseload: LedgerFixture, ask: RunCommand) -> None:
    """As if never merged, and each case says that they were."""
    tied = merged(1, 2, 2, days=40)
    caseload.apply(transferred(), transferred(2), tied, retracted(3, tied))
    mine, other = (ask("case", child_key(each), "--format", "json").json for each in (1, 2))
    assert (mine["child_key"], other["child_key"]) == (KEY, child_key(2))
    assert len(mine["timeline"]) == 3
    assert len(other["timeline"]) == 1
    assert [each["in_force"] for each in other["keys"]["merges"]] == [False]
    assert "undone since" in ask("case", child_key(2)).out
    before = ask("case", child_key(2), "--known-by", "2020-10-23", "--format", "json").json
    assert before["child_key"] == KEY


def test_merges_that_disagree_are_uncertain_and_listed(caseload: LedgerFixture, ask: RunCommand) -> None:
    """One child, shown under the key that the last merge keeps, uncertain, and an item for people."""
    caseload.apply(transferred(2), transferred(3), merged(2, 1, 2, days=10), merged(3, 1, 2, days=20))
    answer = ask("case", KEY, "--format", "json").json
    assert answer["child_key"] == child_key(3)
    assert answer["uncertain"]["merges"].startswith("the merges in force do not say which one key stays")
    (row,) = ask("list", "disagreements", "--format", "json").json["rows"]
    assert (row["child_key"], row["uncertain"]) == (child_key(3), True)
    assert row["what"] == "2 merges of 3 keys do not say which one stays"
    assert "do not say which one key stays" in ask("case", KEY).out


def test_what_is_uncertain_of_a_merged_key_is_uncertain_of_the_child(
    caseload: LedgerFixture, ask: RunCommand
) -> None:
    """A parked record and a missing number of the dead key show on the case and in the list of the one that stays."""
    left = ("RunawayFromCustody", raw("RunawayFromCustody", 2, 3, days=5))
    caseload.apply(transferred(), left, merged(1, 2, 2, days=40))
    caseload.park("NtaServed", raw("NtaServed", 2, 1, source="ice-test"), ParkedReason.UNDECODABLE)
    answer = ask("case", KEY, "--format", "json").json
    assert [each["reason"] for each in answer["uncertain"]["parked"]] == ["undecodable"]
    assert [each["last"] for each in answer["uncertain"]["missing"]] == [2]
    (row,) = ask("list", "absences", "--format", "json").json["rows"]
    assert (row["child_key"], row["uncertain"]) == (KEY, True)
