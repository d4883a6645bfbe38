"""The truth, counted from lives, equals a brute-force count of the events written independently."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic_world.days import day_number
from synthetic_world.events import EventBuilder, WorldEvent
from synthetic_world.population import World
from synthetic_world.truth import AS_OF, FIGURES, PAIR_COUNT, FigureTotals, figures_of, visible
from tests.unit.world.recount import recount


def test_as_of_figures_equal_the_recount(totals: FigureTotals, world_events: list[WorldEvent]) -> None:
    """Every figure of every as-of date, with everything known."""
    events = [(each.type_name, each.data) for each in world_events]
    assert tuple(totals.as_of) == AS_OF
    for day, figures in totals.as_of.items():
        assert figures == recount(events, day_number(day), None)


def test_known_by_figures_equal_the_recount(totals: FigureTotals, world_events: list[WorldEvent]) -> None:
    """Every figure of the ten pairs."""
    events = [(each.type_name, each.data) for each in world_events]
    for pair, figures in totals.known_by.items():
        as_of, known_by = pair.split("/")
        assert figures == recount(events, day_number(as_of), day_number(known_by))


def test_ten_pairs_really_differ(totals: FigureTotals) -> None:
    """What was known by a day differs from what is known now, pair by pair."""
    assert len(totals.known_by) == PAIR_COUNT
    for pair, figures in totals.known_by.items():
        assert figures != totals.as_of[pair.split("/")[0]]
        assert tuple(figures) == FIGURES


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(day_number("2018-10-01"), day_number("2025-03-31")),
    st.integers(day_number("2018-10-01"), day_number("2025-04-30")),
)
def test_any_seed_and_any_two_days_agree(seed: int, as_of: int, known_by: int) -> None:
    """Truth and recount agree for days and seeds nobody chose."""
    world, event_builder = World(seed, 4000), EventBuilder(seed, 4000)
    figures = dict.fromkeys(FIGURES, 0)
    events = []
    for life in world.lives():
        for name in figures_of(visible(life.facts, as_of, known_by)):
            figures[name] += 1
        events += [(each.type_name, each.data) for each in event_builder.build_events(life)]
    assert figures == recount(events, as_of, known_by)
