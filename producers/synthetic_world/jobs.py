"""What one worker does of a build: write some lives' records into runs, or one archive from the runs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from casefeed.contract import archive
from synthetic_world.damage_totals import DamageTotals
from synthetic_world.events import ArchiveRecord, EventBuilder, to_record
from synthetic_world.external_sort import RunWriter, read_sorted
from synthetic_world.faults import FaultKind, inject_faults, select_faults
from synthetic_world.population import World
from synthetic_world.truth import FigureTotals


@dataclass(frozen=True, slots=True)
class JobResult:
    """What some lives came to: how many they are, their truth, their events by type and by topic, the damage."""

    lives: int
    totals: FigureTotals = field(default_factory=FigureTotals)
    types: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    damage: DamageTotals = field(default_factory=DamageTotals)

    def merge(self, other: JobResult) -> None:
        """Count in what other lives came to; `lives` stays."""
        self.totals.merge(other.totals)
        self.types.update(other.types)
        self.records.update(other.records)
        self.damage.merge(other.damage)


@dataclass(frozen=True, slots=True)
class ArchiveBlock:
    """Records of a topic that are in its archive in `folder` now."""

    folder: Path
    topic: str
    records: int


REPAIR_FOLDER = "repair"
"""The folder, within a world's own, of what the senders send to put its damage right."""
_LIVES_PER_JOB = 500  # about a quarter of a second: so often the progress moves
MAX_WORKERS = 8
_POOL_PAYS_FROM = 2_000  # children below which starting processes takes longer than they save


def default_workers(children: int) -> int:
    """How many worker processes so many lives are worth on this machine."""
    if children < _POOL_PAYS_FROM:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MAX_WORKERS)


def job_ranges(children: int) -> Iterator[range]:
    """All children, in ranges of a job each."""
    for first in range(0, children, _LIVES_PER_JOB):
        yield range(first, min(first + _LIVES_PER_JOB, children))


@lru_cache(maxsize=1)
def cached_world(seed: int, scale: int) -> tuple[World, EventBuilder]:
    """The world and its event builder, made once a process."""
    return World(seed, scale), EventBuilder(seed, scale)


def build_lives(
    folder: Path, seed: int, scale: int, kinds: Sequence[FaultKind], children: range
) -> Iterator[JobResult]:
    """Write some lives' records into the runs of `folder`, one folder a topic, with faults of `kinds`.

    What puts the damage right goes into the runs of `folder/REPAIR_FOLDER`.
    """
    world, event_builder = cached_world(seed, scale)
    result = JobResult(len(children))
    writers: dict[Path, RunWriter] = {}

    def write(into: Path, records: Iterable[ArchiveRecord]) -> None:
        for each in records:
            at = into / each.topic
            if at not in writers:
                writers[at] = RunWriter(at)
            writers[at].add(each.at, each.event_id, archive.pack_envelope(each.envelope))

    for index in children:
        life = world.life(index)
        result.totals.add(life)
        events = list(event_builder.build_events(life))
        for each in events:
            result.types[each.type_name] += 1
            result.records[each.topic] += 1
        faults = select_faults(index, events, kinds) if kinds else {}
        if not faults:
            write(folder, map(to_record, events))
            continue
        damaged = inject_faults(event_builder, life, events, faults)
        result.damage.add(life, damaged)
        write(folder, damaged.sent)
        write(folder / REPAIR_FOLDER, damaged.repair)
    for writer in writers.values():
        writer.flush()
    yield result


def archive_path(folder: Path, topic: str) -> Path:
    """Where the archive of a topic lies."""
    return folder / f"{topic}.avro"


def write_archive(folder: Path, topic: str, marker: bytes) -> Iterator[ArchiveBlock]:
    """Write a topic's archive beside its runs in `folder`; yields block by block."""
    with archive_path(folder, topic).open("wb") as out:
        for count in archive.write_packed(out, read_sorted(folder / topic), sync_marker=marker):
            yield ArchiveBlock(folder, topic, count)
