"""`intake`: read the feed into the ledger."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from casefeed.cli.agency import output
from casefeed.cli.options import listen_option
from casefeed.cli.progress import reading_bar
from casefeed.ledger import display
from casefeed.ledger.database import PACKAGE
from casefeed.ledger.gap_requests import GapRequestRule
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.ledger.projection import apply_events
from casefeed.publish.agency import Agency
from casefeed.read.service import Reader, run, summary
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.http import ListenAddress


@click.command("intake")
@click.option("--until-caught-up", is_flag=True, help="End at the end offsets seen at the start.")
@click.option("--from-start", is_flag=True, help="Read everything again; what is held already changes nothing.")
@click.option(
    "--wait",
    "patience",
    type=float,
    metavar="SECONDS",
    help="Give up when broker or registry is away longer (default: never; with --until-caught-up 60).",
)
@click.option("--beat", type=click.Path(path_type=Path), help="Touch this file while the intake is alive and well.")
@listen_option
@click.pass_obj
def intake_command(
    agency: Agency,
    until_caught_up: bool,
    from_start: bool,
    patience: float | None,
    beat: Path | None,
    listen: ListenAddress | None,
) -> None:
    """Read the feed into the ledger, until stopped; SIGTERM and Ctrl-C end it cleanly."""
    in_force = settings.load()
    reader = Reader(
        agency.consumer_group,
        agency.database_path(in_force),
        apply_events,
        packages=(PACKAGE,),
        on_caught_up=GapRequestRule(agency, in_force.gap_asked_after_minutes, now_ms),
        count_uncertain=uncertain_counts,
    )
    done = run(
        reader,
        until_caught_up=until_caught_up,
        from_start=from_start,
        outage_timeout_seconds=patience,
        liveness_file=beat,
        listen=listen,
        progress_bar=reading_bar if sys.stderr.isatty() else None,
    )
    click.echo(summary(done))
    with output.ledger_snapshot(agency) as db:
        counts = uncertain_counts(db)
    if any(counts.values()):
        click.echo(f"Uncertain: {display.uncertain_text(counts, agency.command)}.")
