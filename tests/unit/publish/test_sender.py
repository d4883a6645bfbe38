"""When a batch fails: what was acknowledged is not sent again, what was not is never forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
)
from structlog.testing import capture_logs

from casefeed.contract.catalogue import ORR_TOPIC, load_catalogue
from casefeed.kafka import topics
from casefeed.kafka.records import OutgoingRecord
from casefeed.kafka.registry import SchemaRegistry
from casefeed.kafka.topics import TopicDescription
from casefeed.publish import retry
from casefeed.publish import sender as sender_module
from casefeed.publish.checkpoint import ReplayCheckpoint
from casefeed.publish.replay import _ReplaySender
from casefeed.publish.retry import Outage
from casefeed.publish.schema_ids import SchemaIds
from casefeed.publish.sender import BatchSet, SentPositions, TopicSender
from casefeed.runtime.errors import BrokerUnavailable, CheckFailed, Unavailable

FAILED: Exception = OutOfOrderSequenceNumber()
Answers = Callable[[int, int], Exception | None]
"""What the broker answers to the n-th sending of a partition's batch: an error, or None for taken."""


class Broker:
    """Stands for Kafka and its client: answers as told, and keeps what it took."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.cluster_id = "one"
        self.sendings = dict.fromkeys(range(3), 0)
        self.taken: dict[int, list[str]] = {0: [], 1: [], 2: []}
        self.opened = self.closed = 0
        self.number = 7
        self.numbers: list[int] = []

    async def open(self) -> Broker:
        self.opened += 1
        return self

    async def close(self) -> None:
        self.closed += 1

    def pack(self, records: dict[int, list[OutgoingRecord]], number_of: Any) -> dict[int, list[str]]:
        self.numbers += [number_of(each.event_type) for rows in records.values() for each in rows]
        return {partition: [each.event_id for each in rows] for partition, rows in records.items()}

    async def send(self, packed: dict[int, list[str]]) -> dict[int, asyncio.Future[Any]]:
        sent: dict[int, asyncio.Future[Any]] = {}
        for partition, batch in packed.items():
            self.sendings[partition] += 1
            answer = self.answers(partition, self.sendings[partition])
            sent[partition] = asyncio.get_running_loop().create_future()
            if answer is None:
                sent[partition].set_result(SimpleNamespace(offset=len(self.taken[partition])))
                self.taken[partition] += batch
            else:
                sent[partition].set_exception(answer)
        return sent


def outgoing(event_id: str) -> OutgoingRecord:
    """An event that goes out."""
    return OutgoingRecord(b"k", load_catalogue().by_name("ChildLocated"), b"v", (), event_id)


def chunk(*numbers: int) -> BatchSet:
    """Events by their number, each on the partition number modulo three."""
    made = BatchSet(end_record=min(numbers))
    for number in numbers:
        assert made.try_add(number % 3, outgoing(str(number)))
    return made


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a sender on a broker that answers as told; patience ends after 2 s of a clock that jumps."""

    def make(broker: Broker) -> _ReplaySender:
        async def describe(bootstrap: str, name: str) -> TopicDescription:
            return TopicDescription(name, broker.cluster_id, 3, 1, {})

        async def register(subject: str, text: str) -> int:
            return broker.number

        async def astray(bootstrap: str, topic: str, places: SentPositions) -> int | None:
            return None

        registry = SchemaRegistry("http://127.0.0.1:1")
        monkeypatch.setattr(registry, "register", register)
        monkeypatch.setattr(sender_module, "find_missing", astray)
        monkeypatch.setattr(topics, "describe", describe)
        monkeypatch.setattr(sender_module, "Producer", lambda bootstrap, topic: broker)
        monkeypatch.setattr(retry, "RETRY_EVERY_S", 0.0)
        seconds = iter(range(10_000))

        def ticks() -> float:
            return float(next(seconds))

        progress = ReplayCheckpoint("digest", "one", "orr.case-events", 3)
        waiting = Outage(20, clock=ticks)
        numbers = SchemaIds(registry, [ORR_TOPIC])
        line = TopicSender("b:1", TopicDescription(ORR_TOPIC, "one", 3, 1, {}), numbers, {}, waiting, ticks)
        return _ReplaySender(line, progress, tmp_path / "p.json", waiting)

    return make


