"""One record asked for: there, not there, or not handed out in time, which is no answer."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import TopicPartition

from casefeed.kafka.consumer import Consumer
from casefeed.runtime.errors import BrokerUnavailable

PARTITION = ("orr.case-events", 0)


class Slow:
    """A client whose broker has ten records and hands out none; it stands at `at`."""

    def __init__(self, at: int) -> None:
        self.at = at

    def pause(self, *_: TopicPartition) -> None:
        """Nothing to pause."""

    resume = pause

    def seek(self, _partition: TopicPartition, _offset: int) -> None:
        """Where it stands is given."""

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Ten records."""
        return dict.fromkeys(partitions, 10)

    async def getmany(self, *_: TopicPartition, **_options: int) -> dict[TopicPartition, list[Any]]:
        """Nothing in time."""
        return {}

    async def position(self, _partition: TopicPartition) -> int:
        """Where it stands."""
        return self.at


def consumer(monkeypatch: pytest.MonkeyPatch, at: int) -> Consumer:
    """A consumer on such a client."""
    monkeypatch.setattr("casefeed.kafka.consumer.AIOKafkaConsumer", lambda **_: Slow(at))
    made = Consumer("broker:9092", [PARTITION[0]], None)
    made.partitions = (PARTITION,)
    return made


async def test_a_record_that_is_not_handed_out_in_time_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow broker is waited for: taken for a topic made anew it would end the reader."""
    with pytest.raises(BrokerUnavailable):
        await consumer(monkeypatch, at=3).record_at(PARTITION, 3)


@pytest.mark.parametrize(("at", "offset"), [(5, 3), (10, 10)])
async def test_an_offset_without_a_record_is_told(monkeypatch: pytest.MonkeyPatch, at: int, offset: int) -> None:
    """Passed over, or at the end: nothing is there."""
    assert await consumer(monkeypatch, at).record_at(PARTITION, offset) is None
