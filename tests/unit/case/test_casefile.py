"""The case: a set of facts that converges, and what is read off it."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.case.address import AddressFinding
from casefeed.case.casefile import (
    CaseFile,
    absences,
    add_fact,
    current_area,
    fold_facts,
    missed_hearings,
    release_address,
)
from casefeed.case.facts import MS_PER_DAY, Fact, FactKind, fact_of
from casefeed.case.figures import figure_steps
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.codec import corrected_event
from tests.events import correction, raw
from tests.unit.case.random_histories import Told, amended, histories


def facts(told: list[Told]) -> list[Fact]:
    """The facts of a history."""
    return [fact_of(each.short, each.event) for each in told]


def of(*events: tuple[str, dict[str, object]]) -> CaseFile:
    """The case of some events."""
    return fold_facts(fact_of(short, event) for short, event in events)


@settings(max_examples=80)
@given(st.one_of(histories(), amended()), st.data())
def test_any_order_and_any_duplication_give_the_same_case(told: list[Told], data: st.DataObject) -> None:
    """The case, its figures, and its text are the same however the events came and however often."""
    once = facts(told)
    again = data.draw(st.lists(st.sampled_from(once), max_size=5)) if once else []
    mixed = data.draw(st.permutations([*once, *again]))
    assert fold_facts(mixed) == fold_facts(once)
    assert fold_facts(mixed).facts_in_force == fold_facts(once).facts_in_force
    assert figure_steps(fold_facts(mixed)) == figure_steps(fold_facts(once))


@settings(max_examples=80)
@given(st.one_of(histories(), amended()), st.data())
def test_stepping_is_folding(told: list[Told], data: st.DataObject) -> None:
    """Event after event in any order, each perhaps twice, leads to the case that all events fold to."""
    once = facts(told)
    mixed = data.draw(st.permutations([*once, *once[: len(once) // 2]]))
    assert reduce(add_fact, mixed, CaseFile()) == fold_facts(once)


@given(st.one_of(histories(), amended()))
def test_a_case_survives_being_written_down(told: list[Told]) -> None:
    """What `to_row` gives, `from_row` takes."""
    case = fold_facts(facts(told))
    assert fold_facts(Fact.from_row(fact.to_row()) for fact in case.facts) == case


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
def test_every_event_type_is_a_fact(event_type: object) -> None:
    """The case knows every event of the feed; a correction came about when what it restates did."""
    short = event_type.short_name  # type: ignore[attr-defined]
    over = correction("ChildLocated", raw("ChildLocated", 1, 1)) if short == "EventCorrected" else {}
    event = raw(short, 1, 1, days=3, late=1, **over)
    fact = fact_of(short, event)
    assert fact.event_id == event["header"]["event_id"]
    told = corrected_event(event_type, event)[1] if short == "EventCorrected" else event  # type: ignore[arg-type]
    assert fact.day_true == told["header"]["occurred_at"] // MS_PER_DAY
    assert fact.day_known == event["header"]["recorded_at"] // MS_PER_DAY


def test_a_day_is_a_utc_day() -> None:
    """The last ms of a day belongs to it, the next to the next; before 1970 too."""
    facts = [Fact(ms, ms, "", FactKind.TRANSFER) for ms in (-1, 0, 86_399_999, 86_400_000)]
    assert [fact.day_true for fact in facts] == [fact.day_known for fact in facts] == [-1, 0, 0, 1]


def placed(**over: object) -> tuple[str, dict[str, object]]:
    """A placement whose mail lacks a unit number."""
    return "SponsorPlacement", raw("SponsorPlacement", 1, 1, address_quality="MISSING_UNIT", **over)  # type: ignore[arg-type]


def changed(about: object, reason: str, quality: str, **over: object) -> tuple[str, dict[str, object]]:
    """A correction of, or a move from, the address of an event."""
    event = raw(
        "PlacementAddressChanged", 1, 2,
        previous_address_event_id=about, reason=reason, address_quality=quality, **over,  # type: ignore[arg-type]
    )  # fmt: skip
    return "PlacementAddressChanged", event


def id_of(told: tuple[str, dict[str, object]]) -> object:
    """The id of an event."""
    return told[1]["header"]["event_id"]  # type: ignore[index]


@pytest.mark.finding("OIG-25-21/addresses")
def test_a_correction_changes_the_release_address_and_a_move_does_not() -> None:
    """OIG-25-21 counts release addresses: a family that moves later was still released to the first address."""
    placement = placed()
    moved = changed(id_of(placement), "FAMILY_MOVED", "BLANK", days=5)
    corrected = changed(id_of(placement), "CORRECTION", "DELIVERABLE", late=2)
    before, after = release_address(of(placement, moved)), release_address(of(placement, moved, corrected))
    assert before is not None
    assert after is not None
    assert before.finding is AddressFinding.MISSING_UNIT
    assert after.finding is AddressFinding.NONE
    assert after.address_fact.event_id == id_of(corrected)
    assert after.placement.event_id == id_of(placement)


def test_a_correction_of_a_correction_corrects_the_placement() -> None:
    """The last recorded of a chain of corrections stands."""
    placement = placed()
    first = changed(id_of(placement), "CORRECTION", "DELIVERABLE", late=2)
    second = changed(id_of(first), "CORRECTION", "UNDELIVERABLE", late=3)
    found = release_address(of(second, first, placement))
    assert found is not None
    assert found.finding is AddressFinding.UNDELIVERABLE


def test_of_corrections_recorded_at_once_the_greater_id_stands() -> None:
    """Two corrections of one moment are told apart by their ids, whatever came first."""
    placement = placed()
    ids = [f"0190a5b0-0000-7000-8000-{number:012x}" for number in (2, 1)]
    corrections = [
        changed(id_of(placement), "CORRECTION", quality, late=2, header={"event_id": event_id})
        for event_id, quality in zip(ids, ("BLANK", "DELIVERABLE"), strict=True)
    ]
    # The one of the greater id is the later fact, so that what comes first does not decide.
    corrections[0][1]["header"]["occurred_at"] += 1  # type: ignore[index]
    found = release_address(of(placement, *corrections))
    assert found is not None
    assert found.address_fact.event_id == ids[0]


def test_corrections_that_name_each_other_in_a_circle_end() -> None:
    """Two corrections that each name the other correct no placement, and nothing waits for ever."""
    placement, one = placed(), changed("x", "CORRECTION", "BLANK")
    two = changed(id_of(one), "CORRECTION", "BLANK")
    one[1]["previous_address_event_id"] = id_of(two)
    found = release_address(of(placement, one, two))
    assert found is not None
    assert found.address_fact.event_id == id_of(placement)


def test_without_a_placement_there_is_no_release_address() -> None:
    """A correction of an event that is not held is no address of release."""
    assert release_address(of(changed("x", "CORRECTION", "BLANK"))) is None


@pytest.mark.finding("OIG-25-21/failed-to-appear", "OIG-24-46/rec-2", "cause/manual-fta-steps")
def test_a_hearing_told_twice_is_one_failure() -> None:
    """The same missed hearing from both sides is one failure with two tellings; presence is none."""
    told = [
        raw("FailureToAppear", 1, 1, source="court-test", days=30, late=1),
        raw("FailureToAppear", 1, 1, source="orr-test", days=30, late=0.5),
        raw("FailureToAppear", 1, 2, source="orr-test", hearing_id="SYN-H-2", not_present=False),
    ]
    (failure,) = missed_hearings(of(*(("FailureToAppear", each) for each in told)))
    assert len(failure.reports) == 2
    assert failure.first_report.event_id == told[1]["header"]["event_id"]


@pytest.mark.finding("cause/not-told-of-location")
@pytest.mark.parametrize(
    ("days", "named", "ends"),
    [(3, None, True), (1, None, True), (0, None, False), (0, "it", True), (3, "another", False)],
)
def test_what_ends_an_absence(days: float, named: str | None, ends: bool) -> None:
    """A return ends the absence it names, whenever; one that names none ends those that are not later."""
    left = raw("RunawayFromCustody", 1, 1, days=1)
    about = {None: None, "it": left["header"]["event_id"], "another": "x"}[named]
    back = raw("ChildLocated", 1, 2, days=days, closes_event_id=about)
    (absence,) = absences(of(("RunawayFromCustody", left), ("ChildLocated", back)))
    assert (absence.ended_by is not None) is ends
    assert absence.from_custody


def test_the_area_follows_the_last_address_that_holds() -> None:
    """The area that owns the case is that of the latest placement or move, else of the transfer."""
    transfer = ("ChildTransferred", raw("ChildTransferred", 1, 1))
    placement = placed(days=2, owning_area="MIA")
    move = changed(id_of(placement), "FAMILY_MOVED", "DELIVERABLE", days=9, owning_area="CHI")
    assert [
        current_area(of(*told)) for told in ((transfer,), (placement, transfer), (move, placement, transfer))
    ] == ["HLG", "MIA", "CHI"]
    assert current_area(CaseFile()) == ""
