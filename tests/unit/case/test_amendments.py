"""What is in force, by example: late, twice, before; amendments of amendments; keys merged and unmerged."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings

from casefeed.case.address import AddressFinding
from casefeed.case.amendments import facts_in_force
from casefeed.case.casefile import CaseFile, absences, fold_facts, release_address
from casefeed.case.facts import Fact, FactKind, fact_of
from casefeed.case.figures import FigureSteps, post_merged_changes
from casefeed.case.merges import merged_children
from tests.events import corrected, merged, raw, retracted
from tests.feedkit import DAY_MS, START_MS, Raw, child_key
from tests.unit.case.figure_sums import figures_on
from tests.unit.case.known_by import groups, key_of, shown_under
from tests.unit.case.random_histories import Told, amended

DAY = START_MS // DAY_MS
Event = tuple[str, Raw]


def of(*told: Event) -> CaseFile:
    """The case of some events."""
    return fold_facts(fact_of(*each) for each in told)


def placed(**over: Any) -> Event:
    """A placement at a blank address."""
    return "SponsorPlacement", raw("SponsorPlacement", 1, 1, address_quality="BLANK", **over)


def transferred(child: int = 1) -> Event:
    """The transfer of a child."""
    return "ChildTransferred", raw("ChildTransferred", child, 1)


def finding(*told: Event) -> AddressFinding | None:
    """What keeps mail from the release address, whatever order the events come in."""
    found = {release_address(of(*order)) for order in permutations(told)}
    (one,) = {None if each is None else each.finding for each in found}
    return one


def under(*told: Event) -> dict[str, list[Fact]]:
    """The facts of events under the key of each."""
    facts: dict[str, list[Fact]] = {}
    for short, event in told:
        facts.setdefault(event["header"]["child_key"], []).append(fact_of(short, event))
    return facts


def counted(*told: Event, as_of: int = 400, known_by: int | None = None) -> dict[str, int]:
    """The figures of the children of these events, days after the start."""
    steps: FigureSteps = FigureSteps()
    facts = under(*told)
    post_merged_changes(steps, {}, facts, [fact for each in facts.values() for fact in each])
    return figures_on(steps, DAY + as_of, None if known_by is None else DAY + known_by)


@pytest.mark.finding("OIG-25-21/addresses")
def test_a_correction_counts_late_twice_and_before_its_event() -> None:
    """Whenever it comes, and however often, the event is as it should have been."""
    told = placed()
    right = corrected(2, told, late=9, address_quality="UNDELIVERABLE")
    assert finding(told, right) is AddressFinding.UNDELIVERABLE
    assert finding(told, right, right) is AddressFinding.UNDELIVERABLE
    assert finding(right) is AddressFinding.UNDELIVERABLE


def test_a_corrected_fact_keeps_its_id_and_its_place() -> None:
    """Others name the event by its id, and corrections of an address are ordered by when each was recorded."""
    told = placed()
    (fact,) = facts_in_force(of(told, corrected(2, told, late=9, owning_area="CHI")).facts)
    header = told[1]["header"]
    assert (fact.event_id, fact.recorded_at) == (header["event_id"], header["recorded_at"])
    assert (fact.area, fact.amends) == ("CHI", "")


def test_of_several_corrections_the_last_recorded_counts() -> None:
    """Two of the same event, and one of the first of them: the last that was recorded."""
    told = placed()
    first = corrected(2, told, late=1, address_quality="UNDELIVERABLE")
    second = corrected(3, told, late=5, address_quality="MISSING_UNIT")
    assert finding(told, first, second) is AddressFinding.MISSING_UNIT
    restated = {**told[1], "header": {**told[1]["header"], "event_id": first[1]["header"]["event_id"]}}
    of_the_first = corrected(4, ("SponsorPlacement", restated), late=9, address_quality="DELIVERABLE")
    assert finding(told, first, second, of_the_first) is AddressFinding.NONE


def test_a_retracted_correction_falls_away() -> None:
    """The earlier telling stands again: the event's own, or that of the correction before."""
    told = placed()
    first = corrected(2, told, late=1, address_quality="UNDELIVERABLE")
    second = corrected(3, told, late=5, address_quality="MISSING_UNIT")
    assert finding(told, first, second, retracted(4, second)) is AddressFinding.UNDELIVERABLE
    assert finding(told, first, retracted(4, first)) is AddressFinding.BLANK


def test_what_is_taken_back_is_gone_with_all_that_restates_it() -> None:
    """Also with what restates it later; a retraction waits for an event that has not come yet."""
    told = placed()
    back = retracted(2, told)
    assert finding(told, back) is None
    assert finding(back) is None
    assert finding(told, back, corrected(3, told, late=9)) is None


def test_a_retraction_that_is_taken_back_counts_no_more() -> None:
    """And one taken back twice over counts again, whatever the clocks of the two sides say."""
    told = placed()
    once = retracted(2, told, late=5)
    twice = retracted(3, once, late=-2)
    assert finding(told, once, twice) is AddressFinding.BLANK
    assert finding(told, once, twice, retracted(4, twice, late=-1)) is None


def test_retractions_of_each_other_end() -> None:
    """Of two that take back each other the last recorded counts; one that names itself says nothing."""
    told = placed()
    one = Fact(5, 5, "one", FactKind.RETRACTION, amends="two")
    two = Fact(6, 6, "two", FactKind.RETRACTION, amends="one")
    event = fact_of(*told)
    third = Fact(7, 7, "third", FactKind.RETRACTION, amends="third")
    assert facts_in_force([one, two, third, event]) == (event,)
    of_event = two._replace(event_id="one", recorded_at=5, amends=event.event_id)
    assert facts_in_force([of_event, third, event]) == ()


