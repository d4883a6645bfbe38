"""Building a world: lives, their truth, and the events they are told in, into one folder.

The folder gets `orr.case-events.avro`, `ice.case-events.avro` and `truth.json`; each file appears whole or
not at all, the truth last.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.wire.errors import Unavailable
from synthetic_world.calibration import COHORT, LAST_DAY
from synthetic_world.crew import Crew
from synthetic_world.dice import digest
from synthetic_world.quotas import scaled
from synthetic_world.shares import archive_path, ranges, tell_lives, worth, write_archive
from synthetic_world.truth import Tally

TOPICS = (ORR_TOPIC, ICE_TOPIC)
TRUTH = "truth.json"
_SPOOL = ".spool-"
Progress = Callable[[str, int, int], None]
"""Told what is being made, how many are done, of how many."""


class FolderTaken(Unavailable):
    """Another build is writing to the same folder."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: records per topic as archived, undamaged events per type, children touched by damage."""

    children: int
    records: dict[str, int]
    types: Counter[str]
    touched: frozenset[str] = field(default=frozenset())


def build(
    folder: Path,
    *,
    scale: int,
    seed: int,
    damage: str | None = None,
    workers: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Built:
    """Build the world of `seed` at 1:`scale` into `folder`.

    `damage` is one of `damage.KINDS` or None. `workers` is the number of processes, None for as many as are worth
    it; the bytes do not depend on it. Raises OSError where the folder cannot be written, FolderTaken where another
    build is writing there, and what `Crew.run` raises.
    """
    children = scaled(COHORT.children, scale)
    with _alone(folder) as spool, Crew(worth(children) if workers is None else workers) as crew:
        tally, types, events = Tally(), Counter[str](), dict.fromkeys(TOPICS, 0)
        done = 0
        for share in crew.run(partial(tell_lives, spool, seed, scale, some) for some in ranges(children)):
            tally.merge(share.tally)
            types += share.types
            for topic, told in share.records.items():
                events[topic] += told
            done += share.lives
            progress("lives", done, children)
        records, touched = dict.fromkeys(TOPICS, 0), set[str]()
        jobs = [
            partial(write_archive, spool, topic, damage, digest("sync", seed, scale, topic))
            for topic in TOPICS
        ]
        for block in crew.run(jobs):
            records[block.topic] += block.records
            touched |= block.touched
            progress("events", sum(records.values()), sum(events.values()))
        truth = {
            "seed": seed,
            "scale": scale,
            "children": children,
            "events": events,
            "last_day": LAST_DAY,
            "as_of": tally.as_of,
            "known_by": tally.known_by,
            "damage": {"kind": damage, "children": sorted(touched)} if damage else None,
        }
        (spool / TRUTH).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
        for topic in TOPICS:
            os.replace(archive_path(spool, topic), archive_path(folder, topic))
        os.replace(spool / TRUTH, folder / TRUTH)
    return Built(children, records, types, frozenset(touched))


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
