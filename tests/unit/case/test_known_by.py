"""Corrections, retractions, merges and unmerges: the figures and cases against the definitions, and by example."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.case.casefile import EMPTY_CASE, add_fact, fold_facts
from casefeed.case.facts import MS_PER_DAY, Fact, fact_of
from casefeed.case.figures import FigureSteps, figure_steps, post_changes, post_merged_changes
from tests.events import raw, retracted
from tests.feedkit import START_MS
from tests.unit.case.figure_sums import figures_on
from tests.unit.case.known_by import believed
from tests.unit.case.random_histories import LAST_DAY, SHORTS, Told, amended

DAYS = range(LAST_DAY + 1)
KNOWN = (*range(LAST_DAY + 4), None)
ADDRESSES = ("ChildTransferred", "SponsorPlacement", "PlacementAddressChanged", "PlacementAddressChanged")
ABSENCES = ("ChildTransferred", "RunawayFromCustody", "AbsentFromSponsor", "ChildLocated", "ChildLocated")


def facts(told: list[Told]) -> list[Fact]:
    """The facts of a history."""
    return [fact_of(each.short, each.event) for each in told]


def by_key(told: list[Told]) -> dict[str, list[Fact]]:
    """The facts of a history, under the key of each."""
    found: dict[str, list[Fact]] = {}
    for each, fact in zip(told, facts(told), strict=True):
        found.setdefault(each.event["header"]["child_key"], []).append(fact)
    return found


def nonzero(steps: FigureSteps) -> dict[tuple[str, int, int], int]:
    """The steps that say something."""
    return {key: amount for key, amount in steps.items() if amount}


def steps_together(told: list[Told]) -> FigureSteps:
    """All that the children of a history add to the figures."""
    steps: FigureSteps = Counter()
    if told:
        post_merged_changes(steps, {}, by_key(told), facts(told))
    return steps


@pytest.mark.finding("every-figure")
@pytest.mark.parametrize("shorts", [SHORTS, ADDRESSES, ABSENCES], ids=["all", "addresses", "absences"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_figures_are_those_of_what_was_believed_on_each_day(data: st.DataObject, shorts: tuple[str, ...]) -> None:
    """At each as-of and known-by day, with the corrections and retractions recorded by then and with no later."""
    told = data.draw(amended(1, shorts))
    steps = figure_steps(fold_facts(facts(told)))
    for known_by in KNOWN:
        counted = [figures_on(steps, as_of, known_by) for as_of in DAYS]
        assert counted == believed(told, known_by, DAYS), known_by


@pytest.mark.finding("every-figure")
@settings(max_examples=60, deadline=None)
@given(amended(3))
def test_merged_keys_count_as_the_children_they_were_believed_to_be(told: list[Told]) -> None:
    """Three keys, merged and unmerged at will: on each day the figures count the children believed in then."""
    steps = steps_together(told)
    for known_by in KNOWN:
        counted = [figures_on(steps, as_of, known_by) for as_of in DAYS]
        assert counted == believed(told, known_by, DAYS), known_by


@settings(max_examples=30, deadline=None)
@given(amended(3), st.data())
def test_posting_each_difference_keeps_the_counters_of_merged_keys(told: list[Told], data: st.DataObject) -> None:
    """However the events of merged keys are cut into batches, what is posted sums to what all of them add."""
    counters: FigureSteps = Counter()
    before: list[Told] = []
    left = data.draw(st.permutations(told))
    while left:
        size = data.draw(st.integers(1, len(left)))
        batch, left = left[:size], left[size:]
        post_merged_changes(counters, by_key(before), by_key(before + batch), facts(batch))
        before += batch
    assert nonzero(counters) == nonzero(steps_together(told))


@settings(max_examples=30, deadline=None)
@given(amended(1), st.data())
def test_posting_each_difference_keeps_the_counters_of_an_amended_child(
    told: list[Told], data: st.DataObject
) -> None:
    """The same for one child: with its first amendment the quick way's steps turn into the slow way's."""
    counters: FigureSteps = Counter()
    case = EMPTY_CASE
    for fact in data.draw(st.permutations(facts(told))):
        before, case = case, add_fact(case, fact)
        post_changes(counters, before, case, [fact])
    assert nonzero(counters) == nonzero(figure_steps(fold_facts(facts(told))))


def test_of_an_amended_child_the_address_recorded_last_counts_whatever_the_ids() -> None:
    """Two corrections of one address, the one recorded last with the lower id, and something else taken back."""
    placed = raw("SponsorPlacement", 1, 2, days=1, address_quality="MISSING_UNIT")
    about = {"reason": "CORRECTION", "previous_address_event_id": placed["header"]["event_id"]}
    change, grown = "PlacementAddressChanged", ("AgedOut", raw("AgedOut", 1, 5, days=2))
    told = [
        ("ChildTransferred", raw("ChildTransferred", 1, 1)),
        ("SponsorPlacement", placed),
        (change, raw(change, 1, 4, days=1, late=9, address_quality="UNDELIVERABLE", **about)),
        (change, raw(change, 1, 3, days=1, late=5, address_quality="BLANK", **about)),
        grown,
        retracted(6, grown, late=1),
    ]
    steps = figure_steps(fold_facts(fact_of(*each) for each in told))
    days = [START_MS // MS_PER_DAY + late for late in (2, 7, 12)]
    figures = [figures_on(steps, days[-1], known) for known in days]
    names = ("release_address_missing_unit", "release_address_blank", "release_address_undeliverable")
    assert [[each[name] for name in names] for each in figures] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


@settings(max_examples=30, deadline=None)
@given(amended(1), st.integers(0, LAST_DAY + 3))
def test_what_was_known_by_a_day_does_not_depend_on_what_came_later(told: list[Told], known_by: int) -> None:
    """The figures known by a day are those of the events that were recorded by then."""
    by_then = [fact for fact in facts(told) if fact.day_known <= known_by]
    for as_of in DAYS:
        assert figures_on(figure_steps(fold_facts(facts(told))), as_of, known_by) == figures_on(
            figure_steps(fold_facts(by_then)), as_of
        )
