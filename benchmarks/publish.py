"""How fast an archive is published, beside confluent-kafka's producer on the same envelopes, in interleaved rounds.

The peer is run twice: handing on what the archive holds without a look, and holding every record to the contract
first (fastavro, guard, pydantic model), as the product always does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from confluent_kafka import Producer
from fastavro import reader

from benchmarks.feed import COMMAND, FilledStack, RunResult, run
from benchmarks.peers.record import read_record
from casefeed.contract.catalogue import ORR_TOPIC, load_catalogue

ROUNDS = 3
PEER_MODES = {"confluent, every record checked": "checked", "confluent, unchecked": "unchecked"}


def publish(filled: FilledStack, world: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Median events a second of ORR's archive from the first read to the last acknowledgement."""
    archive = world / f"{ORR_TOPIC}.avro"
    events = json.loads((world / "truth.json").read_text(encoding="utf-8"))["events"][ORR_TOPIC]
    runs: dict[str, list[RunResult]] = {name: [] for name in ("ours", "first", *PEER_MODES)}
    env = filled.env("publisher")
    runs["first"] = [run(*COMMAND, "orr", "replay", str(archive), env=env)]  # the desk takes the archive in, once
    for _ in range(rounds):
        runs["ours"].append(run(*COMMAND, "orr", "replay", "--from-start", str(archive), env=env))
        for name, how in PEER_MODES.items():
            given = {
                "bootstrap": filled.bootstrap,
                "ids": dict(filled.schema_ids),
                "archive": str(archive),
                "how": how,
            }
            runs[name].append(run(sys.executable, "-m", __name__, env={"CASEFEED_BENCH": json.dumps(given)}))
    return {
        name: {
            "events": events,
            "rate": median(events / each.wall_s for each in ran),
            "rates": [events / each.wall_s for each in ran],
            "cpu_us": median(each.cpu_s / events * 1e6 for each in ran),
            "peak_mib": max(each.peak_mib for each in ran),
        }
        for name, ran in runs.items()
    }


def envelopes(path: str) -> Iterator[Any]:
    """The archive's rows as a general Avro reader gives them."""
    with open(path, "rb") as source:
        yield from reader(source)


def publish_as_peer(config: dict[str, Any]) -> int:
    """Publish the archive with confluent-kafka: idempotent, every replica, zstd, partitions as Java chooses them."""
    numbers = {load_catalogue().event_types[name].fingerprint: number for name, number in config["ids"].items()}
    types = {number: load_catalogue().event_types[name] for name, number in config["ids"].items()}
    producer = Producer(
        {
            "bootstrap.servers": config["bootstrap"], "enable.idempotence": True, "acks": "all",
            "compression.type": "zstd", "partitioner": "murmur2_random", "linger.ms": 20,
            "queue.buffering.max.messages": 200_000,
        }
    )  # fmt: skip
    failed: list[Any] = []

    def told(error: Any, _: Any) -> None:
        if error is not None:
            failed.append(error)

    sent = 0
    for row in envelopes(config["archive"]):
        number = numbers[row["fingerprint"]]
        key, value = row["key"].encode(), b"\x00" + number.to_bytes(4, "big") + row["datum"]
        if config["how"] == "checked":
            read_record(types, key, value, (ORR_TOPIC, 0, sent), 0)
        headers: Any = [(each["key"], each["value"]) for each in row["headers"]]
        while True:
            try:
                producer.produce(ORR_TOPIC, value=value, key=key, headers=headers, on_delivery=told)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        sent += 1
    if producer.flush(60) or failed:
        sys.exit(f"not everything was acknowledged: {failed[:1]}")
    return sent


if __name__ == "__main__":
    began = time.perf_counter()
    count = publish_as_peer(json.loads(os.environ["CASEFEED_BENCH"]))
    print(json.dumps({"seconds": time.perf_counter() - began, "records": count}))