async def send_all(sender: _ReplaySender, *chunks: BatchSet) -> None:
    try:
        for each in chunks:
            await sender.send(each)
        await sender.flush()
    finally:
        await sender.sender.close()


async def test_only_what_was_not_taken_is_sent_again(sender: Any, tmp_path: Path) -> None:
    """One partition's batch fails: a new producer sends that batch again, the others are done."""
    broker = Broker(lambda partition, time: OutOfOrderSequenceNumber() if (partition, time) == (1, 1) else None)
    with capture_logs() as said:
        await send_all(sender(broker), chunk(0, 1, 2, 3, 4, 5), chunk(6, 7, 8))
    assert broker.taken == {0: ["0", "3", "6"], 1: ["1", "4", "7"], 2: ["2", "5", "8"]}
    assert (broker.opened, broker.closed) == (2, 2)
    assert [line["event"] for line in said] == ["no answer, waiting", "it answers again"]
    kept = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert kept["records"] == 9
    assert kept["last"] == {"0": [2, "6"], "1": [2, "7"], "2": [2, "8"]}


async def test_a_chunk_packed_before_the_registry_was_made_anew_is_packed_again(sender: Any) -> None:
    """A batch that waited while the one before it failed goes out under the numbers of the new connection."""

    def answers(partition: int, time: int) -> Exception | None:
        broker.number = 9
        return FAILED if time == 1 else None

    broker = Broker(answers)
    with capture_logs():
        await send_all(sender(broker), chunk(0), chunk(3))
    # Failed, made ready and thrown away, sent again, sent.
    assert broker.numbers == [7, 7, 9, 9]
    assert broker.taken[0] == ["0", "3"]


async def test_progress_never_runs_ahead_of_acknowledgement(sender: Any, tmp_path: Path) -> None:
    """A broker that takes the first chunk and no more: what is remembered is the first chunk."""
    broker = Broker(lambda partition, time: None if time == 1 else KafkaError())
    with capture_logs(), pytest.raises(BrokerUnavailable, match="waited 20 s"):
        await send_all(sender(broker), chunk(0, 1, 2), chunk(3, 4, 5))
    assert '"records": 3' in (tmp_path / "p.json").read_text(encoding="utf-8")
    assert broker.taken == {0: ["0"], 1: ["1"], 2: ["2"]}


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (MessageSizeTooLargeError(), CheckFailed, "set the topic's max.message.bytes"),
        (TopicAuthorizationFailedError(), Unavailable, "does not let this agency write to orr.case-events"),
    ],
)
async def test_what_waiting_does_not_cure_ends_at_once(
    sender: Any, error: KafkaError, kind: type[Exception], said: str
) -> None:
    """A batch too large and a missing right are said, and not tried again."""
    broker = Broker(lambda partition, time: error)
    with pytest.raises(kind, match=said):
        await send_all(sender(broker), chunk(0))
    assert broker.sendings[0] == 1


async def test_another_cluster_is_not_written_to(sender: Any) -> None:
    """The broker came back as another cluster: the replay ends, it would leave the first part out there."""

    def answers(partition: int, time: int) -> Exception | None:
        broker.cluster_id = "two"
        return FAILED

    broker = Broker(answers)
    with capture_logs(), pytest.raises(CheckFailed, match="Another Kafka cluster answers at b:1"):
        await send_all(sender(broker), chunk(0))


async def test_a_broker_that_forgot_where_keeps_what_was_known(sender: Any, tmp_path: Path) -> None:
    """An answer without an offset (a batch taken twice) moves on and leaves the last known place as it was."""
    broker = Broker(lambda partition, time: None)
    making = sender(broker)
    await making.send(chunk(0))
    await making.flush()
    making._keep_position(0, None, [outgoing("3")])
    assert making.checkpoint.last == {"0": (0, "0")}
    await making.sender.close()