def test_a_correction_may_turn_a_fact_into_another() -> None:
    """A runaway that was a placement: the one counts no more, the other does."""
    left = ("RunawayFromCustody", raw("RunawayFromCustody", 1, 2, days=2))
    case = of(left, corrected(3, left, as_type="SponsorPlacement"))
    assert absences(case) == []
    assert release_address(case) is not None


@pytest.mark.finding("every-figure")
def test_known_by_shows_what_was_believed_before() -> None:
    """Placed on day 0 at a blank address, corrected on day 9, the correction taken back on day 20."""
    told = placed()
    right = corrected(2, told, late=9, address_quality="DELIVERABLE")
    every = (transferred(), told, right, retracted(3, right, late=11))
    blank = [counted(*every, known_by=day)["release_address_blank"] for day in (0, 8, 9, 19, 20, 99)]
    assert blank == [1, 1, 0, 0, 1, 1]


def test_merged_keys_are_one_child_from_the_day_it_was_known() -> None:
    """Two transfers before, one after; what one key lacks the other has."""
    served = ("NtaServed", raw("NtaServed", 2, 1, source="ice-test", days=1))
    every = (transferred(), transferred(2), served, merged(1, 2, 2, days=30))
    assert [counted(*every, known_by=day)["transfers"] for day in (29, 30)] == [2, 1]
    assert [counted(*every, known_by=day)["nta_not_served"] for day in (29, 30)] == [1, 0]


def test_a_late_event_on_the_dead_key_counts_with_the_one_that_stays() -> None:
    """Something told under the merged key after the merge is the one child's."""
    late = ("RunawayFromCustody", raw("RunawayFromCustody", 2, 1, days=40))
    assert counted(transferred(), merged(1, 2, 2, days=30), late)["runaway_from_custody_open"] == 1
    assert counted(transferred(), late)["runaway_from_custody_open"] == 0


def test_a_merge_of_a_merged_key_joins_all_three() -> None:
    """In whichever order, under the one key that no merge names as merged."""
    one, two = merged(2, 3, 2, days=10), merged(1, 2, 2, days=20)
    every = (transferred(), transferred(2), transferred(3))
    for order in permutations((one, two)):
        assert counted(*every, *order)["transfers"] == 1
        (child,) = merged_children(under(*every, *order))
        assert (child.display_key, child.conflicting, len(child.keys)) == (child_key(1), False, 3)


@pytest.mark.parametrize(("first", "last", "shown"), [((1, 2), (2, 1), 2), ((2, 1), (3, 1), 3), ((3, 1), (2, 1), 2)])
def test_merges_that_disagree_are_one_child_under_the_key_of_the_last(
    first: tuple[int, int], last: tuple[int, int], shown: int
) -> None:
    """Each into the other, or one key into two: one child, and a question for people."""
    told = (merged(*first, 2, days=1), merged(*last, 3, days=2))
    (child,) = merged_children(under(transferred(), transferred(2), *told))
    assert (child.display_key, child.conflicting) == (child_key(shown), True)


def test_unmerged_keys_are_as_if_never_merged() -> None:
    """From the day of the unmerge; taken back, the merge holds again."""
    tied = merged(1, 2, 2, days=10)
    undone = retracted(3, tied, late=10)
    every = (transferred(), transferred(2), tied, undone, retracted(4, undone, late=10))
    assert [counted(*every, known_by=day)["transfers"] for day in (9, 10, 20, 30)] == [2, 1, 2, 1]
    assert counted(*every[:4]) == counted(*every[:2])


def test_an_unmerge_undoes_nothing_but_a_merge() -> None:
    """It takes back no other event that it names by mistake."""
    told = placed()
    event_id = told[1]["header"]["event_id"]
    unmerge = ("ChildKeysUnmerged", raw("ChildKeysUnmerged", 1, 2, unmerges_event_id=event_id))
    assert finding(told, unmerge) is AddressFinding.BLANK


def test_what_another_child_tells_takes_nothing_back() -> None:
    """A retraction under a key that no merge ties to the event's own waits there for ever."""
    told, tied = placed(), merged(1, 2, 2)
    other = raw("EventRetracted", 3, 1, retracts_event_id=told[1]["header"]["event_id"])
    of_merge = raw("EventRetracted", 3, 2, retracts_event_id=tied[1]["header"]["event_id"])
    every = (transferred(), transferred(2), told, tied, ("EventRetracted", other), ("EventRetracted", of_merge))
    assert counted(*every)["placements"] == 1
    assert counted(*every)["transfers"] == 1


@settings(max_examples=60, deadline=None)
@given(amended(3))
def test_each_child_is_shown_under_the_key_that_the_merges_in_force_keep(told: list[Told]) -> None:
    """By the definition, on raw events: the one key that none names as merged, else that of the last recorded."""
    facts: dict[str, list[Fact]] = {}
    for each in told:
        facts.setdefault(key_of(each), []).append(fact_of(each.short, each.event))
    found = {each.keys: (each.display_key, each.conflicting) for each in merged_children(facts)}
    for keys in groups(told):
        assert found[tuple(sorted(keys))] == shown_under(keys, told)
