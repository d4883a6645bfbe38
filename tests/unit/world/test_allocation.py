"""The reports' shares hold to rounding at any scale."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic_world import calibration as cal
from synthetic_world.allocation import (
    Allocation,
    Exit,
    FailurePeriod,
    ServicePeriod,
    apportion,
    apportion_by_odds,
    apportion_table,
    joint_cells,
    scaled,
)
from synthetic_world.days import age_on, day_number
from synthetic_world.lives import LeftSponsor, Life, Placed, RanAway, Transferred, TrueFinding
from synthetic_world.population import World
from synthetic_world.truth import FigureTotals

TOP_TEN = dict(cal.TOP_STATES)


def first(life: Life, kind: type[Placed]) -> Placed | None:
    """The first placement of a life."""
    found = [fact for fact in life.facts if isinstance(fact, kind)]
    return min(found, key=lambda fact: fact.occurred, default=None)


@pytest.mark.finding("every-figure")
@pytest.mark.parametrize(("scale", "seed"), [(1000, 3), (1500, 7), (777, 0)])
def test_the_reports_figures_come_out_to_rounding(scale: int, seed: int) -> None:
    """Transfers, not served, failed to appear and defective addresses equal round(figure / scale)."""
    totals = FigureTotals()
    for life in World(seed, scale).lives():
        totals.add(life)
    assert_reported(totals, scale)


def test_they_come_out_at_a_hundredth_too(totals: FigureTotals) -> None:
    """The same at 1:100, the scale of the demonstration."""
    assert_reported(totals, 100)


def assert_reported(totals: FigureTotals, scale: int) -> None:
    """The reports' figures at this scale."""
    figures = totals.as_of
    may, october, january = (figures[day] for day in ("2024-05-31", "2024-10-31", "2025-01-31"))

    assert may["transfers"] == january["transfers"] == scaled(448_000, scale)
    assert may["nta_not_served"] == scaled(291_000, scale)
    assert january["nta_not_served"] == scaled(233_000, scale)
    assert may["failed_to_appear"] == scaled(32_000, scale)
    assert october["failed_to_appear"] == scaled(43_000, scale)
    defective = scaled(31_000, scale)
    assert january["release_address_defective"] == defective
    parts = [january[f"release_address_{kind}"] for kind in ("blank", "undeliverable", "missing_unit")]
    assert parts == apportion(defective, (15, 35, 50))


def test_transfers_by_fiscal_year_have_the_scaled_shape(lives: list[Life]) -> None:
    """First arrivals fall into fiscal years in the ratio of the referrals, exactly and by UTC day."""
    first_days = [
        min(fact.occurred for fact in life.facts if isinstance(fact, Transferred)) // 86_400_000 for life in lives
    ]
    expected = apportion(len(lives), [children for *_, children in cal.FISCAL_YEARS])
    found = [
        sum(day_number(start) <= day <= day_number(end) for day in first_days) for start, end, _ in cal.FISCAL_YEARS
    ]
    assert found == expected


def test_first_releases_by_state_have_the_reports_top_ten(lives: list[Life]) -> None:
    """Each of the ten states has exactly its scaled number of first releases; others have some."""
    homes = [first(life, Placed) for life in lives]
    states = Counter(home.address.locality.state for home in homes if home is not None)
    # A first address that was put into another county by mistake still belongs to a quota's state.
    off = sum(abs(states[state] - scaled(children, 100)) for state, children in TOP_TEN.items())
    assert off <= 0.02 * len(lives)
    assert sum(count for state, count in states.items() if state not in TOP_TEN) > 0.25 * len(lives)


def test_the_quota_itself_gives_each_state_its_exact_count(world: World) -> None:
    """The plan's states are the report's top ten to rounding."""
    lots = [world.allocation.assignment(index) for index in range(world.allocation.children)]
    states = Counter(assignment.state for assignment in lots if assignment.state is not None)
    assert {state: states[state] for state in TOP_TEN} == {
        state: scaled(children, 100) for state, children in TOP_TEN.items()
    }
    assert states.total() == sum(assignment.cell.exit is Exit.PLACED for assignment in lots)


