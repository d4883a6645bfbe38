"""Running a reader as a process: settings, registry, store, signals and progress put together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.kafka.registry import Registry
from casefeed.read import metrics
from casefeed.read.errors import HandsOutNothing
from casefeed.read.intake import Feed, Progress, Uncertain, read_feed
from casefeed.read.progress import progress_shown
from casefeed.read.queries import uncertain_counts
from casefeed.read.store import Handler, SqliteStore
from casefeed.runtime import logs, settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.health import Vitals
from casefeed.runtime.http import Address, listening
from casefeed.runtime.metrics import registry_of
from casefeed.runtime.signals import stopped_by_signal
from casefeed.runtime.text import plural
from casefeed.runtime.watchdog import watched

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reader:
    """What makes one reader: its name (the consumer group that shows its lag), its file, what it does.

    `rooms` are packages whose `migrations/` make the handler's own tables in the same file. `at_ends` is called
    whenever everything was read that there was, outside any transaction. `uncertain` counts what is uncertain
    in the file, for `/metrics`.
    """

    name: str
    path: Path
    handler: Handler
    topics: tuple[str, ...] = CASE_TOPICS
    rooms: tuple[str, ...] = ()
    at_ends: Callable[[SqliteStore], None] = lambda store: None
    uncertain: Uncertain = uncertain_counts


def run(
    reader: Reader,
    *,
    until_caught_up: bool = False,
    from_start: bool = False,
    patience_seconds: float | None = None,
    beat: Path | None = None,
    listen: Address | None = None,
) -> Progress:
    """Read until SIGTERM or Ctrl-C, or with `until_caught_up` until the ends as they were at the start.

    `patience_seconds` is how long a broker or registry may be away before this gives up; None waits for ever, with
    `until_caught_up` for a minute. `beat` is a file to touch while all is well, `listen` where to answer `/livez`,
    `/readyz` and `/metrics`. Raises Unavailable; a reader whose loop hangs ends its process with exit code 3.
    """
    logs.setup()
    _collect_less_often()
    if patience_seconds is None and until_caught_up:
        patience_seconds = PATIENCE_SECONDS
    running = _Running(reader, beat, listen)
    return asyncio.run(running.run(until_caught_up, from_start, patience_seconds))


def _collect_less_often() -> None:
    """A batch is tens of thousands of small objects that all end together: looking for cycles in it finds none."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class _Running:
    """One run of a reader: what it reports goes to its log, its beat, and to who asks how it is."""

    def __init__(self, reader: Reader, beat: Path | None, listen: Address | None) -> None:
        self._reader = reader
        self._beat = beat
        self._listen = listen
        self._vitals = Vitals("the intake", "has not read to the ends yet")
        self._progress = Progress()

    async def run(self, until_caught_up: bool, from_start: bool, patience: float | None) -> Progress:
        in_force = settings.load()
        reader, vitals = self._reader, self._vitals
        read_by = metrics.collection(reader.path, lambda: self._progress, now_ms)
        store = SqliteStore(reader.path, now=now_ms, rooms=reader.rooms)
        with (
            listening(self._listen, vitals, lambda: registry_of(vitals, read_by)),
            store,
            stopped_by_signal() as stop,
            progress_shown(structlog.get_logger(), self._beat) as shown,
        ):
            # The watch begins when the store is open: to bring an old one up to date may take its time.
            async with Registry(in_force.registry_url) as registry, watched(vitals):
                feed = Feed(
                    in_force.kafka_bootstrap,
                    in_force.registry_url,
                    registry.schema_by_id,
                    store,
                    reader.handler,
                    reader.name,
                    reader.topics,
                    lambda progress: self._report(progress, shown),
                    reader.at_ends,
                    reader.uncertain,
                )
                return await read_feed(
                    feed,
                    stop,
                    until_caught_up=until_caught_up,
                    from_start=from_start,
                    patience_seconds=patience,
                )

    def _report(self, progress: Progress, shown: Callable[[Progress], None]) -> None:
        self._progress = progress
        note(progress, self._vitals)
        shown(progress)


def note(progress: Progress, vitals: Vitals) -> None:
    """Say of a reader's life what its progress says."""
    vitals.turn()
    if progress.caught_up:
        vitals.begun()
    vitals.moved(progress.moved_at)
    vitals.waits(progress.away, stuck=isinstance(progress.away, HandsOutNothing))


def summary(progress: Progress) -> str:
    """What a run did, in a line for people, and a line for each reason that kept records aside."""
    tally = progress.tally
    parked, refused = sum(tally.parked.values()), sum(tally.refused.values())
    lines = [
        f"{plural(tally.applied, 'event')} applied, {tally.already_held:,} held already, {parked:,} parked, "
        f"{refused:,} refused; {progress.behind:,} behind the ends."
    ]
    lines += [f"  {count:,} {reason}" for reason, count in sorted((tally.parked + tally.refused).items())]
    return "\n".join(lines)
