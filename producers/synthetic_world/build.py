"""Building a world: lives, their truth, and the events they are told in, into one folder.

The folder gets `orr.case-events.avro`, `ice.case-events.avro` and `truth.json`; each file appears whole or
not at all.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from casefeed.contract import archive, catalogue, codec, framing
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from synthetic_world.calibration import LAST_DAY
from synthetic_world.damage import KINDS
from synthetic_world.dice import digest
from synthetic_world.population import World
from synthetic_world.spool import Spool
from synthetic_world.telling import Voice
from synthetic_world.truth import Tally

TOPICS = (ORR_TOPIC, ICE_TOPIC)
TRUTH = "truth.json"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: records per topic as archived, undamaged events per type, children touched by damage."""

    children: int
    records: dict[str, int]
    types: Counter[str]
    touched: frozenset[str] = field(default=frozenset())


def archive_path(folder: Path, topic: str) -> Path:
    """Where the archive of a topic lies."""
    return folder / f"{topic}.avro"


def build(
    folder: Path,
    *,
    scale: int,
    seed: int,
    damage: str | None = None,
    progress: Progress | None = None,
) -> Built:
    """Build the world of `seed` at 1:`scale` into `folder`; `progress` is told (children done, of how many).

    `damage` is one of `damage.KINDS` or None. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world, voice, tally = World(seed, scale), Voice(seed, scale), Tally()
    types: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix=".spool-", dir=folder) as scratch:
        spools = {topic: Spool(Path(scratch) / topic) for topic in TOPICS}
        known = catalogue.load()
        for done, life in enumerate(world.lives(), start=1):
            tally.add(life)
            for told in voice.tell(life):
                event_type = known.named(told.type_name)
                header = told.event["header"]
                envelope = Envelope(
                    key=life.child.key,
                    headers=framing.cloud_events(event_type, told.event),
                    fingerprint=event_type.fingerprint,
                    datum=codec.encode(event_type, told.event),
                )
                spools[told.topic].add(header["recorded_at"], header["event_id"], envelope)
                types[told.type_name] += 1
            if progress is not None:
                progress(done, world.plan.children)
        touched: set[str] = set()
        records = {}
        for topic, spool in spools.items():
            envelopes = KINDS[damage](spool, touched) if damage else spool
            marker = digest("sync", seed, scale, topic)
            records[topic] = _write_archive(archive_path(folder, topic), envelopes, marker)
    truth = {
        "seed": seed,
        "scale": scale,
        "children": world.plan.children,
        "events": {topic: spool.count for topic, spool in spools.items()},
        "last_day": LAST_DAY,
        "as_of": tally.as_of,
        "known_by": tally.known_by,
        "damage": {"kind": damage, "children": sorted(touched)} if damage else None,
    }
    _replace(folder / TRUTH, (json.dumps(truth, indent=2) + "\n").encode())
    return Built(world.plan.children, records, types, frozenset(touched))


def _write_archive(path: Path, envelopes: Iterable[Envelope], sync_marker: bytes) -> int:
    written = 0

    def counting() -> Iterator[Envelope]:
        nonlocal written
        for envelope in envelopes:
            written += 1
            yield envelope

    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as out:
        archive.write(out, counting(), sync_marker=sync_marker)
    os.replace(part, path)
    return written


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)
