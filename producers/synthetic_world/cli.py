"""`casefeed world`: build a synthetic population with its truth, replay its archives, or record it live at the desks.

The agencies are found through the entry point group or started as commands, never imported: the world must not know
them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from casefeed.contract import archive
from casefeed.contract.archive import ArchiveError
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.runtime.clock import monotonic
from casefeed.runtime.errors import Unavailable, UsageError
from casefeed.runtime.text import plural
from synthetic_world import desk_entries
from synthetic_world.build import TRUTH_FILE, build, is_unfinished
from synthetic_world.calibration import FISCAL_YEARS, LAST_DAY
from synthetic_world.days import DAY, calendar, day_number
from synthetic_world.faults import ALL_KINDS, FAULT_KINDS, FaultKind, parse_kinds
from synthetic_world.jobs import MAX_WORKERS, REPAIR_FOLDER, archive_path
from synthetic_world.live import LiveConfig, LiveProgress, LiveSchedule, format_speed, parse_speed, run_live

_SMALLEST = 5_000  # about ninety children: below, the reports' shares round away
ENTRY_POINT_GROUP = "casefeed.commands"
# The agency's command group, and the topic its archive is named by. ORR's events of a child go out before ICE's.
ARCHIVES = (("orr", ORR_TOPIC), ("ice", ICE_TOPIC))
_DEFAULT_SPEED = "1d/s"
# The desk of each agency that writes facts down: the end of its command line. The world imports no agency.
_DESK_COMMANDS: Mapping[str, Sequence[str]] = {
    "ORR": ("orr", "record", "--lines"),
    "ICE_ERO": ("ice", "record", "--lines"),
    "EOIR_ADAPTER": ("ice", "record", "--lines", "--agency", "EOIR_ADAPTER"),
}

scale_option = click.option(
    "--scale",
    type=click.IntRange(1, _SMALLEST),
    default=100,
    show_default=True,
    metavar="N",
    help="One child for every N of the 448,000.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    metavar="S",
    help="The same seed and scale give the same bytes.",
)


class _Kinds(click.ParamType[tuple[FaultKind, ...]]):
    name = "kinds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[FaultKind, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return parse_kinds(str(value))
        except ValueError:
            self.fail(
                f"{value} names no damage; name one or more of {', '.join(FAULT_KINDS)}, parted by commas, "
                f"or {ALL_KINDS}",
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
    help=f"Spoil the feed on purpose, one record in fifty: {', '.join(FAULT_KINDS)}, or {ALL_KINDS}. "
    "truth.json names the children touched and the figures that come of it; repair/ holds what puts it right.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help=f"Processes to build with. [as many as there are cores, at most {MAX_WORKERS}; one for a small world]",
)
def build_command(scale: int, seed: int, out: Path, damage: tuple[FaultKind, ...], workers: int | None) -> None:
    """Build a world: one archive a topic, in recorded order, and truth.json."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks = {"lives": bar.add_task("lives", total=None)}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=total)

        try:
            built = build(out, scale=scale, seed=seed, damage=damage, workers=workers, progress=show)
        except OSError as error:
            raise Unavailable(
                f"the world cannot be written to {out} ({error.strerror or type(error).__name__}); "
                "free space or name another folder with --out"
            ) from error
    for topic, records in built.records.items():
        size = archive_path(out, topic).stat().st_size
        click.echo(f"{topic}: {plural(records, 'record')}, {size / 1e6:,.1f} MB")
    click.echo(f"{plural(built.children, 'child', 'children')}; the truth is in {out / TRUTH_FILE}")
    if damage:
        counts = ", ".join(f"{built.damage.records[kind]:,} {kind}" for kind in damage)
        children = plural(len(built.damage.touched_children), "child", "children")
        click.echo(f"damaged on purpose: {counts}; {children} touched")
        click.echo("`casefeed world replay --as-is` sends it, and then with --repair what puts it right")


@world.command("replay")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--rate", metavar="N", help="Events a second, of each agency.")
@click.option("--wait", metavar="SECONDS", help="How long to wait for a broker or registry that is away.")
@click.option("--from-start", is_flag=True, help="Send all again, whatever an earlier replay has sent.")
@click.option("--as-is", is_flag=True, help="Send what breaks the contract too: for a world with --damage.")
@click.option("--repair", is_flag=True, help="Send what puts the damage right, once the world itself was sent.")
def replay(folder: Path, rate: str | None, wait: str | None, from_start: bool, as_is: bool, repair: bool) -> None:
    """Publish both agencies' archives in DIR, each by its own publisher, one after the other."""
    options = [*(["--from-start"] if from_start else []), *(["--as-is"] if as_is else [])]
    options += [*(["--rate", rate] if rate else []), *(["--wait", wait] if wait else [])]
    if is_unfinished(folder):
        raise UsageError(
            f"A build in {folder} was cut off, so it holds no whole world; run the same `casefeed world build` again."
        )
    sent = folder / REPAIR_FOLDER if repair else folder
    missing = [f"{topic}.avro" for _, topic in ARCHIVES if not archive_path(sent, topic).is_file()]
    if missing:
        how = (
            "a damaged world with `casefeed world build --damage`"
            if repair
            else "a world with `casefeed world build`"
        )
        raise UsageError(f"{sent} has no {' and no '.join(missing)}; make {how}.")
    for name, topic in ARCHIVES:
        path = archive_path(sent, topic)
        if repair and _empty(path):
            click.echo(f"{topic}: nothing to put right.")
            continue
        _group(name).main(args=["replay", *options, str(path)], prog_name=f"casefeed {name}", standalone_mode=False)


