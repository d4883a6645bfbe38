"""What one worker does of a build: tell some lives into the spool, or write one archive from it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from casefeed.contract import archive
from synthetic_world.damage_totals import Reckoning
from synthetic_world.events import Record, Voice, record_of
from synthetic_world.external_sort import Spool, in_order
from synthetic_world.faults import Damage, spoil, touched
from synthetic_world.population import World
from synthetic_world.truth import Tally


@dataclass(frozen=True, slots=True)
class Share:
    """What some lives came to: how many they are, their truth, their events by type and by topic, the damage."""

    lives: int
    tally: Tally = field(default_factory=Tally)
    types: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    reckoning: Reckoning = field(default_factory=Reckoning)

    def merge(self, other: Share) -> None:
        """Count in what other lives came to; `lives` stays."""
        self.tally.merge(other.tally)
        self.types.update(other.types)
        self.records.update(other.records)
        self.reckoning.merge(other.reckoning)


@dataclass(frozen=True, slots=True)
class Block:
    """Records of a topic that are in its archive in `folder` now."""

    folder: Path
    topic: str
    records: int


REPAIR = "repair"
"""The folder, within a world's own, of what the senders send to put its damage right."""
_LIVES_A_JOB = 500  # about a quarter of a second: so often the progress moves
MOST_WORKERS = 8
_WORTH_A_CREW = 2_000  # children below which starting processes takes longer than they save


def worth(children: int) -> int:
    """How many worker processes so many lives are worth on this machine."""
    if children < _WORTH_A_CREW:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)


def ranges(children: int) -> Iterator[range]:
    """All children, in ranges of a job each."""
    for first in range(0, children, _LIVES_A_JOB):
        yield range(first, min(first + _LIVES_A_JOB, children))


@lru_cache(maxsize=1)
def made(seed: int, scale: int) -> tuple[World, Voice]:
    """The world and its voice, made once a process."""
    return World(seed, scale), Voice(seed, scale)


def tell_lives(
    folder: Path, seed: int, scale: int, kinds: Sequence[Damage], children: range
) -> Iterator[Share]:
    """Tell the lives of some children into the spools of `folder`, one a topic, spoilt in the ways of `kinds`.

    What puts the damage right is told into the spools of `folder/REPAIR`.
    """
    world, voice = made(seed, scale)
    share = Share(len(children))
    spools: dict[Path, Spool] = {}

    def spool(into: Path, records: Iterable[Record]) -> None:
        for each in records:
            at = into / each.topic
            if at not in spools:
                spools[at] = Spool(at)
            spools[at].add(each.at, each.event_id, archive.pack(each.envelope))

    for index in children:
        life = world.life(index)
        share.tally.add(life)
        told = list(voice.tell(life))
        for each in told:
            share.types[each.type_name] += 1
            share.records[each.topic] += 1
        plan = touched(index, told, kinds) if kinds else {}
        if not plan:
            spool(folder, map(record_of, told))
            continue
        spoilt = spoil(voice, life, told, plan)
        share.reckoning.add(life, spoilt)
        spool(folder, spoilt.sent)
        spool(folder / REPAIR, spoilt.repair)
    for each_spool in spools.values():
        each_spool.flush()
    yield share


def archive_path(folder: Path, topic: str) -> Path:
    """Where the archive of a topic lies."""
    return folder / f"{topic}.avro"


def write_archive(folder: Path, topic: str, marker: bytes) -> Iterator[Block]:
    """Write a topic's archive beside its spool in `folder`; told block by block."""
    with archive_path(folder, topic).open("wb") as out:
        for count in archive.write_packed(out, in_order(folder / topic), sync_marker=marker):
            yield Block(folder, topic, count)
