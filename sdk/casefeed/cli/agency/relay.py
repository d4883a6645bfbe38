"""`relay`: what the agency's desk recorded goes to its topic."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import click

from casefeed.cli.agency.replay import DEFAULT_WAIT_S
from casefeed.cli.options import listen_option
from casefeed.publish import metrics
from casefeed.publish.agency import Agency
from casefeed.publish.desk import DeskMissing
from casefeed.publish.relay import RelayOptions, RelayResult, relay
from casefeed.publish.retry import Outage
from casefeed.runtime import settings
from casefeed.runtime.http import ListenAddress, serve_health
from casefeed.runtime.metrics import metrics_registry
from casefeed.runtime.settings import Settings
from casefeed.runtime.signals import stop_on_signal
from casefeed.runtime.text import plural
from casefeed.runtime.watchdog import run_watchdog


@click.command("relay")
@click.option("--until-empty", is_flag=True, help="End when nothing waits any more.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help=f"Give up when broker or registry is away longer (default: never; with --until-empty {DEFAULT_WAIT_S:g}).",
)
@click.option("--from-start", is_flag=True, help="Send all again, whatever was sent before.")
@click.option("--beat", type=click.Path(path_type=Path), help="Touch this file while the relay is alive and well.")
@listen_option
@click.pass_obj
def relay_command(
    agency: Agency,
    until_empty: bool,
    wait_s: float | None,
    from_start: bool,
    beat: Path | None,
    listen: ListenAddress | None,
) -> None:
    """Publish what {agency.publisher.agency}'s desk recorded on {agency.publisher.topic}, until stopped; SIGTERM and
    Ctrl-C end it cleanly.
    """
    publisher = agency.publisher
    wait_s = DEFAULT_WAIT_S if wait_s is None and until_empty else wait_s
    plan = RelayOptions(wait_s, until_empty, from_start, beat, partial(click.echo, err=True))
    done = asyncio.run(_run(agency, plan, listen))
    rate = done.events / max(done.seconds, 0.001)
    click.echo(f"{publisher.topic}: {plural(done.events, 'event')} in {done.seconds:.1f} s ({rate:,.0f} events/s).")


async def _run(agency: Agency, options: RelayOptions, listen: ListenAddress | None) -> RelayResult:
    in_force = settings.load()
    read_by = metrics.outbox_collection(agency.database_path(in_force))
    with (
        serve_health(listen, options.health, lambda: metrics_registry(options.health, read_by)),
        stop_on_signal() as stop,
    ):
        if options.until_empty:
            agency.existing_desk(in_force)
        await _wait_for_desk(agency, in_force, options, stop)
        if stop.is_set():
            return RelayResult(0, 0.0)
        with agency.desk(in_force) as desk:
            async with run_watchdog(options.health):
                return await relay(desk, options, in_force, stop)


async def _wait_for_desk(agency: Agency, in_force: Settings, options: RelayOptions, stop: asyncio.Event) -> None:
    """Return when there is a desk, or at the end; raises DeskMissing when none was made while the plan waits."""
    patience = Outage(options.wait_s, health=options.health)
    while not stop.is_set():
        try:
            agency.existing_desk(in_force)
        except DeskMissing as fault:
            await patience.wait(fault)
        else:
            patience.recovered()
            return