def _empty(path: Path) -> bool:
    """Whether an archive holds no record; one that is none is left to whoever sends it."""
    with path.open("rb") as source:
        try:
            return next(archive.read_archive(source, str(path)), None) is None
        except ArchiveError:
            return False


def _group(name: str) -> click.Command:
    for found in entry_points(group=ENTRY_POINT_GROUP, name=name):
        command = found.load()
        if isinstance(command, click.Command):
            return command
    raise Unavailable(f"`casefeed {name}` is not installed; install casefeed again, with its agencies.")


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


@world.command("live")
@scale_option
@seed_option
@click.option("--speed", type=_Speed(), metavar="TIME/s", help=f"World time a second: 1d/s, 6h/s. [{_DEFAULT_SPEED}]")
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
    schedule = LiveSchedule(since * DAY, speed, rate)
    with _temporary_folder() as folder, _progress_bar() as bar:
        _write_entries(folder, scale, seed, (until + 1) * DAY, bar)
        task = bar.add_task("world", total=None, text="")

        def report(progress: LiveProgress) -> None:
            bar.update(task, text=_progress_text(progress))

        def print_line(line: str) -> None:
            bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

        config = LiveConfig(_desk_commands(ctx), schedule, for_s, monotonic, report, print_line)
        try:
            progress = asyncio.run(run_live(config, _read_entries(folder)))
        except OSError as error:
            raise Unavailable(
                f"this machine does not let the world go on ({error.strerror or type(error).__name__}); free what "
                "it is short of, and the same command goes on where it was"
            ) from error
    click.echo(_closing_line(progress, schedule))


@contextmanager
def _folder_errors() -> Iterator[None]:
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
    with _folder_errors():
        cached_world = tempfile.TemporaryDirectory(prefix="casefeed-live-", ignore_cleanup_errors=True)
    with cached_world as folder:
        yield Path(folder)


def _read_entries(folder: Path) -> Iterator[desk_entries.DeskEntry]:
    """What was written into `folder`, in the order of recording."""
    with _folder_errors():
        yield from desk_entries.read_entries(folder)


def _desk_commands(ctx: click.Context) -> dict[str, list[str]]:
    """The desks' command lines, with the flags that `casefeed` itself was given."""
    root = ctx.find_root()
    flags = [] if root.info_name != "casefeed" else list(_flags(root.params))
    return {name: [sys.executable, "-m", "casefeed", *flags, *words] for name, words in _DESK_COMMANDS.items()}


def _flags(options: Mapping[str, object]) -> Iterator[str]:
    for name, value in options.items():
        if value is not None:
            yield from (f"--{name.replace('_', '-')}", str(value))


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """Shown on a terminal only, and gone when it is done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description} {task.fields[text]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield bar


def _write_entries(folder: Path, scale: int, seed: int, until: int, bar: Progress) -> None:
    """Write the lives' events into `folder`, in the order of recording."""
    task = bar.add_task("lives", text="")

    def show(done: int, children: int) -> None:
        bar.update(task, text=f"{done:,} of {children:,}")

    with _folder_errors():
        desk_entries.write_entries(folder, scale=scale, seed=seed, until=until, progress=show)
    bar.remove_task(task)


def _progress_text(progress: LiveProgress) -> str:
    answers = progress.answers
    if not progress.sent and progress.before_start:
        return f"before --from: {plural(answers.events, 'event')}"
    duplicates = f", {answers.duplicates:,} held before" if answers.duplicates else ""
    events = plural(answers.recorded, "event")
    return f"{calendar(progress.world_ms // DAY)}  {events}{duplicates}  {progress.rate:,.1f}/s"


def _closing_line(progress: LiveProgress, schedule: LiveSchedule) -> str:
    answers = progress.answers
    until = calendar(progress.world_ms // DAY)
    line = f"{plural(answers.recorded, 'event')} recorded, {answers.duplicates:,} held before; up to {until}"
    if progress.before_start:
        line += f", {progress.before_start:,} of them from before --from"
    line += f". {plural(progress.sent, 'event')} in {progress.seconds:,.1f} s ({progress.rate:,.1f} events/s)."
    if progress.slower_than_asked:
        line += f" The desks were slower than asked: {_asked_and_got(progress, schedule)}."
    return line


def _asked_and_got(progress: LiveProgress, schedule: LiveSchedule) -> str:
    both = []
    if schedule.rate is not None:
        both.append(f"asked {schedule.rate:,.6g} events/s, got {progress.rate:,.1f}/s")
    if schedule.speed is not None:
        got = (progress.world_ms - schedule.since) / max(progress.seconds, 0.001)
        both.append(f"asked {format_speed(schedule.speed)}, got {format_speed(got)}")
    return "; ".join(both)
