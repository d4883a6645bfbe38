"""`casefeed world live`: a world whose events are recorded at the agencies' desks as time passes."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from casefeed.runtime.clock import monotonic
from casefeed.runtime.errors import Unavailable, UsageError
from casefeed.runtime.text import plural
from synthetic_world import chronicle
from synthetic_world.calibration import FISCAL_YEARS, LAST_DAY
from synthetic_world.days import DAY, calendar, day_number
from synthetic_world.live import Lived, Plan, live
from synthetic_world.options import scale_option, seed_option
from synthetic_world.pace import Pace, parse_speed, speed_words

_DEFAULT_SPEED = "1d/s"
# The desk of each agency that writes facts down: the end of its command line. The world imports no agency.
_DESKS: Mapping[str, Sequence[str]] = {
    "ORR": ("orr", "record", "--lines"),
    "ICE_ERO": ("ice", "record", "--lines"),
    "EOIR_ADAPTER": ("ice", "record", "--lines", "--agency", "EOIR_ADAPTER"),
}


class _Speed(click.ParamType[float]):
    name = "speed"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_speed(str(value))
        except ValueError as error:
            self.fail(f"{value} is none: {error}", param, ctx)


class _Day(click.ParamType[int]):
    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return day_number(str(value))
        except ValueError:
            self.fail(f"{value} is no date; write it as 2024-05-31", param, ctx)


@click.command("live")
@scale_option
@seed_option
@click.option(
    "--speed", type=_Speed(), metavar="TIME/s", help=f"World time a second: 1d/s, 6h/s. [{_DEFAULT_SPEED}]"
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Events a second: the pace itself, or with --speed the most there may be.",
)
@click.option(
    "--from",
    "since",
    type=_Day(),
    default=FISCAL_YEARS[0][0],
    show_default=True,
    metavar="DATE",
    help="The day on which world time starts; what was recorded before it is told first, at once.",
)
@click.option(
    "--until",
    type=_Day(),
    default=LAST_DAY,
    show_default=True,
    metavar="DATE",
    help="The last day of world time, included.",
)
@click.option(
    "--for",
    "for_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End after so many seconds of ours.",
)
@click.pass_context
def live_command(
    ctx: click.Context,
    scale: int,
    seed: int,
    speed: float | None,
    rate: float | None,
    since: int,
    until: int,
    for_s: float | None,
) -> None:
    """Record a world's events at the agencies' desks as its time passes; Ctrl-C and SIGTERM end it cleanly.

    The desks hold each event once: the same command again goes on where it was stopped.
    """
    if until < since:
        raise UsageError("--until lies before --from; give a later day.")
    if speed is None and rate is None:
        speed = parse_speed(_DEFAULT_SPEED)
    pace = Pace(since * DAY, speed, rate)
    with _temporary_folder() as folder, _shown() as bar:
        _tell(folder, scale, seed, (until + 1) * DAY, bar)
        task = bar.add_task("world", total=None, told="")

        def report(lived: Lived) -> None:
            bar.update(task, told=_progress(lived))

        def say(line: str) -> None:
            bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

        plan = Plan(_commands(ctx), pace, for_s, monotonic, report, say)
        try:
            lived = asyncio.run(live(plan, _told(folder)))
        except OSError as error:
            raise Unavailable(
                f"this machine does not let the world go on ({error.strerror or type(error).__name__}); free what "
                "it is short of, and the same command goes on where it was"
            ) from error
    click.echo(_closing(lived, pace))


@contextmanager
def _folder_faults() -> Iterator[None]:
    """What goes wrong inside is said of the temporary folder."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"the world cannot be told to a temporary folder ({error.strerror or type(error).__name__}); free space, "
            "or set TMPDIR to a folder that has some"
        ) from error


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with _folder_faults():
        made = tempfile.TemporaryDirectory(prefix="casefeed-live-", ignore_cleanup_errors=True)
    with made as folder:
        yield Path(folder)


def _told(folder: Path) -> Iterator[chronicle.Entry]:
    """What was told into `folder`, in the order of recording."""
    with _folder_faults():
        yield from chronicle.read(folder)


def _commands(ctx: click.Context) -> dict[str, list[str]]:
    """The desks' command lines, with the flags that `casefeed` itself was given."""
    root = ctx.find_root()
    flags = [] if root.info_name != "casefeed" else list(_flags(root.params))
    return {name: [sys.executable, "-m", "casefeed", *flags, *words] for name, words in _DESKS.items()}


def _flags(given: Mapping[str, object]) -> Iterator[str]:
    for name, value in given.items():
        if value is not None:
            yield from (f"--{name.replace('_', '-')}", str(value))


@contextmanager
def _shown() -> Iterator[Progress]:
    """Shown on a terminal only, and gone when it is done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description} {task.fields[told]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield bar


def _tell(folder: Path, scale: int, seed: int, until: int, bar: Progress) -> None:
    """Tell the lives into `folder`, in the order of recording."""
    task = bar.add_task("lives", told="")

    def told(done: int, children: int) -> None:
        bar.update(task, told=f"{done:,} of {children:,}")

    with _folder_faults():
        chronicle.write(folder, scale=scale, seed=seed, until=until, progress=told)
    bar.remove_task(task)


def _progress(lived: Lived) -> str:
    answered = lived.answered
    if not lived.given and lived.caught_up:
        return f"before --from: {plural(answered.events, 'event')}"
    held = f", {answered.held:,} held before" if answered.held else ""
    events = plural(answered.recorded, "event")
    return f"{calendar(lived.world_ms // DAY)}  {events}{held}  {lived.rate:,.1f}/s"


def _closing(lived: Lived, pace: Pace) -> str:
    answered = lived.answered
    until = calendar(lived.world_ms // DAY)
    line = f"{plural(answered.recorded, 'event')} recorded, {answered.held:,} held before; up to {until}"
    if lived.caught_up:
        line += f", {lived.caught_up:,} of them from before --from"
    line += f". {plural(lived.given, 'event')} in {lived.seconds:,.1f} s ({lived.rate:,.1f} events/s)."
    if lived.held_back:
        line += f" The desks were slower than asked: {_asked_and_got(lived, pace)}."
    return line


def _asked_and_got(lived: Lived, pace: Pace) -> str:
    both = []
    if pace.rate is not None:
        both.append(f"asked {pace.rate:,.6g} events/s, got {lived.rate:,.1f}/s")
    if pace.speed is not None:
        got = (lived.world_ms - pace.since) / max(lived.seconds, 0.001)
        both.append(f"asked {speed_words(pace.speed)}, got {speed_words(got)}")
    return "; ".join(both)
