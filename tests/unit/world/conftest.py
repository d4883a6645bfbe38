"""A population of 4,480 lives and what is told of it, drawn once."""

from __future__ import annotations

import pytest

from synthetic_world.events import EventBuilder, WorldEvent
from synthetic_world.lives import Life
from synthetic_world.population import World
from synthetic_world.truth import FigureTotals


@pytest.fixture(scope="session")
def world() -> World:
    """The world of seed 11 at 1:100."""
    return World(11, 100)


@pytest.fixture(scope="session")
def lives(world: World) -> list[Life]:
    """Every life of it."""
    return list(world.lives())


@pytest.fixture(scope="session")
def world_events(lives: list[Life]) -> list[WorldEvent]:
    """Every event of it, child by child."""
    event_builder = EventBuilder(11, 100)
    return [event for life in lives for event in event_builder.build_events(life)]


@pytest.fixture(scope="session")
def totals(lives: list[Life]) -> FigureTotals:
    """The truth of it."""
    totals = FigureTotals()
    for life in lives:
        totals.add(life)
    return totals
