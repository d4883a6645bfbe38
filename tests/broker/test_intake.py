"""The intake on a real broker: what a good feed leaves in the ledger."""

from __future__ import annotations

import pytest

from tests.feedkit import Bench, make


@pytest.mark.finding("OIG-24-46/rec-1", "OIG-25-21/automation", "cause/no-automated-process")
def test_events_of_both_topics_are_applied_once(bench: Bench) -> None:
    """Two topics, a duplicate, then a second run: every event is held once and the second run finds nothing."""
    transfer = bench.event("ChildTransferred", make("ChildTransferred", 1, 1))
    served = bench.event("NtaServed", make("NtaServed", 1, 1, source="ice-test", days=3))
    bench.send(transfer, served, transfer)
    done = bench.read()
    assert (done.tally.applied, done.tally.already_held, done.behind) == (2, 1, 0)
    again = bench.read()
    assert (again.tally.applied, again.tally.already_held, again.behind) == (0, 0, 0)
    anew = bench.read(from_start=True)
    assert (anew.tally.applied, anew.tally.already_held) == (0, 3)
