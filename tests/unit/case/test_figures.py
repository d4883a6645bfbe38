"""The figures: steps against the definitions, at every pair of days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.case.address import AddressFinding
from casefeed.case.casefile import CaseFile, add_fact, fold_facts
from casefeed.case.facts import Fact, FactKind, fact_of
from casefeed.case.figures import (
    FIGURES,
    FigureSteps,
    earliest_pairs,
    figure_steps,
    indicator_steps,
    intersect,
    post_changes,
)
from tests.unit.case.figure_definitions import figures
from tests.unit.case.figure_sums import figures_on
from tests.unit.case.random_histories import DAY_MS, LAST_DAY, Told, histories

ADDRESSES = ("ChildTransferred", "SponsorPlacement", "PlacementAddressChanged", "PlacementAddressChanged")
ABSENCES = ("ChildTransferred", "RunawayFromCustody", "AbsentFromSponsor", "ChildLocated", "ChildLocated")
COURT = ("ChildTransferred", "FailureToAppear", "NtaServed", "NtaIssued", "NtaFiled", "InAbsentiaOrder")
PAIRS = [*product(range(LAST_DAY + 1), (*range(LAST_DAY + 4), None))]


def facts(told: list[Told]) -> list[Fact]:
    """The facts of a history."""
    return [fact_of(each.short, each.event) for each in told]


def difference(before: CaseFile, after: CaseFile, new: Sequence[Fact]) -> FigureSteps:
    """What the intake posts when the facts `new` turned `before` into `after`."""
    steps: FigureSteps = Counter()
    post_changes(steps, before, after, new)
    return Counter(nonzero(steps))


def nonzero(steps: FigureSteps) -> dict[tuple[str, int, int], int]:
    """The steps that say something."""
    return {key: amount for key, amount in steps.items() if amount}


@pytest.mark.finding("every-figure")
@pytest.mark.parametrize("shorts", [None, ADDRESSES, ABSENCES, COURT], ids=["all", "addresses", "absences", "court"])
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_steps_sum_to_the_definitions_on_every_pair_of_days(
    data: st.DataObject, shorts: tuple[str, ...] | None
) -> None:
    """At each as-of and known-by day, a child's steps sum to what the definitions say of its events."""
    told = data.draw(histories() if shorts is None else histories(shorts))
    steps = figure_steps(fold_facts(facts(told)))
    for as_of, known_by in PAIRS:
        assert figures_on(steps, as_of, known_by) == figures(told, as_of, known_by), (as_of, known_by)


@settings(max_examples=80, deadline=None)
@given(st.one_of(histories(), histories(ADDRESSES), histories(ABSENCES)), st.data())
def test_posting_each_difference_keeps_the_counters(told: list[Told], data: st.DataObject) -> None:
    """However a child's events are cut into batches, old plus posted is what all its events add."""
    counters: FigureSteps = Counter()
    case, left = CaseFile(), data.draw(st.permutations(facts(told)))
    while left:
        size = data.draw(st.integers(1, len(left)))
        batch, left = left[:size], left[size:]
        before = case
        for fact in batch:
            case = add_fact(case, fact)
        posted = difference(before, case, batch)
        assert all(posted.values())
        counters.update(posted)
    assert nonzero(counters) == nonzero(figure_steps(fold_facts(facts(told))))


@given(histories())
def test_the_same_fact_again_posts_nothing(told: list[Told]) -> None:
    """A case that does not change moves no counter."""
    case = fold_facts(facts(told))
    assert not case.facts or difference(case, case, case.facts) == Counter()


