"""The long form of what tests/broker/test_relay.py shows in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feedkit import Bench
from tests.relay_processes import away_in_the_middle
from tests.restarts import environment
from tests.stack_services import Surroundings


@pytest.mark.timeout(600)
def test_registry_then_broker_away_for_a_minute_each_lose_nothing(
    bench: Bench, stack: Surroundings, tmp_path: Path
) -> None:
    """The desk records on for two minutes; afterwards every event is on the topic, in order, once at the reader."""
    away_in_the_middle(bench, stack, tmp_path, environment(bench, tmp_path), seconds=60)
