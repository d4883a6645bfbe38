"""Brokers that are none, for the relay's own decisions: they take, fail or forget what they are told to."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import KafkaError

from casefeed.contract.codec import decode
from casefeed.kafka.records import OutgoingRecord
from casefeed.kafka.topics import TopicDescription
from casefeed.publish.sender import SentPositions
from casefeed.runtime.settings import Settings


class Statements:
    """Stands for the topic of statements: keeps what was said, fails the sendings it is told to fail."""

    def __init__(self) -> None:
        self.failing: set[int] = set()
        self.sendings = 0
        self.said: list[dict[str, Any]] = []

    async def open(self) -> Statements:
        return self

    async def close(self) -> None:
        pass

    def pack(self, records: dict[int, list[OutgoingRecord]], number_of: Any) -> dict[int, list[OutgoingRecord]]:
        return records

    async def send(self, packed: dict[int, list[OutgoingRecord]]) -> dict[int, asyncio.Future[Any]]:
        self.sendings += 1
        sent = {}
        for partition, rows in packed.items():
            sent[partition] = asyncio.get_running_loop().create_future()
            if self.sendings in self.failing:
                sent[partition].set_exception(KafkaError())
            else:
                sent[partition].set_result(SimpleNamespace(offset=len(self.said)))
                self.said += [decode(each.event_type, each.datum) for each in rows]
        return sent

    def states(self) -> list[tuple[int, int, bool]]:
        """Of each heartbeat what was sent, what waits, and whether it promises another."""
        return [(each["sent"], each["waiting"], each["next_by"] is not None) for each in self.said]


class Broker:
    """Stands for Kafka, its client and the registry: keeps what it took, fails the sendings it is told to fail."""

    def __init__(self, *failing: int, error: Exception | None = None) -> None:
        self.failing = failing
        self.error = error
        self.cluster_id = "one"
        self.forgets = False
        self.sendings = self.opened = self.described = 0
        self.taken: list[str] = []
        self.numbers: list[int] = []
        self.number = 7
        self.lost: int | None = None
        self.statements = Statements()

    async def open(self) -> Broker:
        self.opened += 1
        return self

    async def close(self) -> None:
        pass

    def pack(self, records: dict[int, list[OutgoingRecord]], number_of: Any) -> dict[int, list[str]]:
        self.numbers += [number_of(each.event_type) for rows in records.values() for each in rows]
        return {partition: [each.event_id for each in rows] for partition, rows in records.items()}

    async def send(self, packed: dict[int, list[str]]) -> dict[int, asyncio.Future[Any]]:
        self.sendings += 1
        sent = {}
        for partition, batch in packed.items():
            sent[partition] = asyncio.get_running_loop().create_future()
            if self.sendings not in self.failing:
                sent[partition].set_result(SimpleNamespace(offset=-1 if self.forgets else len(self.taken)))
                self.taken += batch
            elif self.error is not None:
                sent[partition].set_exception(self.error)
            else:  # never an answer, and yet it was taken
                self.taken += batch
        return sent

    async def describe(self, bootstrap: str, name: str) -> TopicDescription:
        self.described += 1
        return TopicDescription(name, self.cluster_id, 1, 1, {})

    async def register(self, subject: str, text: str) -> int:
        return self.number

    async def astray(self, bootstrap: str, topic: str, places: SentPositions) -> int | None:
        return self.lost if places else None

    async def ensured(self, name: str, settings: Settings, say: Any) -> TopicDescription:
        return TopicDescription(name, self.cluster_id, 1, 1, {})
