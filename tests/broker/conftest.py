"""Fixtures of tests on the real broker."""

from pathlib import Path

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed_stack import Stack
from tests.feedkit import Bench, fresh_topics, register_all


@pytest.fixture
def bench(stack: Stack, tmp_path: Path) -> Bench:
    """Empty topics, every schema registered, a ledger that does not exist yet."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    return Bench(stack.bootstrap, stack.registry_url, tmp_path / "ice.db", register_all(stack.registry_url))
