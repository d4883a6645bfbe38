"""The intake on a real broker: what a good feed leaves in the ledger."""

from __future__ import annotations

import pytest

from tests.feedkit import FeedEnv, make_event


@pytest.mark.finding("OIG-24-46/rec-1", "OIG-25-21/automation", "cause/no-automated-process")
def test_events_of_both_topics_are_applied_once(feed_env: FeedEnv) -> None:
    """Two topics, a duplicate, then a second run: every event is held once and the second run finds nothing."""
    transfer = feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", 1, 1))
    served = feed_env.kafka_record("NtaServed", make_event("NtaServed", 1, 1, source="ice-test", days=3))
    feed_env.send(transfer, served, transfer)
    done = feed_env.run_intake()
    assert (done.counts.applied, done.counts.duplicates, done.lag) == (2, 1, 0)
    again = feed_env.run_intake()
    assert (again.counts.applied, again.counts.duplicates, again.lag) == (0, 0, 0)
    anew = feed_env.run_intake(from_start=True)
    assert (anew.counts.applied, anew.counts.duplicates) == (0, 3)
