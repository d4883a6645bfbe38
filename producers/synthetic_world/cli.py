"""`casefeed world`: a synthetic population, its events and its truth."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from casefeed.runtime.errors import Unavailable
from casefeed.runtime.text import plural
from synthetic_world.build import TRUTH, build
from synthetic_world.damage import ALL, KINDS, Damage, kinds_of
from synthetic_world.live_command import live_command
from synthetic_world.options import scale_option, seed_option
from synthetic_world.replay import replay
from synthetic_world.shares import MOST_WORKERS, archive_path


class _Kinds(click.ParamType[tuple[Damage, ...]]):
    name = "kinds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Damage, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return kinds_of(str(value))
        except ValueError:
            self.fail(
                f"{value} names no damage; name one or more of {', '.join(KINDS)}, parted by commas, or {ALL}",
                param,
                ctx,
            )


@click.group()
def world() -> None:
    """A synthetic population: what happens to it, told as events, with the truth written down beside."""


@world.command(name="build")
@scale_option
@seed_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the archives and truth.json go; files of the same names are replaced.",
)
@click.option(
    "--damage",
    type=_Kinds(),
    default=(),
    metavar="KIND[,KIND...]",
    help=f"Spoil the feed on purpose, one record in fifty: {', '.join(KINDS)}, or {ALL}. truth.json names the "
    "children touched and the figures that come of it; repair/ holds what puts it right.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help=f"Processes to build with. [as many as there are cores, at most {MOST_WORKERS}; one for a small world]",
)
def build_command(scale: int, seed: int, out: Path, damage: tuple[Damage, ...], workers: int | None) -> None:
    """Build a world: one archive a topic, in recorded order, and truth.json."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks = {"lives": bar.add_task("lives", total=None)}

        def shown(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=total)

        try:
            built = build(out, scale=scale, seed=seed, damage=damage, workers=workers, progress=shown)
        except OSError as error:
            raise Unavailable(
                f"the world cannot be written to {out} ({error.strerror or type(error).__name__}); "
                "free space or name another folder with --out"
            ) from error
    for topic, records in built.records.items():
        size = archive_path(out, topic).stat().st_size
        click.echo(f"{topic}: {plural(records, 'record')}, {size / 1e6:,.1f} MB")
    click.echo(f"{plural(built.children, 'child', 'children')}; the truth is in {out / TRUTH}")
    if damage:
        counts = ", ".join(f"{built.damage.records[kind]:,} {kind}" for kind in damage)
        children = plural(len(built.damage.touched), "child", "children")
        click.echo(f"damaged on purpose: {counts}; {children} touched")
        click.echo("`casefeed world replay --as-is` sends it, and then with --repair what puts it right")


world.add_command(replay)
world.add_command(live_command)
