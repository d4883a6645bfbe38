"""A world's events in the order of recording, as the lines that a desk's `record --lines` takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from synthetic_world.allocation import scaled
from synthetic_world.calibration import COHORT
from synthetic_world.events import WorldEvent
from synthetic_world.external_sort import RunWriter, read_sorted
from synthetic_world.jobs import cached_world, default_workers, job_ranges
from synthetic_world.workers import WorkerPool

# The desk mints the rest: source, sequence, agency and agreement profile.
_HEADER_FIELDS = ("child_key", "occurred_at", "event_id", "recorded_at", "causation_id", "synthetic")


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """An event for the desk of `agency`; `line` is the JSON object it takes, with its end of line."""

    agency: str
    type_name: str
    event_id: str
    recorded_at: int
    line: bytes


def write_entries(folder: Path, *, scale: int, seed: int, until: int, progress: Callable[[int, int], None]) -> None:
    """Write the world's events recorded before `until` (ms UTC) into `folder`.

    `progress` is called with how many lives are written, of how many.
    Raises OSError where the folder cannot be written, and what `WorkerPool.run` raises.
    """
    children = scaled(COHORT.children, scale)
    done = 0
    folder.mkdir(parents=True, exist_ok=True)
    with WorkerPool(default_workers(children)) as pool:
        for lives in pool.run(
            partial(_write_range, folder, seed, scale, children_range, until)
            for children_range in job_ranges(children)
        ):
            done += lives
            progress(done, children)


def read_entries(folder: Path) -> Iterator[DeskEntry]:
    """The events that `write_entries` wrote, in the order of recording."""
    for record in read_sorted(folder):
        agency, _, line = record.partition(b" ")
        event = json.loads(line)
        header = event["header"]
        yield DeskEntry(agency.decode(), event["type"], header["event_id"], header["recorded_at"], line)


def _write_range(folder: Path, seed: int, scale: int, children: range, until: int) -> Iterator[int]:
    world, event_builder = cached_world(seed, scale)
    writer = RunWriter(folder)
    for index in children:
        for event in event_builder.build_events(world.life(index)):
            header = event.data["header"]
            if header["recorded_at"] < until:
                writer.add(
                    header["recorded_at"], header["event_id"], f"{header['agency']} {_as_json(event)}\n".encode()
                )
    writer.flush()
    yield len(children)


def _as_json(event: WorldEvent) -> str:
    header = {name: event.data["header"][name] for name in _HEADER_FIELDS}
    return json.dumps({"type": event.type_name, **event.data, "header": header}, separators=(",", ":"))
