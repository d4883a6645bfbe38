"""`casefeed demo`: the whole chain on this machine, from nothing to the Inspector General's figures.

Each step is a casefeed command that anybody could type, run here one after the other and told as it goes. The
demo knows no agency: it judges what `ice scorecard` prints against what `world build` wrote down.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from casefeed.case.figures import FIGURES
from casefeed.cli.demo_chart import Line, Mark, as_svg, in_terminal
from casefeed.wire import settings
from casefeed.wire.clock import monotonic
from casefeed.wire.errors import AnswerIsNo, Unavailable

COHORT = 448_000
# The reports' figures (OIG-24-46, OIG-25-21) and the days they are taken for; "more than" each.
REPORTED = {
    ("2024-05-31", "nta_not_served"): 291_000,
    ("2025-01-31", "nta_not_served"): 233_000,
    ("2024-05-31", "failed_to_appear"): 32_000,
    ("2024-10-31", "failed_to_appear"): 43_000,
    ("2025-01-31", "release_address_defective"): 31_000,
    ("2025-01-31", "transfers"): COHORT,
}
DRAWN = (("nta_not_served", "NTA not served"), ("failed_to_appear", "failed to appear"))


class _Narrator:
    """Tells each step in a line with its time, and runs commands as if they had been typed."""

    def __init__(self, home: Path, flags: Sequence[str]) -> None:
        self.out = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
        self.home = home
        self.flags = tuple(flags)
        self.step_number = 0

    def use(self, kafka_bootstrap: str, registry_url: str) -> None:
        """From now on every command works on this Kafka and this registry."""
        self.flags += ("--kafka-bootstrap", kafka_bootstrap, "--registry-url", registry_url)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One numbered step; its time is told when it is done."""
        self.step_number += 1
        self.out.print(f"[bold]{self.step_number}[/] {title}")
        began = monotonic()
        yield
        self.out.print(f"  [dim]{monotonic() - began:.1f} s[/]")

    def run(self, *words: str, show: bool = True) -> str:
        """Run `casefeed WORDS` in this process and return what it printed."""
        from casefeed.cli.app import casefeed

        if show:
            self.out.print(f"  [dim]$ casefeed {' '.join(words)}[/]", soft_wrap=True)
        printed = io.StringIO()
        with redirect_stdout(printed):
            casefeed.main(
                args=["--home", str(self.home), *self.flags, *words],
                prog_name="casefeed",
                standalone_mode=False,
            )
        return printed.getvalue()

    def tell(self, printed: str) -> None:
        """Pass on what a command printed, indented."""
        for line in printed.splitlines():
            self.out.print(f"  {line}")


@click.command("demo")
@click.option(
    "--scale",
    type=click.IntRange(1, 5000),
    default=100,
    show_default=True,
    metavar="N",
    help="One child for every N of the reports' 448,000.",
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, metavar="S")
@click.option(
    "--keep", is_flag=True, help="Keep the folder with world, ledger and Kafka's data, and say where it is."
)
@click.option(
    "--stack/--no-stack",
    "own_stack",
    default=True,
    show_default=True,
    help="Start a Kafka and a registry for the demo, or use those in force.",
)
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("casefeed-demo.svg"),
    show_default=True,
    help="Where the drawing goes.",
)
def demo(scale: int, seed: int, keep: bool, own_stack: bool, svg: Path) -> None:
    """A real Kafka, a synthetic population, both agencies' feeds, and the reports' figures rebuilt.

    Exit code 0 only if every figure equals the truth that was written down when the population was made up.
    """
    home = Path(tempfile.mkdtemp(prefix="casefeed-demo-"))
    in_force = settings.load()
    # Flags, since the caller's environment may name other places, and the demo writes to none but its own.
    tell = _Narrator(home, ["--ledger-url", f"sqlite:///{home / 'ice.db'}"])
    if not own_stack:
        tell.use(in_force.kafka_bootstrap, in_force.registry_url)
    children = round(COHORT / scale)
    tell.out.print(
        f"casefeed demo: {children:,} synthetic children, 1 for every {scale} of the reports' cohort\n"
    )
    try:
        with _stack(tell, home) if own_stack else _nothing():
            differences = _chain(tell, scale, seed, home, svg)
    finally:
        if keep:
            tell.out.print(
                f"\nKept: {home}\n  CASEFEED_HOME={home} casefeed ice list absences", soft_wrap=True
            )
        else:
            shutil.rmtree(home, ignore_errors=True)
    if differences:
        raise AnswerIsNo("The ledger differs from the truth:\n  " + "\n  ".join(differences))
    tell.out.print("\n[bold green]Every figure equals the truth.[/]")


