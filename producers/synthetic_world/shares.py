"""What one worker does of a build: tell some lives into the spool, or write one archive from it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from casefeed.contract import archive, catalogue, codec, framing
from casefeed.contract.archive import Envelope
from synthetic_world.damage import KINDS
from synthetic_world.population import World
from synthetic_world.spool import Spool, in_order
from synthetic_world.telling import Voice
from synthetic_world.truth import Tally


@dataclass(frozen=True, slots=True)
class Share:
    """What some lives came to: how many they are, their truth, their events by type and by topic."""

    lives: int
    tally: Tally = field(default_factory=Tally)
    types: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Block:
    """Records of a topic that are in its archive now; `touched` children are known once it is whole."""

    topic: str
    records: int
    touched: frozenset[str] = frozenset()


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


def tell_lives(folder: Path, seed: int, scale: int, children: range) -> Iterator[Share]:
    """Tell the lives of some children into the spools of `folder`, one a topic."""
    world, voice = made(seed, scale)
    known = catalogue.load()
    share = Share(len(children))
    spools: dict[str, Spool] = {}
    for index in children:
        life = world.life(index)
        share.tally.add(life)
        for told in voice.tell(life):
            event_type = known.named(told.type_name)
            header = told.event["header"]
            envelope = Envelope(
                key=life.child.key,
                headers=framing.cloud_events(event_type, told.event),
                fingerprint=event_type.fingerprint,
                datum=codec.encode(event_type, told.event),
            )
            if told.topic not in spools:
                spools[told.topic] = Spool(folder / told.topic)
            spools[told.topic].add(header["recorded_at"], header["event_id"], archive.pack(envelope))
            share.types[told.type_name] += 1
            share.records[told.topic] += 1
    for spool in spools.values():
        spool.flush()
    yield share


def archive_path(folder: Path, topic: str) -> Path:
    """Where the archive of a topic lies."""
    return folder / f"{topic}.avro"


def write_archive(folder: Path, topic: str, damage: str | None, marker: bytes) -> Iterator[Block]:
    """Write a topic's archive beside its spool in `folder`, spoilt by `damage`; told block by block."""
    whole = archive_path(folder, topic)
    if damage is None:
        yield from _written(whole, topic, in_order(folder / topic), marker)
        return
    touched: set[str] = set()
    unspoilt = archive_path(folder, f"{topic}-unspoilt")
    for _ in _written(unspoilt, topic, in_order(folder / topic), marker):
        pass
    with unspoilt.open("rb") as source:
        spoilt = KINDS[damage](archive.read(source), touched)
        yield from _written(whole, topic, map(archive.pack, spoilt), marker)
    yield Block(topic, 0, frozenset(touched))


def _written(path: Path, topic: str, records: Iterable[bytes], marker: bytes) -> Iterator[Block]:
    with path.open("wb") as out:
        for count in archive.write_packed(out, records, sync_marker=marker):
            yield Block(topic, count)
