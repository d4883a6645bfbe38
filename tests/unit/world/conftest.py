"""A population of 4,480 lives and what is told of it, drawn once."""

from __future__ import annotations

import pytest

from synthetic_world.events import Telling, Voice
from synthetic_world.lives import Life
from synthetic_world.population import World
from synthetic_world.truth import Tally


@pytest.fixture(scope="session")
def world() -> World:
    """The world of seed 11 at 1:100."""
    return World(11, 100)


@pytest.fixture(scope="session")
def lives(world: World) -> list[Life]:
    """Every life of it."""
    return list(world.lives())


@pytest.fixture(scope="session")
def told(lives: list[Life]) -> list[Telling]:
    """Every event of it, child by child."""
    voice = Voice(11, 100)
    return [telling for life in lives for telling in voice.tell(life)]


@pytest.fixture(scope="session")
def tally(lives: list[Life]) -> Tally:
    """The truth of it."""
    counted = Tally()
    for life in lives:
        counted.add(life)
    return counted
