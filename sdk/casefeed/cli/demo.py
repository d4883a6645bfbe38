"""`casefeed demo`: the whole chain on this machine, from nothing to the Inspector General's figures.

Each step is a casefeed command that anybody could type, run here one after the other and told as it goes. The
demo knows no agency: it judges what `ice scorecard` prints against what `world build` wrote down.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from casefeed.cli.demo_chart import ChartLine, ChartMark, as_svg, as_terminal_text
from casefeed.cli.demo_damage import run_repair
from casefeed.cli.demo_figures import COHORT, PUBLISHED, compare_figures, print_figures
from casefeed.cli.demo_narrator import DemoRunner
from casefeed.runtime import settings
from casefeed.runtime.errors import CheckFailed, Unavailable

CHARTED_FIGURES = {"nta_not_served": "NTA not served", "failed_to_appear": "failed to appear"}


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
    "--damage",
    metavar="KIND[,KIND...]",
    help="Spoil the feed on purpose as `world build --damage` does (all: in every way), and have it mended.",
)
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
def demo(scale: int, seed: int, damage: str | None, keep: bool, own_stack: bool, svg: Path) -> None:
    """A real Kafka, a synthetic population, both agencies' feeds, and the reports' figures rebuilt.

    Exit code 0 only if every figure equals the truth that was written down when the population was made up.
    """
    home = Path(tempfile.mkdtemp(prefix="casefeed-demo-"))
    in_force = settings.load()
    # Flags, since the caller's environment may name other places, and the demo writes to none but its own.
    runner = DemoRunner(home, ["--ledger-url", f"sqlite:///{home / 'ice.db'}"])
    if not own_stack:
        runner.use_stack(in_force.kafka_bootstrap, in_force.registry_url)
    children = round(COHORT / scale)
    runner.out.print(f"casefeed demo: {children:,} synthetic children, 1 for every {scale} of the reports' cohort\n")
    world = home / "world"
    try:
        # First, since it needs no Kafka: a word that is no damage is refused before one is started.
        with runner.step("What happens to the children is made up; the truth is written down before any event"):
            args = ["--scale", str(scale), "--seed", str(seed), "--out", str(world)]
            runner.print_output(runner.run("world", "build", *args, *(["--damage", damage] if damage else [])))
        with _own_stack(runner, home) if own_stack else nullcontext():
            differences = _run_steps(runner, scale, damage is not None, world, svg)
    finally:
        if keep:
            runner.out.print(f"\nKept: {home}\n  CASEFEED_HOME={home} casefeed ice list absences", soft_wrap=True)
        else:
            shutil.rmtree(home, ignore_errors=True)
    if differences:
        raise CheckFailed("The ledger differs from the truth:\n  " + "\n  ".join(differences))
    runner.out.print("\n[bold green]Every figure equals the truth.[/]")


def _run_steps(runner: DemoRunner, scale: int, damaged: bool, world: Path, svg: Path) -> list[str]:
    """The steps after the stack is up; returns a line for each figure that differs from the truth."""
    with runner.step("HHS's simulated producer publishes its facts, and ICE's publishes ICE's"):
        runner.print_output(runner.run("topics", "create", show=False))
        runner.print_output(runner.run("world", "replay", *(["--as-is"] if damaged else []), str(world)))
    with runner.step("ICE's service reads both topics into its ledger"):
        runner.print_output(runner.run("ice", "intake", "--until-caught-up"))
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    if damaged:
        differences, expected = run_repair(runner, world, truth)
    else:
        differences, expected = [], truth
    with runner.step("The reports' figures from the ledger, beside the truth and the reports"):
        found = compare_figures(runner, expected)
        differences += found.differences
        print_figures(runner.out, found.days, truth["as_of"], scale)
        runner.out.print(f"  {found.summary('equal the truth')}")
    with runner.step("NTA backlog and failures to appear over time"):
        lines = []
        for figure, label in CHARTED_FIGURES.items():
            printed = runner.run("ice", "series", figure, "--format", "json", show=False)
            lines.append(ChartLine(label, json.loads(printed)))
        marks = [
            ChartMark(day, value / scale, CHARTED_FIGURES[figure])
            for (day, figure), value in PUBLISHED.items()
            if figure in CHARTED_FIGURES
        ]
        runner.out.print(as_terminal_text(lines, marks), soft_wrap=True, markup=False)
        _write_chart(svg, as_svg(lines, marks, children=round(COHORT / scale)))
        runner.out.print(f"  drawn in {svg}", soft_wrap=True)
    return differences


def _write_chart(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"The drawing cannot be written to {path} ({error.strerror}); name another file with --svg."
        ) from error


@contextmanager
def _own_stack(runner: DemoRunner, home: Path) -> Iterator[None]:
    """A Kafka and a registry that live as long as this process, however it ends: they watch our end of a pipe."""
    command = [sys.executable, "-c", "from casefeed.cli import main; main()"]
    running = subprocess.Popen(
        [*command, "--home", str(home), "stack", "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdin is not None
    try:
        with runner.step("A real Kafka and a real schema registry start on this machine"):
            runner.out.print("  [dim]$ casefeed stack run[/]")
            line = running.stdout.readline()
            failed = json.loads(line)["failed"] if line else "The stack ended before it was ready."
        if failed is not None:
            raise Unavailable(failed)
        at = settings.running_stack(home)
        runner.use_stack(at["kafka_bootstrap"], at["registry_url"])
        yield
    finally:  # after a Ctrl-C too: the folder can be removed only when nobody writes in it any more
        running.stdin.close()
        running.wait(60)
        running.stdout.close()
