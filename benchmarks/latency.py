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

from benchmarks.feed import Filled
from casefeed.contract import archive, framing
from casefeed.contract.catalogue import ORR_TOPIC, load
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.producer import partition_of
from casefeed.kafka.records import Received
from casefeed.kafka.registry import Registry
from casefeed.read.intake import Feed, read_feed
from casefeed.runtime.clock import now_ms
from ice_caseload.cases import take_in
from ice_caseload.ledger import GROUP, ledger

RATE = 1000
SECONDS = 20
WARM_UP = 2 * RATE
COME_WITHIN_S = 60
Place = str
"""partition/offset, as text (it is JSON)."""


def latency(filled: Filled, world: Path, partitions: int) -> dict[str, dict[str, float]]:
    """Milliseconds (p50, p99) of the floor and of the ledger's commit."""
    return {name: _measured(filled, world, name, partitions) for name in ("floor", "committed")}


def _measured(filled: Filled, world: Path, name: str, partitions: int) -> dict[str, float]:
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
        reading.communicate(f"{len(sent)}\n", timeout=COME_WITHIN_S)
    except subprocess.TimeoutExpired:
        reading.kill()
        sys.exit(f"{name}: not all of {len(sent)} events came within {COME_WITHIN_S} s")
    seen: dict[Place, int] = json.loads(Path(given["out"]).read_text(encoding="utf-8"))
    waits = sorted((seen[place] - at) / 1e6 for place, at in list(sent.items())[WARM_UP:])
    return {"p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "events": float(len(waits))}


async def _send(filled: Filled, world: Path, partitions: int) -> dict[Place, int]:
    """Send the first events of an archive evenly at RATE; when each was handed over, by where it came to lie."""
    types = load()
    with (world / f"{ORR_TOPIC}.avro").open("rb") as source:
        envelopes = [each for _, each in zip(range(RATE * SECONDS), archive.read(source), strict=False)]
    producer = AIOKafkaProducer(bootstrap_servers=filled.bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    sent: dict[Place, int] = {}
    waiting = []
    began = time.monotonic()
    for number, each in zip(count(), envelopes, strict=False):
        event_type = types.by_fingerprint(each.fingerprint)
        assert event_type is not None
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        handed_over = time.monotonic_ns()
        future = await producer.send(
            ORR_TOPIC,
            framing.frame(filled.ids[event_type.name], each.datum),
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


class _Seen:
    """When each record was there; `whole` once as many came as standard input says, at the end, that there are."""

    def __init__(self) -> None:
        self.at: dict[Place, int] = {}
        self.whole = asyncio.Event()
        self._sent: int | None = None
        asyncio.get_running_loop().add_reader(sys.stdin, self._hear)

    def note(self, records: list[Received]) -> None:
        """These are there now."""
        now = time.monotonic_ns()
        self.at.update(
            (f"{each.partition}/{each.offset}", now) for each in records if each.topic == ORR_TOPIC
        )
        self._look()

    def _hear(self) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin)
        self._sent = int(sys.stdin.readline())
        self._look()

    def _look(self) -> None:
        if self._sent is not None and len(self.at) >= self._sent:
            self.whole.set()


async def _read(given: dict[str, Any]) -> dict[Place, int]:
    """When each record was there: fetched, or committed to the ledger."""
    seen = _Seen()
    await (_fetch_only if given["how"] == "floor" else _commit)(given, seen)
    return seen.at


async def _fetch_only(given: dict[str, Any], seen: _Seen) -> None:
    async with Consumer(given["bootstrap"], [ORR_TOPIC], None) as consumer:
        consumer.seek(await consumer.ends())
        print("ready", flush=True)
        while not seen.whole.is_set():
            for records in (await consumer.fetch(at_most=5000, wait_seconds=0.5)).values():
                seen.note(records)


async def _commit(given: dict[str, Any], seen: _Seen) -> None:
    store = ledger(f"sqlite:///{given['ledger']}", now_ms)
    async with Registry(given["registry_url"]) as registry:
        with store:
            feed = Feed(
                given["bootstrap"], given["registry_url"], registry.schema_by_id, store, take_in, GROUP
            )
            await read_feed(feed, asyncio.Event(), until_caught_up=True)
            print("ready", flush=True)
            take = store.take

            def noted(judged: Any, *rest: Any) -> Any:
                tally = take(judged, *rest)
                seen.note([record for record, _ in judged])
                return tally

            store.take = noted  # type: ignore[method-assign, assignment]
            await read_feed(feed, seen.whole)


if __name__ == "__main__":
    told = json.loads(os.environ["CASEFEED_BENCH"])
    times = asyncio.run(_read(told))
    Path(told["out"]).write_text(json.dumps(times), encoding="utf-8")
