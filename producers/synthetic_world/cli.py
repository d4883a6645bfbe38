"""`casefeed world`: a synthetic population, its events and its truth."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from casefeed.wire.errors import Unavailable
from synthetic_world.build import archive_path, build
from synthetic_world.damage import KINDS
from synthetic_world.replay import replay

_SMALLEST = 5_000  # about ninety children: below, the reports' shares round away


@click.group()
def world() -> None:
    """A synthetic population: what happens to it, told as events, with the truth written down beside."""


@world.command(name="build")
@click.option(
    "--scale",
    type=click.IntRange(1, _SMALLEST),
    default=100,
    show_default=True,
    metavar="N",
    help="One child for every N of the 448,000.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    metavar="S",
    help="The same seed and scale give the same bytes.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the archives and truth.json go; files of the same names are replaced.",
)
@click.option(
    "--damage",
    type=click.Choice(sorted(KINDS)),
    default=None,
    help="Spoil the feed on purpose; truth.json names the children touched.",
)
def build_command(scale: int, seed: int, out: Path, damage: str | None) -> None:
    """Build a world: one archive a topic, in recorded order, and truth.json."""
    console = Console(stderr=True)
    columns = (TextColumn("lives"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("lives", total=None)

        def shown(done: int, children: int) -> None:
            if done % 50 == 0:
                bar.update(task, completed=done, total=children)

        try:
            built = build(out, scale=scale, seed=seed, damage=damage, progress=shown)
        except OSError as error:
            raise Unavailable(
                f"the world cannot be written to {out} ({error.strerror or type(error).__name__}); "
                "free space or name another folder with --out"
            ) from error
    for topic, records in built.records.items():
        size = archive_path(out, topic).stat().st_size
        click.echo(f"{topic}: {records:,} records, {size / 1e6:,.1f} MB")
    click.echo(f"{built.children:,} children; the truth is in {out / 'truth.json'}")
    if damage:
        click.echo(f"damaged on purpose ({damage}): {len(built.touched):,} children touched")


world.add_command(replay)
