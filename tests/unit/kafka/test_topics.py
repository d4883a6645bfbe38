"""A topic that would not keep what is put on it is refused, with what to do."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from casefeed.kafka.topics import CONFIGS, Topic, _default_replication, faults
from casefeed.runtime.errors import Unavailable


def topic(partitions: int = 6, replication: int = 1, **configs: str) -> Topic:
    renamed = {name.replace("_", "."): value for name, value in configs.items()}
    made = CONFIGS | {"min.insync.replicas": "1"} | renamed
    return Topic("orr.case-events", "cluster", partitions, replication, made)


def test_a_topic_as_made_is_good() -> None:
    """What `topics create` makes has no fault."""
    assert faults(topic(), 6) == []


def test_a_month_of_retention_is_enough() -> None:
    """A finite retention is allowed when a reader that was away for a month still finds all."""
    assert faults(topic(retention_ms=str(30 * 86_400_000)), 6) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (topic(partitions=3), "has 3 partitions, the setting topic_partitions says 6"),
        (topic(message_timestamp_type="CreateTime"), "set message.timestamp.type=LogAppendTime"),
        (topic(retention_ms=str(7 * 86_400_000)), "keeps records for 7 days, 0:00:00 only"),
        (topic(retention_ms="0"), "set retention.ms=-1"),
        (topic(retention_bytes="1000"), "set retention.bytes=-1"),
        (topic(cleanup_policy="compact"), "set cleanup.policy=delete"),
        (topic(cleanup_policy="compact,delete"), "is compacted"),
        (topic(replication=3), "has 3 replicas .* set min.insync.replicas=2"),
    ],
)
def test_each_way_to_lose_records_is_named(bad: Topic, said: str) -> None:
    """Partitions, clock, age, size, compaction, copies: each fault is a sentence with its remedy."""
    (sentence,) = faults(bad, 6)
    assert re.search(said, sentence)


async def test_a_cluster_that_does_not_tell_its_default_is_a_sentence() -> None:
    """Without the right to ask for it: the sentence names the setting that answers instead."""

    class Admin:
        async def describe_cluster(self) -> dict[str, int]:
            return {"controller_id": 1}

        async def describe_configs(self, _asked: object) -> list[SimpleNamespace]:
            return [SimpleNamespace(resources=[(31, "denied", 4, "1", [])])]

    with pytest.raises(Unavailable, match=r"b:1 does not tell .* set CASEFEED_TOPIC_REPLICATION"):
        await _default_replication("b:1", Admin())
