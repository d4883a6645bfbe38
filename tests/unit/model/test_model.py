"""The feed against a plain model, step by step, whatever befalls it."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.model.machine import CaseFeed


# A run that fails is made as short as can be, which takes minutes.
@pytest.mark.timeout(600)
def test_whatever_befalls_the_feed_it_is_as_a_plain_model_says() -> None:
    """After each drawn step ledger, gaps, parked records and doubts are the model's, the figures those of a recount.

    Steps: facts, corrections and merges at two desks; relays; a broker that loses, doubles, delays, cuts, mis-keys;
    repetitions, contradictions; batches, and reading from the start; redrives and closings; deaths amid
    statements. In the end all is mended: no doubt is left, and all is as after one clean pass.

    Seen to fail without: the look whether an event's id is held; a look at gaps that may close; the end of a parked
    record that was redriven; the rule that a contradiction is never healed; the bundle of a merge; one transaction of
    events and positions.
    """
    run_state_machine_as_test(CaseFeed, settings=settings(max_examples=20, stateful_step_count=30))
