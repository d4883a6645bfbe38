"""Building a world: lives, their truth, and their events, into one folder.

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
from casefeed.runtime.errors import Unavailable
from synthetic_world.allocation import scaled
from synthetic_world.calibration import COHORT, LAST_DAY
from synthetic_world.damage_totals import DamageTotals
from synthetic_world.faults import FaultKind
from synthetic_world.jobs import (
    REPAIR_FOLDER,
    ArchiveBlock,
    JobResult,
    archive_path,
    build_lives,
    default_workers,
    job_ranges,
    write_archive,
)
from synthetic_world.rng import digest
from synthetic_world.workers import WorkerPool

TOPICS = (ORR_TOPIC, ICE_TOPIC)
TRUTH_FILE = "truth.json"
_SCRATCH_PREFIX = ".spool-"
_UNFINISHED = ".unfinished"
ProgressCallback = Callable[[str, int, int], None]
"""Called with what is being made, how many are done, of how many."""


class FolderLocked(Unavailable):
    """Another build is writing to the same folder."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What was built: records per topic as archived, undamaged events per type, what the damage came to."""

    children: int
    records: dict[str, int]
    types: Counter[str]
    damage: DamageTotals


def build(
    folder: Path,
    *,
    scale: int,
    seed: int,
    damage: Sequence[FaultKind] = (),
    workers: int | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> BuildResult:
    """Build the world of `seed` at 1:`scale` into `folder`, with faults of the kinds `damage`.

    `workers` is the number of processes, None for as many as are worth it; the bytes do not depend on it. Raises
    OSError where the folder cannot be written, FolderLocked where another build is writing there, and what
    `WorkerPool.run` raises.
    """
    children = scaled(COHORT.children, scale)
    with (
        _locked_folder(folder) as scratch,
        WorkerPool(default_workers(children) if workers is None else workers) as pool,
    ):
        total, done = JobResult(0), 0
        for result in pool.run(
            partial(build_lives, scratch, seed, scale, damage, children_range)
            for children_range in job_ranges(children)
        ):
            total.merge(result)
            done += result.lives
            progress("lives", done, children)
        events = {topic: total.records[topic] for topic in TOPICS}
        records = dict.fromkeys(TOPICS, 0)
        for block in pool.run(_archive_jobs(scratch, seed, scale, damaged=bool(damage))):
            if block.folder == scratch:
                records[block.topic] += block.records
                progress("events", sum(records.values()), max(sum(events.values()), sum(records.values())))
        truth = {
            "seed": seed,
            "scale": scale,
            "children": children,
            "events": events,
            "last_day": LAST_DAY,
            "as_of": total.totals.as_of,
            "known_by": total.totals.known_by,
            "damage": total.damage.as_dict(total.totals, damage) if damage else None,
        }
        (scratch / TRUTH_FILE).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
        _replace_world(scratch, folder, damaged=bool(damage))
    return BuildResult(children, records, total.types, total.damage)


def _archive_jobs(
    scratch: Path, seed: int, scale: int, *, damaged: bool
) -> Iterator[Callable[[], Iterator[ArchiveBlock]]]:
    """The jobs that write the archives from their sorted runs."""
    for each in (scratch, scratch / REPAIR_FOLDER) if damaged else (scratch,):
        each.mkdir(exist_ok=True)
        for topic in TOPICS:
            yield partial(write_archive, each, topic, digest("sync", seed, scale, topic))


def _replace_world(scratch: Path, folder: Path, *, damaged: bool) -> None:
    """Take the old world away, its truth first, and put the new one in its place, its truth last.

    A build that is cut off here leaves a folder that is marked as unfinished.
    """
    (folder / _UNFINISHED).touch()
    (folder / TRUTH_FILE).unlink(missing_ok=True)
    for topic in TOPICS:
        archive_path(folder / REPAIR_FOLDER, topic).unlink(missing_ok=True)
    if damaged:
        (folder / REPAIR_FOLDER).mkdir(exist_ok=True)
    elif (folder / REPAIR_FOLDER).is_dir() and not any((folder / REPAIR_FOLDER).iterdir()):
        (folder / REPAIR_FOLDER).rmdir()
    for part in ("", REPAIR_FOLDER) if damaged else ("",):
        for topic in TOPICS:
            os.replace(archive_path(scratch / part, topic), archive_path(folder / part, topic))
    os.replace(scratch / TRUTH_FILE, folder / TRUTH_FILE)
    (folder / _UNFINISHED).unlink()


def is_unfinished(folder: Path) -> bool:
    """Whether a build was cut off while it put its files into `folder`, which may hold parts of two worlds."""
    return (folder / _UNFINISHED).exists()


@contextmanager
def _locked_folder(folder: Path) -> Iterator[Path]:
    """A folder for what is not finished, in `folder`, which nobody else writes to meanwhile.

    What a build left there that was killed is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder)
        for left in folder.glob(f"{_SCRATCH_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX, dir=folder) as scratch:
            yield Path(scratch)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderLocked(
            f"Another build is writing to {folder}; wait until it is done, or name another folder with --out."
        ) from None
