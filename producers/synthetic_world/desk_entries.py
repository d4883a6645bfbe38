"""A world's events in the order of recording, as the lines that a desk's `record --lines` takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from synthetic_world.allocation import scaled
from synthetic_world.calibration import COHORT
from synthetic_world.events import Telling
from synthetic_world.external_sort import Spool, in_order
from synthetic_world.jobs import made, ranges, worth
from synthetic_world.workers import Crew

# The desk mints the rest: source, sequence, agency and agreement profile.
_GIVEN = ("child_key", "occurred_at", "event_id", "recorded_at", "causation_id", "synthetic")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event for the desk of `agency`; `line` is the JSON object it takes, with its end of line."""

    agency: str
    type_name: str
    event_id: str
    recorded_at: int
    line: bytes


def write(folder: Path, *, scale: int, seed: int, until: int, progress: Callable[[int, int], None]) -> None:
    """Tell the world's events recorded before `until` (ms UTC) into `folder`.

    `progress` hears how many lives are told, of how many.
    Raises OSError where the folder cannot be written, and what `Crew.run` raises.
    """
    children = scaled(COHORT.children, scale)
    done = 0
    folder.mkdir(parents=True, exist_ok=True)
    with Crew(worth(children)) as crew:
        for lives in crew.run(partial(_tell, folder, seed, scale, some, until) for some in ranges(children)):
            done += lives
            progress(done, children)


def read(folder: Path) -> Iterator[Entry]:
    """The events that `write` told, in the order of recording."""
    for record in in_order(folder):
        agency, _, line = record.partition(b" ")
        told = json.loads(line)
        header = told["header"]
        yield Entry(agency.decode(), told["type"], header["event_id"], header["recorded_at"], line)


def _tell(folder: Path, seed: int, scale: int, children: range, until: int) -> Iterator[int]:
    world, voice = made(seed, scale)
    spool = Spool(folder)
    for index in children:
        for told in voice.tell(world.life(index)):
            header = told.event["header"]
            if header["recorded_at"] < until:
                spool.add(
                    header["recorded_at"], header["event_id"], f"{header['agency']} {_line(told)}\n".encode()
                )
    spool.flush()
    yield len(children)


def _line(told: Telling) -> str:
    header = {name: told.event["header"][name] for name in _GIVEN}
    return json.dumps({"type": told.type_name, **told.event, "header": header}, separators=(",", ":"))