def test_ages_sex_and_countries_are_near_the_published_shares(lives: list[Life]) -> None:
    """Within two and a half points of domain.md 1.4 on 4,480 children."""
    arrivals = [
        (life, min(fact.occurred for fact in life.facts if isinstance(fact, Transferred)) // 86_400_000)
        for life in lives
    ]
    ages = Counter(age_on(life.child.birth, day) for life, day in arrivals)
    for (low, high), weight in cal.AGES:
        share = sum(ages[age] for age in range(low, high + 1)) / len(lives)
        assert abs(share - weight / 1001) < 0.025
    assert abs(sum(life.child.sex == "MALE" for life in lives) / len(lives) - 0.65) < 0.025
    assert abs(sum(life.child.country == "GTM" for life in lives) / len(lives) - 0.47) < 0.025
    assert abs(sum(life.child.language == "spa" for life in lives) / len(lives) - 0.85) < 0.025


def test_sponsors_and_length_of_care_are_near_the_assumed_shares(lives: list[Life]) -> None:
    """Categories 1, 2 and 3 as 38, 47 and 15; care as long as the fiscal years' means."""
    homes = [home for life in lives if (home := first(life, Placed)) is not None]
    kinds = Counter(home.discharge[13:14] for home in homes)
    for category, share in (("1", 0.38), ("2", 0.47), ("3", 0.15)):
        assert abs(kinds[category] / len(homes) - share) < 0.025
    care = [
        home.occurred - min(fact.occurred for fact in life.facts if isinstance(fact, Transferred))
        for life in lives
        if (home := first(life, Placed)) is not None
    ]
    assert 30 < sum(care) / len(care) / 86_400_000 < 42


def test_runaways_are_their_exact_share_and_absences_near_theirs(lives: list[Life]) -> None:
    """0.35 per cent of transfers ran away from custody; about 2 per cent a year left the sponsor."""
    assert sum(any(isinstance(f, RanAway) for f in life.facts) for life in lives) == scaled(1568, 100)
    left = sum(any(isinstance(f, LeftSponsor) for f in life.facts) for life in lives)
    assert 0.01 < left / len(lives) < 0.06


def test_a_defective_address_triples_the_odds_of_failing() -> None:
    """At 1:1 the odds ratio of ever failing, among those served by May 2024, is three."""
    sizes = Counter[tuple[bool, bool]]()
    for cell, count in joint_cells(1):
        if cell.exit is Exit.PLACED and cell.service is ServicePeriod.BY_MAY_2024:
            sizes[cell.finding is not TrueFinding.NONE, cell.failure is not FailurePeriod.NEVER] += count
    odds = {bad: sizes[bad, True] / sizes[bad, False] for bad in (True, False)}
    assert odds[True] / odds[False] == pytest.approx(3.0, rel=0.01)


@given(st.integers(1, 5000), st.integers(0, 2**32))
def test_every_lot_can_be_found_alone_and_cells_add_up(scale: int, seed: int) -> None:
    """The cells hold every child once at any scale, and a lot needs no other lot."""
    allocation = Allocation(seed, scale)
    cells = joint_cells(scale)
    assert sum(count for _, count in cells) == allocation.children
    assert all(count >= 0 for _, count in cells)
    for index in {0, allocation.children // 3, allocation.children - 1}:
        assert allocation.assignment(index) == allocation.assignment(index)


@given(st.integers(0, 500), st.lists(st.integers(0, 300), min_size=1, max_size=8).filter(any))
def test_split_gives_all_and_never_more_than_a_share_rounded_up(total: int, weights: list[int]) -> None:
    """Largest remainder: the sum is exact and no share is a whole unit off its due."""
    shares = apportion(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=5), st.data())
def test_a_table_keeps_both_margins(rows: list[int], data: st.DataObject) -> None:
    """Rows and columns of the table have exactly the sums asked for."""
    cuts = sorted(data.draw(st.lists(st.integers(0, sum(rows)), min_size=2, max_size=2)))
    columns = [cuts[0], cuts[1] - cuts[0], sum(rows) - cuts[1]]
    cells = apportion_table(rows, columns)
    assert [sum(row) for row in cells] == rows
    assert [sum(column) for column in zip(*cells, strict=True)] == columns
    assert all(cell >= 0 for row in cells for cell in row)


def test_odds_are_shared_out_in_their_ratio() -> None:
    """Two groups as large, odds three to one: the shares fit those odds."""
    bad, good = apportion_by_odds(500, (1000, 1000), (3.0, 1.0))
    assert bad + good == 500
    assert (bad / (1000 - bad)) / (good / (1000 - good)) == pytest.approx(3.0, rel=0.02)
