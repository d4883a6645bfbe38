"""The truth, counted from lives, equals a brute-force count of the events written independently."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic_world.days import day_number
from synthetic_world.events import Telling, Voice
from synthetic_world.population import World
from synthetic_world.truth import AS_OF, FIGURES, PAIRS, Tally, counted, visible
from tests.unit.world.recount import recount


def test_as_of_figures_equal_the_recount(tally: Tally, told: list[Telling]) -> None:
    """Every figure of every as-of date, with everything known."""
    events = [(telling.type_name, telling.event) for telling in told]
    assert tuple(tally.as_of) == AS_OF
    for day, figures in tally.as_of.items():
        assert figures == recount(events, day_number(day), None)


def test_known_by_figures_equal_the_recount(tally: Tally, told: list[Telling]) -> None:
    """Every figure of the ten pairs."""
    events = [(telling.type_name, telling.event) for telling in told]
    for pair, figures in tally.known_by.items():
        as_of, known_by = pair.split("/")
        assert figures == recount(events, day_number(as_of), day_number(known_by))


def test_ten_pairs_really_differ(tally: Tally) -> None:
    """What was known by a day differs from what is known now, pair by pair."""
    assert len(tally.known_by) == PAIRS
    for pair, figures in tally.known_by.items():
        assert figures != tally.as_of[pair.split("/")[0]]
        assert tuple(figures) == FIGURES


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(day_number("2018-10-01"), day_number("2025-03-31")),
    st.integers(day_number("2018-10-01"), day_number("2025-04-30")),
)
def test_any_seed_and_any_two_days_agree(seed: int, as_of: int, known_by: int) -> None:
    """Truth and recount agree for days and seeds nobody chose."""
    world, voice = World(seed, 4000), Voice(seed, 4000)
    figures = dict.fromkeys(FIGURES, 0)
    events = []
    for life in world.lives():
        for name in counted(visible(life.facts, as_of, known_by)):
            figures[name] += 1
        events += [(telling.type_name, telling.event) for telling in voice.tell(life)]
    assert figures == recount(events, as_of, known_by)
