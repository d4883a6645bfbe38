"""`casefeed ice intake`: read the feed into the ledger."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click
import structlog

from casefeed.read.intake import Feed, Progress, read_feed
from casefeed.wire import logs, settings
from casefeed.wire.clock import utc_now
from casefeed.wire.registry import Registry
from ice_caseload.cases import take_in
from ice_caseload.commands.progress import progress_shown
from ice_caseload.ledger import GROUP, ledger

PATIENCE_SECONDS = 60.0


def now_ms() -> int:
    """The time, in ms UTC."""
    return int(utc_now().timestamp() * 1000)


@click.command("intake")
@click.option("--until-caught-up", is_flag=True, help="End at the end offsets seen at the start.")
@click.option(
    "--from-start", is_flag=True, help="Read everything again; what is held already changes nothing."
)
@click.option(
    "--wait",
    "patience",
    type=float,
    metavar="SECONDS",
    help="Give up when broker or registry is away longer (default: never; with --until-caught-up 60).",
)
@click.option(
    "--beat", type=click.Path(path_type=Path), help="Touch this file whenever the reader is alive and well."
)
def intake(until_caught_up: bool, from_start: bool, patience: float | None, beat: Path | None) -> None:
    """Read the feed into the ledger, until stopped; SIGTERM and Ctrl-C end it cleanly."""
    logs.setup()
    if patience is None and until_caught_up:
        patience = PATIENCE_SECONDS
    done = asyncio.run(_run(until_caught_up, from_start, patience, beat))
    tally = done.tally
    parked, refused = sum(tally.parked.values()), sum(tally.refused.values())
    click.echo(
        f"{tally.applied:,} events applied, {tally.already_held:,} held already, {parked:,} parked, "
        f"{refused:,} refused; {done.behind:,} behind the ends."
    )
    for reason, count in sorted((tally.parked + tally.refused).items()):
        click.echo(f"  {count:,} {reason}: `casefeed ice parked list --reason {reason}`")


async def _run(
    until_caught_up: bool, from_start: bool, patience: float | None, beat: Path | None
) -> Progress:
    in_force = settings.load()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log = structlog.get_logger()
    async with Registry(in_force.registry_url) as registry:
        with ledger(in_force.ledger_url, now_ms) as store, progress_shown(log, beat) as report:
            feed = Feed(
                in_force.kafka_bootstrap,
                in_force.registry_url,
                registry.schema_by_id,
                store,
                take_in,
                GROUP,
                report=report,
            )
            return await read_feed(
                feed,
                stop,
                until_caught_up=until_caught_up,
                from_start=from_start,
                patience_seconds=patience,
            )
