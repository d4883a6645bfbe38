"""From handing an event to Kafka to its commit in the ledger, at 1,000 events a second, beside the broker's floor.

The floor is the same events from the same producer to a consumer that fetches and does nothing else. Reader and
producer are processes of their own; both read the machine's one monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.feed import FilledStack
from casefeed.contract import archive, framing
from casefeed.contract.catalogue import ORR_TOPIC, load_catalogue
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.producer import partition_of
from casefeed.kafka.records import ReceivedRecord
from casefeed.kafka.registry import SchemaRegistry
from casefeed.ledger.database import PACKAGE
from casefeed.ledger.projection import apply_events
from casefeed.read.intake import IntakeConfig, run_intake
from casefeed.read.store import SqliteStore
from casefeed.runtime.clock import now_ms
from ice_caseload.agency import ICE

RATE = 1000
SECONDS = 20
WARM_UP = 2 * RATE
TIMEOUT_S = 60
RecordPosition = str
"""partition/offset, as text (it is JSON)."""


def latency(filled: FilledStack, world: Path, partitions: int) -> dict[str, dict[str, float]]:
    """Milliseconds (p50, p99) of the floor and of the ledger's commit."""
    return {name: _measure(filled, world, name, partitions) for name in ("floor", "committed")}


def _measure(filled: FilledStack, world: Path, name: str, partitions: int) -> dict[str, float]:
    given = {
        "bootstrap": filled.bootstrap, "registry_url": filled.registry_url, "how": name,
        "ledger": str(filled.folder / f"latency-{name}.db"), "out": str(filled.folder / f"latency-{name}.json"),
    }  # fmt: skip
    reading = subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={**os.environ, "CASEFEED_BENCH": json.dumps(given)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reading.stdout is not None
    reading.stdout.readline()  # it reads and has reached the ends
    sent = asyncio.run(_send(filled, world, partitions))
    try:
        reading.communicate(f"{len(sent)}\n", timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        reading.kill()
        sys.exit(f"{name}: not all of {len(sent)} events came within {TIMEOUT_S} s")
    seen: dict[RecordPosition, int] = json.loads(Path(given["out"]).read_text(encoding="utf-8"))
    waits = sorted((seen[place] - at) / 1e6 for place, at in list(sent.items())[WARM_UP:])
    return {"p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "events": float(len(waits))}


async def _send(filled: FilledStack, world: Path, partitions: int) -> dict[RecordPosition, int]:
    """Send the first events of an archive evenly at RATE; when each was handed over, by where it came to lie."""
    types = load_catalogue()
    with (world / f"{ORR_TOPIC}.avro").open("rb") as source:
        envelopes = [each for _, each in zip(range(RATE * SECONDS), archive.read_archive(source), strict=False)]
    producer = AIOKafkaProducer(bootstrap_servers=filled.bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    sent: dict[RecordPosition, int] = {}
    waiting = []
    began = time.monotonic()
    for number, each in zip(count(), envelopes, strict=False):
        event_type = types.by_fingerprint(each.fingerprint)
        assert event_type is not None
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        handed_over = time.monotonic_ns()
        future = await producer.send(
            ORR_TOPIC,
            framing.frame(filled.schema_ids[event_type.name], each.datum),
            each.key.encode(),
            partition_of(each.key.encode(), partitions),
            headers=list(each.headers),
        )
        waiting.append((handed_over, future))
    for handed_over, future in waiting:
        at = await future
        sent[f"{at.partition}/{at.offset}"] = handed_over
    await producer.stop()
    return sent


class _Arrivals:
    """When each record was there; `complete` once as many came as standard input says, at the end, that there are."""

    def __init__(self) -> None:
        self.times_ns: dict[RecordPosition, int] = {}
        self.complete = asyncio.Event()
        self._sent: int | None = None
        asyncio.get_running_loop().add_reader(sys.stdin, self._read_expected_count)

    def add(self, records: list[ReceivedRecord]) -> None:
        """These are there now."""
        now = time.monotonic_ns()
        self.times_ns.update((f"{each.partition}/{each.offset}", now) for each in records if each.topic == ORR_TOPIC)
        self._check_complete()

    def _read_expected_count(self) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin)
        self._sent = int(sys.stdin.readline())
        self._check_complete()

    def _check_complete(self) -> None:
        if self._sent is not None and len(self.times_ns) >= self._sent:
            self.complete.set()


async def _read(config: dict[str, Any]) -> dict[RecordPosition, int]:
    """When each record was there: fetched, or committed to the ledger."""
    seen = _Arrivals()
    await (_fetch_only if config["how"] == "floor" else _commit)(config, seen)
    return seen.times_ns


async def _fetch_only(config: dict[str, Any], arrivals: _Arrivals) -> None:
    async with Consumer(config["bootstrap"], [ORR_TOPIC], None) as consumer:
        consumer.seek(await consumer.end_offsets())
        print("ready", flush=True)
        while not arrivals.complete.is_set():
            for records in (await consumer.fetch(max_records=5000, timeout_seconds=0.5)).values():
                arrivals.add(records)


async def _commit(config: dict[str, Any], arrivals: _Arrivals) -> None:
    store = SqliteStore(Path(config["ledger"]), now=now_ms, packages=(PACKAGE,))
    async with SchemaRegistry(config["registry_url"]) as registry:
        with store:
            feed = IntakeConfig(
                config["bootstrap"],
                config["registry_url"],
                registry.schema_by_id,
                store,
                apply_events,
                ICE.consumer_group,
            )
            await run_intake(feed, asyncio.Event(), until_caught_up=True)
            print("ready", flush=True)
            take = store.commit_batch

            def noted(judged: Any, *rest: Any) -> Any:
                tally = take(judged, *rest)
                arrivals.add([record for record, _ in judged])
                return tally

            store.commit_batch = noted  # type: ignore[method-assign, assignment]
            await run_intake(feed, arrivals.complete)


if __name__ == "__main__":
    told = json.loads(os.environ["CASEFEED_BENCH"])
    times = asyncio.run(_read(told))
    Path(told["out"]).write_text(json.dumps(times), encoding="utf-8")
