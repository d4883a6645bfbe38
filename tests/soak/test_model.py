"""The feed against a plain model, for as many and as long runs as take some twenty minutes."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.model.machine import CaseFeed


@pytest.mark.timeout(7200)
def test_whatever_befalls_the_feed_for_long_it_is_as_a_plain_model_says() -> None:
    """As in `make test`, a thousand runs of up to eighty steps."""
    run_state_machine_as_test(CaseFeed, settings=settings(max_examples=1000, stateful_step_count=80))
