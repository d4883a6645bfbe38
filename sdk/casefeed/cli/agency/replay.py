"""`replay`: an archive goes to the agency's topic, after its desk took it in."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from casefeed.publish.agency import Agency
from casefeed.publish.replay import ReplayOptions, ReplayResult, replay
from casefeed.runtime import settings
from casefeed.runtime.text import plural

DEFAULT_WAIT_S = 60.0


@click.command("replay")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Events a second; as fast as it goes when not given.",
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    default=DEFAULT_WAIT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a broker or registry that is away.",
)
@click.option("--from-start", is_flag=True, help="Send all again, whatever an earlier replay has sent.")
@click.option(
    "--as-is",
    is_flag=True,
    help="Send records that break the contract too, as a broken sender would, to see what readers do.",
)
@click.option(
    "--no-take-in",
    "copy",
    is_flag=True,
    help="Send a mere copy: the desk's own numbers do not go on with this archive's.",
)
@click.pass_obj
def replay_command(
    agency: Agency, path: Path, rate: float | None, wait_s: float, from_start: bool, as_is: bool, copy: bool
) -> None:
    """Publish an archive of {agency.publisher.agency}'s events on {agency.publisher.topic}."""
    publisher = agency.publisher
    in_force = settings.load()
    desk = None if copy else agency.database_path(in_force)
    with _progress_bar() as bar:
        task = bar.add_task(publisher.topic, total=path.stat().st_size, events="0")

        def report(events: int, read_bytes: int) -> None:
            bar.update(task, completed=read_bytes, events=f"{events:,}")

        plan = ReplayOptions(path, rate, wait_s, from_start, as_is, desk, report, partial(click.echo, err=True))
        done = asyncio.run(replay(publisher, plan, in_force))
    click.echo(_summary(publisher.topic, done))


def _progress_bar() -> Progress:
    """Shown on a terminal only, and gone when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]} events"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _summary(topic: str, done: ReplayResult) -> str:
    if not done.events:
        return f"{topic}: all was sent before ({plural(done.already_sent, 'event')}); --from-start sends it again."
    before = f", after {done.already_sent:,} sent before" if done.already_sent else ""
    rate = done.events / max(done.seconds, 0.001)
    return f"{topic}: {plural(done.events, 'event')} in {done.seconds:.1f} s ({rate:,.0f} events/s){before}."
