"""`casefeed ice intake`: read the feed into the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from casefeed.cli.options import listen_option
from casefeed.read.service import Reader, run, summary
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.http import Address
from ice_caseload import words
from ice_caseload.asking import Asking
from ice_caseload.cases import take_in
from ice_caseload.commands import answers
from ice_caseload.ledger import GROUP, ROOM, path_of
from ice_caseload.tied import uncertain_counts


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
    "--beat", type=click.Path(path_type=Path), help="Touch this file while the intake is alive and well."
)
@listen_option
def intake(
    until_caught_up: bool,
    from_start: bool,
    patience: float | None,
    beat: Path | None,
    listen: Address | None,
) -> None:
    """Read the feed into the ledger, until stopped; SIGTERM and Ctrl-C end it cleanly."""
    in_force = settings.load()
    asking = Asking(in_force.gap_asked_after_minutes, now_ms)
    reader = Reader(
        GROUP,
        path_of(in_force.ledger_url),
        take_in,
        rooms=(ROOM,),
        at_ends=asking,
        uncertain=uncertain_counts,
    )
    done = run(
        reader,
        until_caught_up=until_caught_up,
        from_start=from_start,
        patience_seconds=patience,
        beat=beat,
        listen=listen,
    )
    click.echo(summary(done))
    with answers.asked() as db:
        counts = uncertain_counts(db)
    if any(counts.values()):
        click.echo(f"Uncertain: {words.uncertain(counts)}.")
