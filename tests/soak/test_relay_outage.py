"""The long form of what tests/broker/test_relay.py shows in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feedkit import FeedEnv
from tests.relay_processes import check_outages
from tests.restarts import environment
from tests.stack_services import StackServices


@pytest.mark.timeout(600)
def test_registry_then_broker_away_for_a_minute_each_lose_nothing(
    feed_env: FeedEnv, stack: StackServices, tmp_path: Path
) -> None:
    """The desk records on for two minutes; afterwards every event is on the topic, in order, once at the reader."""
    check_outages(feed_env, stack, tmp_path, environment(feed_env, tmp_path), seconds=60)