@pytest.mark.parametrize(
    ("late", "figure", "amount"),
    [
        (Fact(1, DAY_MS, "c", FactKind.ADDRESS_CORRECTION, about="b"), "release_address_blank", -1),
        (Fact(1, DAY_MS, "c", FactKind.LOCATED, about="d"), "runaway_from_custody_open", -1),
        (Fact(1, DAY_MS, "c", FactKind.NTA_SERVED), "nta_not_served", -1),
    ],
    ids=lambda each: str(each),
)
def test_what_comes_alone_and_late_moves_what_it_touches(late: Fact, figure: str, amount: int) -> None:
    """A batch of one kind of fact posts to the figures that read that kind, from the day it was known."""
    before = fold_facts(
        [
            Fact(0, 0, "a", FactKind.TRANSFER),
            Fact(1, 1, "b", FactKind.PLACEMENT, finding=AddressFinding.BLANK),
            Fact(1, 1, "d", FactKind.RUNAWAY_FROM_CUSTODY),
        ]
    )
    posted = difference(before, add_fact(before, late), [late])
    assert posted[figure, 0, 1] == amount


@pytest.mark.parametrize("kind", [FactKind.RUNAWAY_FROM_CUSTODY, FactKind.PLACEMENT])
def test_one_fact_more_in_order_moves_little_however_many_there_were(kind: FactKind) -> None:
    """A sender that tells hundreds of absences, or placements, of one child does not hold up the others."""
    told = [
        Fact(day * DAY_MS, day * DAY_MS, f"{day:04}", kind, finding=AddressFinding.BLANK) for day in range(1, 300)
    ]
    before = fold_facts([Fact(0, 0, "a", FactKind.TRANSFER), *told[:-1]])
    steps: FigureSteps = Counter()
    post_changes(steps, before, add_fact(before, told[-1]), told[-1:])
    assert len(steps) <= 4


def test_what_a_correction_leads_to_is_known_when_the_way_is() -> None:
    """A correction of a correction that nobody had recorded yet corrects no placement on that day."""
    told = [
        Fact(0, 0, "a", FactKind.TRANSFER),
        Fact(0, 0, "b", FactKind.PLACEMENT, finding=AddressFinding.BLANK),
        Fact(0, 5 * DAY_MS, "c", FactKind.ADDRESS_CORRECTION, about="b"),
        Fact(0, 3 * DAY_MS, "d", FactKind.ADDRESS_CORRECTION, about="c", finding=AddressFinding.UNDELIVERABLE),
    ]
    steps = figure_steps(fold_facts(told))
    assert [figures_on(steps, 9, known)["release_address_blank"] for known in (2, 3, 5)] == [1, 1, 0]
    assert figures_on(steps, 9)["release_address_defective"] == 0


def test_a_child_counts_in_nothing_before_its_transfer_is_known() -> None:
    """Without a transfer there is no child to count."""
    told = Fact(0, 0, "a", FactKind.NTA_SERVED)
    assert figure_steps(fold_facts([told])) == Counter()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6))
def test_rises_sum_to_one_where_some_point_is_not_later(points: list[tuple[int, int]]) -> None:
    """The steps of a set of points are 1 wherever one of them is not later in either day, else 0."""
    steps = list(indicator_steps(earliest_pairs(points)))
    for as_of, known in product(range(7), range(7)):
        total = sum(amount for true, k, amount in steps if true <= as_of and k <= known)
        assert total == any(true <= as_of and k <= known for true, k in points)


@given(*[st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=4)] * 2)
def test_both_holds_where_each_holds(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    """The corners of "both" are not later exactly where a corner of each is not later."""

    def holds(points: list[tuple[int, int]], as_of: int, known: int) -> bool:
        return any(true <= as_of and k <= known for true, k in points)

    together = intersect(earliest_pairs(one), earliest_pairs(other))
    for as_of, known in product(range(6), range(6)):
        assert holds(together, as_of, known) == (holds(one, as_of, known) and holds(other, as_of, known))


def test_the_scorecard_names_every_figure_once() -> None:
    """The figures are those of the design, each once."""
    assert len(set(FIGURES)) == len(FIGURES) == 15
    assert set(figures_on(Counter(), 0)) == set(FIGURES) == set(figures([], 0, None))
