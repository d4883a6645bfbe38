"""A real Kafka with a world on its topics, and processes that are measured from outside."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casefeed.contract import catalogue
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.registry import SchemaRegistry
from casefeed_stack import Stack

TOPICS = (ORR_TOPIC, ICE_TOPIC)
COMMAND = (sys.executable, "-c", "from casefeed.cli import main; main()")


@dataclass(frozen=True)
class RunResult:
    """A process that was run: wall and CPU seconds, the peak of its memory, what it printed."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    out: str

    @property
    def json_output(self) -> dict[str, Any]:
        """The JSON of its last line."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


def run(*command: str, env: Mapping[str, str] | None = None) -> RunResult:
    """Run a process to its end, its children counted in; ends the benchmark with its words when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, memory_mib(process.pid))
        time.sleep(0.05)
    wall_s = time.perf_counter() - began
    out, err = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command[-3:])} ended with {process.returncode}:\n{err[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return RunResult(wall_s, cpu_s, peak, out)


def memory_mib(pid: int) -> float:
    """The memory that a process and its children hold now (resident, MiB)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return 0.0
    own = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return sum(int(kib) for kib in own) / 1024 + sum(memory_mib(int(child)) for child in children)


@dataclass(frozen=True)
class FilledStack:
    """A running stack whose topics hold a world; `schema_ids` are the registry's ids of the event types, by name."""

    bootstrap: str
    registry_url: str
    folder: Path
    schema_ids: Mapping[str, int]

    def env(self, name: str) -> dict[str, str]:
        """The environment of commands that work on it, with a home of this name."""
        return {
            "CASEFEED_HOME": str(self.folder / name),
            "CASEFEED_KAFKA_BOOTSTRAP": self.bootstrap,
            "CASEFEED_REGISTRY_URL": self.registry_url,
        }

    def ends(self) -> dict[str, int]:
        """One past the last offset, by "topic/partition"."""

        async def ask() -> dict[str, int]:
            async with Consumer(self.bootstrap, TOPICS, None) as consumer:
                found = await consumer.end_offsets()
            return {f"{topic}/{number}": end for (topic, number), end in found.items()}

        return asyncio.run(ask())


@contextmanager
def stack(folder: Path) -> Iterator[FilledStack]:
    """A real Kafka and registry with empty topics, every schema registered."""
    with Stack(folder / "stack") as running:
        filled = FilledStack(running.bootstrap, running.registry_url, folder, register_schemas(running.registry_url))
        run(*COMMAND, "topics", "create", env=filled.env("setup"))
        yield filled


def register_schemas(url: str) -> dict[str, int]:
    """Register every schema; the numbers of the event types, which are all that the peers read, by name."""
    known = catalogue.load_catalogue()

    async def ask() -> dict[str, int]:
        async with SchemaRegistry(url) as registry:
            return await registry.register_all(known)

    return {name: number for name, number in asyncio.run(ask()).items() if name in known.event_types}
