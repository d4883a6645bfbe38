"""`relay`: what the agency's desk recorded goes to its topic."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from casefeed.cli.agency.replay import DEFAULT_WAIT_S
from casefeed.cli.options import listen_option
from casefeed.publish import metrics
from casefeed.publish.agency import Office
from casefeed.publish.desk import NoDesk
from casefeed.publish.relay import Relayed, Relaying, relay
from casefeed.publish.retry import Patience
from casefeed.runtime import settings
from casefeed.runtime.http import Address, listening
from casefeed.runtime.metrics import registry_of
from casefeed.runtime.settings import Settings
from casefeed.runtime.signals import stopped_by_signal
from casefeed.runtime.text import plural
from casefeed.runtime.watchdog import watched


def relay_command(office: Office) -> click.Command:
    """`relay` for this agency's desk."""
    publisher = office.publisher

    @click.command(
        "relay",
        help=f"Publish what {publisher.agency}'s desk recorded on {publisher.topic}, until stopped; SIGTERM and "
        "Ctrl-C end it cleanly.",
    )
    @click.option("--until-empty", is_flag=True, help="End when nothing waits any more.")
    @click.option(
        "--wait",
        "wait_s",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Give up when broker or registry is away longer (default: never; "
        f"with --until-empty {DEFAULT_WAIT_S:g}).",
    )
    @click.option("--from-start", is_flag=True, help="Send all again, whatever was sent before.")
    @click.option(
        "--beat", type=click.Path(path_type=Path), help="Touch this file while the relay is alive and well."
    )
    @listen_option
    def command(
        until_empty: bool, wait_s: float | None, from_start: bool, beat: Path | None, listen: Address | None
    ) -> None:
        if wait_s is None and until_empty:
            wait_s = DEFAULT_WAIT_S
        plan = Relaying(wait_s, until_empty, from_start, beat, lambda line: click.echo(line, err=True))
        done = asyncio.run(_run(office, plan, listen))
        rate = done.events / max(done.seconds, 0.001)
        click.echo(
            f"{publisher.topic}: {plural(done.events, 'event')} in {done.seconds:.1f} s ({rate:,.0f} events/s)."
        )

    return command


async def _run(office: Office, plan: Relaying, listen: Address | None) -> Relayed:
    in_force = settings.load()
    read_by = metrics.collection(office.path(in_force))
    with (
        listening(listen, plan.vitals, lambda: registry_of(plan.vitals, read_by)),
        stopped_by_signal() as stop,
    ):
        if plan.until_empty:
            office.existing(in_force)
        await _made(office, in_force, plan, stop)
        if stop.is_set():
            return Relayed(0, 0.0)
        with office.desk(in_force) as desk:
            async with watched(plan.vitals):
                return await relay(desk, plan, in_force, stop)


async def _made(office: Office, in_force: Settings, plan: Relaying, stop: asyncio.Event) -> None:
    """Return when there is a desk, or at the end; raises NoDesk when none was made while the plan waits."""
    patience = Patience(plan.wait_s, vitals=plan.vitals)
    while not stop.is_set():
        try:
            office.existing(in_force)
        except NoDesk as fault:
            await patience.pause(fault)
        else:
            patience.back()
            return
