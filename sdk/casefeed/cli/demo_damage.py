"""The demo's damaged feed: the figures it leaves, named child by child, and the repair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from casefeed.case.figures import FIGURES
from casefeed.cli import tables
from casefeed.cli.demo_figures import FigureComparison, Figures, compare_figures
from casefeed.cli.demo_narrator import DemoRunner
from casefeed.runtime.text import plural


def run_repair(
    runner: DemoRunner, world: Path, truth: dict[str, Any]
) -> tuple[list[str], dict[str, dict[str, Figures]]]:
    """Show what the damage did, and let the senders put it right.

    Returns a line for each figure that is off before the repair, and the figures to expect after it.
    """
    damage = truth["damage"]
    with runner.step(
        "The feed was damaged on purpose: the figures differ from the truth by the children named, and no others"
    ):
        found = compare_figures(runner, damage["damaged"])
        _print_damage(runner, found, truth, damage)
    with runner.step(
        "The senders put it right: what was lost or spoilt again, and what they had said wrongly corrected"
    ):
        runner.print_output(runner.run("world", "replay", "--repair", str(world)))
        runner.print_output(runner.run("ice", "intake", "--until-caught-up"))
        believed = sum(
            value != truth["known_by"][pair][figure]
            for pair, figures in damage["repaired"]["known_by"].items()
            for figure, value in figures.items()
        )
        if believed:
            verb = "says" if believed == 1 else "say"
            runner.out.print(
                f"  {plural(believed, 'figure')} known by a day before the repair {verb} what was believed then"
            )
    return [f"before the repair, {line}" for line in found.differences], damage["repaired"]


def _print_damage(
    runner: DemoRunner, comparison: FigureComparison, truth: dict[str, Any], damage: dict[str, Any]
) -> None:
    """What was damaged, the figures that it moved, and how many children are named for it."""
    kinds = ", ".join(f"{each['records']:,} {kind}" for kind, each in damage["kinds"].items())
    runner.out.print(f"  {kinds}: {plural(len(damage['children']), 'child', 'children')} touched")
    rows: list[tuple[str | Text, ...]] = []
    for figure in FIGURES:
        cells = [
            _cell(_named_children(damage, day, figure), truth["as_of"][day][figure], figures[figure])
            for day, figures in comparison.days.items()
        ]
        if any(cells):
            rows.append((figure, *cells))
    title = "Children as of …: truth → ledger (missing, too many)"
    tables.print_table(
        ("figure", *comparison.days), rows, title=title, right_aligned=comparison.days, console=runner.out
    )
    named = {
        key
        for day, figures in damage["differences"].items()
        for figure in figures
        for keys in _named_children(damage, day, figure)
        for key in keys
    }
    runner.out.print(f"  {comparison.summary('are what truth.json says of the damaged feed')}")
    runner.out.print(f"  {plural(len(named), 'child is', 'children are')} named in truth.json for the differences")
    if damage["not_seen"]:
        runner.out.print(
            f"  of {plural(len(damage['not_seen']), 'child', 'children')} a record is missing without a sign: none "
            "came after it"
        )


def _named_children(damage: dict[str, Any], day: str, figure: str) -> tuple[list[str], list[str]]:
    """The children missing from a figure, and those who should not be in it."""
    ways = damage["differences"].get(day, {}).get(figure, {})
    return ways.get("missing", []), ways.get("extra", [])


def _cell(named: tuple[list[str], list[str]], expected: int, actual: int) -> Text:
    """A figure that the damage moved; in red where those named do not account for it."""
    missing, extra = map(len, named)
    if not missing and not extra and actual == expected:
        return Text()
    ways = " ".join(f"{sign}{count:,}" for sign, count in (("-", missing), ("+", extra)) if count)
    text = f"{expected:,} → {actual:,} ({ways})"
    return Text(text, style="" if expected - missing + extra == actual else "red")
