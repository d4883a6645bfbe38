"""Running a reader as a process: settings, registry, store, signals and progress put together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.read.intake import Feed, Progress, read_feed
from casefeed.read.progress import progress_shown
from casefeed.read.store import Handler, SqliteStore
from casefeed.wire import logs, settings
from casefeed.wire.clock import now_ms
from casefeed.wire.registry import Registry
from casefeed.wire.signals import stopped_by_signal

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reader:
    """What makes one reader: its name (the consumer group that shows its lag), its file, what it does.

    `rooms` are packages whose `migrations/` make the handler's own tables in the same file. `at_ends` is called
    whenever everything was read that there was, outside any transaction.
    """

    name: str
    path: Path
    handler: Handler
    topics: tuple[str, ...] = CASE_TOPICS
    rooms: tuple[str, ...] = ()
    at_ends: Callable[[SqliteStore], None] = lambda store: None


def run(
    reader: Reader,
    *,
    until_caught_up: bool = False,
    from_start: bool = False,
    patience_seconds: float | None = None,
    beat: Path | None = None,
) -> Progress:
    """Read until SIGTERM or Ctrl-C, or with `until_caught_up` until the ends as they were at the start.

    `patience_seconds` is how long a broker or registry may be away before this gives up; None waits for ever, with
    `until_caught_up` for a minute. `beat` is a file to touch while all is well. Raises Unavailable.
    """
    logs.setup()
    _collect_less_often()
    if patience_seconds is None and until_caught_up:
        patience_seconds = PATIENCE_SECONDS
    return asyncio.run(_run(reader, until_caught_up, from_start, patience_seconds, beat))


def _collect_less_often() -> None:
    """A batch is tens of thousands of small objects that all end together: looking for cycles in it finds none."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _run(
    reader: Reader, until_caught_up: bool, from_start: bool, patience: float | None, beat: Path | None
) -> Progress:
    in_force = settings.load()
    store = SqliteStore(reader.path, now=now_ms, rooms=reader.rooms)
    async with Registry(in_force.registry_url) as registry:
        with store, stopped_by_signal() as stop, progress_shown(structlog.get_logger(), beat) as report:
            feed = Feed(
                in_force.kafka_bootstrap,
                in_force.registry_url,
                registry.schema_by_id,
                store,
                reader.handler,
                reader.name,
                reader.topics,
                report,
                reader.at_ends,
            )
            return await read_feed(
                feed,
                stop,
                until_caught_up=until_caught_up,
                from_start=from_start,
                patience_seconds=patience,
            )


def summary(progress: Progress) -> str:
    """What a run did, in a line for people, and a line for each reason that kept records aside."""
    tally = progress.tally
    parked, refused = sum(tally.parked.values()), sum(tally.refused.values())
    lines = [
        f"{tally.applied:,} events applied, {tally.already_held:,} held already, {parked:,} parked, "
        f"{refused:,} refused; {progress.behind:,} behind the ends."
    ]
    lines += [f"  {count:,} {reason}" for reason, count in sorted((tally.parked + tally.refused).items())]
    return "\n".join(lines)
