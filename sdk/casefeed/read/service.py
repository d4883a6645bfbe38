"""Running a reader as a process: settings, registry, store, signals and progress put together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.kafka.registry import SchemaRegistry
from casefeed.read import metrics
from casefeed.read.intake import IntakeConfig, ReaderProgress, UncertainCounter, run_intake
from casefeed.read.progress import ProgressBar, show_progress
from casefeed.read.queries import uncertain_counts
from casefeed.read.stall import BrokerStalled
from casefeed.read.store import Handler, SqliteStore
from casefeed.runtime import logs, settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.http import ListenAddress, serve_health
from casefeed.runtime.metrics import metrics_registry
from casefeed.runtime.signals import stop_on_signal
from casefeed.runtime.text import plural
from casefeed.runtime.watchdog import run_watchdog

OUTAGE_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reader:
    """What makes one reader: its name (the consumer group that shows its lag), its file, what it does.

    `packages` are those whose `migrations/` make the handler's own tables in the same file. `on_caught_up` is called
    whenever everything was read that there was, outside any transaction. `count_uncertain` counts what is uncertain
    in the file, for `/metrics`.
    """

    name: str
    path: Path
    handler: Handler
    topics: tuple[str, ...] = CASE_TOPICS
    packages: tuple[str, ...] = ()
    on_caught_up: Callable[[SqliteStore], None] = lambda store: None
    count_uncertain: UncertainCounter = uncertain_counts


def run(
    reader: Reader,
    *,
    until_caught_up: bool = False,
    from_start: bool = False,
    outage_timeout_seconds: float | None = None,
    liveness_file: Path | None = None,
    listen: ListenAddress | None = None,
    progress_bar: ProgressBar | None = None,
) -> ReaderProgress:
    """Read until SIGTERM or Ctrl-C, or with `until_caught_up` until the ends as they were at the start.

    `outage_timeout_seconds` is how long a broker or registry may be away before this gives up; None waits for ever,
    with `until_caught_up` for a minute. `liveness_file` is a file to touch while all is well, `listen` where to
    answer `/livez`, `/readyz` and `/metrics`, with the extra [cli]; `progress_bar` opens a bar that shows how far it
    is, in place of log lines. Raises Unavailable; a reader whose loop hangs ends its process with exit code 3.
    """
    logs.setup()
    # A batch is tens of thousands of small objects that all end together: looking for cycles in it finds none.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    if outage_timeout_seconds is None and until_caught_up:
        outage_timeout_seconds = OUTAGE_TIMEOUT_SECONDS
    intake = partial(
        run_intake,
        until_caught_up=until_caught_up,
        from_start=from_start,
        outage_timeout_seconds=outage_timeout_seconds,
    )
    return asyncio.run(_run(reader, liveness_file, listen, progress_bar, intake))


async def _run(
    reader: Reader,
    liveness_file: Path | None,
    listen: ListenAddress | None,
    progress_bar: ProgressBar | None,
    intake: Callable[[IntakeConfig, asyncio.Event], Awaitable[ReaderProgress]],
) -> ReaderProgress:
    """One run of a reader: what it reports goes to its log, its liveness file, and to who asks how it is."""
    in_force = settings.load()
    health, current = ProcessHealth("the intake", "has not read to the ends yet"), ReaderProgress()
    reader_metrics = metrics.reader_metrics(reader.path, lambda: current, now_ms)

    def report(progress: ReaderProgress) -> None:
        nonlocal current
        current = progress
        update_health(progress, health)
        show(progress)

    store = SqliteStore(reader.path, now=now_ms, packages=reader.packages)
    with (
        serve_health(listen, health, lambda: metrics_registry(health, reader_metrics)),
        store,
        stop_on_signal() as stop,
        show_progress(logs.get_logger(), liveness_file, progress_bar) as show,
    ):
        # The watch begins when the store is open: to bring an old one up to date may take its time.
        async with SchemaRegistry(in_force.registry_url) as registry, run_watchdog(health):
            config = IntakeConfig(
                in_force.kafka_bootstrap,
                in_force.registry_url,
                registry.schema_by_id,
                store,
                reader.handler,
                reader.name,
                reader.topics,
                report,
                reader.on_caught_up,
                reader.count_uncertain,
            )
            return await intake(config, stop)


def update_health(progress: ReaderProgress, health: ProcessHealth) -> None:
    """Say of a reader's life what its progress says."""
    health.iteration()
    if progress.caught_up:
        health.started()
    health.progressed(progress.progressed_at)
    health.set_unavailable(progress.unavailable, stalled=isinstance(progress.unavailable, BrokerStalled))


def summary(progress: ReaderProgress) -> str:
    """What a run did, in a line for people, and a line for each reason that kept records aside."""
    counts = progress.counts
    parked, refused = sum(counts.parked.values()), sum(counts.refused.values())
    lines = [
        f"{plural(counts.applied, 'event')} applied, {counts.duplicates:,} held already, {parked:,} parked, "
        f"{refused:,} refused; {progress.lag:,} behind the ends."
    ]
    lines += [f"  {count:,} {reason}" for reason, count in sorted((counts.parked + counts.refused).items())]
    return "\n".join(lines)
