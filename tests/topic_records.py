"""What lies on a topic, read back by tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from casefeed.contract import archive
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.framing import unframe
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.records import Partition, ReceivedRecord


def topic_records(
    bootstrap: str, topic: str = ORR_TOPIC, since: Mapping[Partition, int] | None = None
) -> list[ReceivedRecord]:
    """Everything on a topic, or what came since it reached so far, partition by partition."""

    async def read() -> list[ReceivedRecord]:
        async with Consumer(bootstrap, [topic], group=None) as consumer:
            ends, found = await consumer.end_offsets(), list[ReceivedRecord]()
            consumer.seek(since or await consumer.beginning_offsets())
            while await consumer.positions() != ends:
                for rows in (await consumer.fetch(max_records=5000, timeout_seconds=0.2)).values():
                    found += rows
            return found

    return sorted(asyncio.run(read()), key=lambda row: (row.partition, row.offset))


def end_offsets(bootstrap: str, topic: str = ORR_TOPIC) -> dict[Partition, int]:
    """How far a topic reaches now."""

    async def ask() -> dict[Partition, int]:
        async with Consumer(bootstrap, [topic], group=None) as consumer:
            return await consumer.end_offsets()

    return asyncio.run(ask())


def event_ids(rows: Iterable[ReceivedRecord]) -> list[str]:
    """The event id of each record, by its header."""
    return [dict(row.headers)["ce_id"].decode() for row in rows]


def first_arrivals(rows: list[ReceivedRecord]) -> dict[bytes | None, list[str]]:
    """By Kafka key the event ids in the order in which each first came."""
    told: dict[bytes | None, list[str]] = {}
    for row, event_id in zip(rows, event_ids(rows), strict=True):
        if event_id not in told.setdefault(row.key, []):
            told[row.key].append(event_id)
    return told


def assert_equal_archives(bootstrap: str, folder: Path) -> int:
    """Hold both topics to the archives in `folder`: every event is there, and never with other bytes.

    Returns how many records were there once more than needed.
    """
    more = 0
    for topic in (ORR_TOPIC, ICE_TOPIC):
        with (folder / f"{topic}.avro").open("rb") as source:
            recorded = {(each.key.encode(), each.datum) for each in archive.read_archive(source)}
        rows = topic_records(bootstrap, topic)
        assert {(row.key, unframe(row.value or b"")[1]) for row in rows} == recorded
        assert len(set(event_ids(rows))) == len(recorded), "no id came with other bytes"
        more += len(rows) - len(recorded)
    return more


def assert_one_datum_per_event(bootstrap: str) -> tuple[int, int]:
    """Hold both topics to one form of bytes an event; how many events there are, and records more than needed."""
    forms: dict[str, set[bytes]] = {}
    records = 0
    for topic in (ORR_TOPIC, ICE_TOPIC):
        rows = topic_records(bootstrap, topic)
        records += len(rows)
        for row, event_id in zip(rows, event_ids(rows), strict=True):
            forms.setdefault(event_id, set()).add(unframe(row.value or b"")[1])
    assert [event_id for event_id, each in forms.items() if len(each) > 1] == [], "an id came with other bytes"
    return len(forms), records - len(forms)
