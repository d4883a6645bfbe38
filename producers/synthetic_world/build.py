"""Building a world: lives, their truth, and the events they are told in, into one folder.

The folder gets `orr.case-events.avro`, `ice.case-events.avro` and `truth.json`, with damage also `repair/` with two
archives more. The old truth goes first and the new one comes last, so that no truth ever lies beside archives that
are not its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.wire.errors import Unavailable
from synthetic_world.allocation import scaled
from synthetic_world.calibration import COHORT, LAST_DAY
from synthetic_world.damage_totals import Reckoning
from synthetic_world.faults import Damage
from synthetic_world.jobs import (
    REPAIR,
    Block,
    Share,
    archive_path,
    ranges,
    tell_lives,
    worth,
    write_archive,
)
from synthetic_world.rng import digest
from synthetic_world.workers import Crew

TOPICS = (ORR_TOPIC, ICE_TOPIC)
TRUTH = "truth.json"
_SPOOL = ".spool-"
_UNFINISHED = ".unfinished"
Progress = Callable[[str, int, int], None]
"""Told what is being made, how many are done, of how many."""


class FolderTaken(Unavailable):
    """Another build is writing to the same folder."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: records per topic as archived, undamaged events per type, what the damage came to."""

    children: int
    records: dict[str, int]
    types: Counter[str]
    damage: Reckoning


def build(
    folder: Path,
    *,
    scale: int,
    seed: int,
    damage: Sequence[Damage] = (),
    workers: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Built:
    """Build the world of `seed` at 1:`scale` into `folder`, spoilt in the ways of `damage`.

    `workers` is the number of processes, None for as many as are worth it; the bytes do not depend on it. Raises
    OSError where the folder cannot be written, FolderTaken where another build is writing there, and what `Crew.run`
    raises.
    """
    children = scaled(COHORT.children, scale)
    with _alone(folder) as spool, Crew(worth(children) if workers is None else workers) as crew:
        whole, done = Share(0), 0
        for share in crew.run(
            partial(tell_lives, spool, seed, scale, damage, some) for some in ranges(children)
        ):
            whole.merge(share)
            done += share.lives
            progress("lives", done, children)
        events = {topic: whole.records[topic] for topic in TOPICS}
        records = dict.fromkeys(TOPICS, 0)
        for block in crew.run(_archiving(spool, seed, scale, damaged=bool(damage))):
            if block.folder == spool:
                records[block.topic] += block.records
                progress("events", sum(records.values()), max(sum(events.values()), sum(records.values())))
        truth = {
            "seed": seed,
            "scale": scale,
            "children": children,
            "events": events,
            "last_day": LAST_DAY,
            "as_of": whole.tally.as_of,
            "known_by": whole.tally.known_by,
            "damage": whole.reckoning.told(whole.tally, damage) if damage else None,
        }
        (spool / TRUTH).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
        _put_in_place(spool, folder, damaged=bool(damage))
    return Built(children, records, whole.types, whole.reckoning)


def _archiving(
    spool: Path, seed: int, scale: int, *, damaged: bool
) -> Iterator[Callable[[], Iterator[Block]]]:
    """The jobs that write the archives from their spools."""
    for each in (spool, spool / REPAIR) if damaged else (spool,):
        each.mkdir(exist_ok=True)
        for topic in TOPICS:
            yield partial(write_archive, each, topic, digest("sync", seed, scale, topic))


def _put_in_place(spool: Path, folder: Path, *, damaged: bool) -> None:
    """Take the old world away, its truth first, and put the new one in its place, its truth last.

    A build that is cut off here leaves a folder that is marked as unfinished.
    """
    (folder / _UNFINISHED).touch()
    (folder / TRUTH).unlink(missing_ok=True)
    for topic in TOPICS:
        archive_path(folder / REPAIR, topic).unlink(missing_ok=True)
    if damaged:
        (folder / REPAIR).mkdir(exist_ok=True)
    elif (folder / REPAIR).is_dir() and not any((folder / REPAIR).iterdir()):
        (folder / REPAIR).rmdir()
    for part in ("", REPAIR) if damaged else ("",):
        for topic in TOPICS:
            os.replace(archive_path(spool / part, topic), archive_path(folder / part, topic))
    os.replace(spool / TRUTH, folder / TRUTH)
    (folder / _UNFINISHED).unlink()


def unfinished(folder: Path) -> bool:
    """Whether a build was cut off while it put its files into `folder`, which may hold parts of two worlds."""
    return (folder / _UNFINISHED).exists()


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """A folder for what is not finished, in `folder`, which nobody else writes to meanwhile.

    What a build left there that was killed is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        _hold(held, folder)
        for left in folder.glob(f"{_SPOOL}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_SPOOL, dir=folder) as scratch:
            yield Path(scratch)
    finally:
        os.close(held)


def _hold(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderTaken(
            f"Another build is writing to {folder}; wait until it is done, or name another folder with --out."
        ) from None