def _chain(tell: _Narrator, scale: int, seed: int, home: Path, svg: Path) -> list[str]:
    """The steps after the stack is up; returns a line for each figure that differs from the truth."""
    world = home / "world"
    with tell.step("What happens to the children is made up; the truth is written down before any event"):
        tell.tell(tell.run("world", "build", "--scale", str(scale), "--seed", str(seed), "--out", str(world)))
    with tell.step("HHS's simulated producer publishes its facts, and ICE's publishes ICE's"):
        tell.tell(tell.run("topics", "create", show=False))
        tell.tell(tell.run("world", "replay", str(world)))
    with tell.step("ICE's service reads both topics into its ledger"):
        tell.tell(tell.run("ice", "intake", "--until-caught-up"))
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    with tell.step("The reports' figures from the ledger, beside the truth and the reports"):
        cards = {day: _card(tell, "--as-of", day) for day in truth["as_of"]}
        differences = _differences(cards, truth["as_of"])
        asked = {}
        for pair in truth["known_by"]:
            as_of, known_by = pair.split("/")
            asked[pair] = _card(tell, "--as-of", as_of, "--known-by", known_by)
        differences += _differences(asked, truth["known_by"])
        _show(tell.out, cards, truth["as_of"], scale)
        compared = (len(cards) + len(asked)) * len(FIGURES)
        tell.out.print(
            f"  {compared - len(differences)} of {compared} figures equal the truth: {len(cards)} days, and "
            f"{len(asked)} pairs of a day and what was known by another"
        )
    with tell.step("NTA backlog and failures to appear over time"):
        lines = [Line(words, _series(tell, figure), scale) for figure, words in DRAWN]
        marks = [
            Mark(day, value / scale, dict(DRAWN)[figure])
            for (day, figure), value in REPORTED.items()
            if figure in dict(DRAWN)
        ]
        tell.out.print(in_terminal(lines, marks), soft_wrap=True, markup=False)
        _write(svg, as_svg(lines, marks, children=round(COHORT / scale)))
        tell.out.print(f"  drawn in {svg}", soft_wrap=True)
    return differences


def _card(tell: _Narrator, *options: str) -> dict[str, int]:
    card = json.loads(tell.run("ice", "scorecard", "--format", "json", *options, show=False))
    behind = [
        f"{topic}/{number}"
        for topic, partitions in card["complete"].items()
        for number, at in partitions.items()
        if at["position"] < at["end"]
    ]
    if behind:
        raise Unavailable(
            f"The intake ended before {', '.join(behind)} was read to its end; run the demo again."
        )
    figures: dict[str, int] = card["figures"]
    return figures


def _series(tell: _Narrator, figure: str) -> list[tuple[str, int]]:
    printed = tell.run("ice", "series", figure, "--format", "json", show=False)
    return [(day, value) for day, value in json.loads(printed)]


def _differences(cards: dict[str, dict[str, int]], truth: dict[str, dict[str, int]]) -> list[str]:
    return [
        f"{when} {figure}: ledger {cards[when].get(figure)}, truth {true}"
        for when, figures in truth.items()
        for figure, true in figures.items()
        if cards[when].get(figure) != true
    ]


def _show(
    out: Console, cards: dict[str, dict[str, int]], truth: dict[str, dict[str, Any]], scale: int
) -> None:
    days = list(cards)
    table = Table(title=f"Children as of …: ledger = truth (reports' figure / {scale})", title_justify="left")
    table.add_column("figure")
    for day in days:
        table.add_column(day, justify="right")
    for figure in FIGURES:
        cells = []
        for day in days:
            ours, true = cards[day][figure], truth[day][figure]
            reported = REPORTED.get((day, figure))
            beside = f" ({reported / scale:,.0f})" if reported else ""
            cells.append(
                f"{ours:,} = {true:,}{beside}" if ours == true else f"[red]{ours:,} ≠ {true:,}{beside}[/]"
            )
        table.add_row(figure, *cells)
    out.print(table)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"The drawing cannot be written to {path} ({error.strerror}); name another file with --svg."
        ) from error


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _stack(tell: _Narrator, home: Path) -> Iterator[None]:
    """A Kafka and a registry that live as long as this process, however it ends: they watch our end of a pipe."""
    command = [sys.executable, "-c", "from casefeed.cli import main; main()"]
    running = subprocess.Popen(
        [*command, "--home", str(home), "stack", "run"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdin is not None
    try:
        with tell.step("A real Kafka and a real schema registry start on this machine"):
            tell.out.print("  [dim]$ casefeed stack run[/]")
            line = running.stdout.readline()
            failed = json.loads(line)["failed"] if line else "The stack ended before it was ready."
        if failed is not None:
            raise Unavailable(failed)
        at = settings.running_stack(home)
        tell.use(at["kafka_bootstrap"], at["registry_url"])
        yield
    finally:  # after a Ctrl-C too: the folder can be removed only when nobody writes in it any more
        running.stdin.close()
        running.wait(60)
        running.stdout.close()
