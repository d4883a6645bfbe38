"""The demo's figures: what `ice scorecard` prints, held against what `world build` wrote down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from casefeed.case.figures import FIGURES
from casefeed.cli import tables
from casefeed.cli.demo_narrator import DemoRunner
from casefeed.ledger.scorecard import COHORT as COHORT
from casefeed.ledger.scorecard import PUBLISHED_FIGURES
from casefeed.runtime.errors import Unavailable
from casefeed.runtime.text import plural

Figures = dict[str, int]
# The reports' figures and the days they are taken for; "more than" each. The cohort stands with the last.
PUBLISHED = {
    (each.as_of.isoformat(), each.figure): each.value for each in PUBLISHED_FIGURES if each.figure != "transfers"
} | {("2025-01-31", "transfers"): COHORT}


@dataclass(frozen=True, slots=True)
class FigureComparison:
    """The ledger's figures by as-of day and by pair "as-of/known-by"; `differences` has a line for each one off."""

    days: dict[str, Figures]
    pairs: dict[str, Figures]
    differences: list[str]

    def summary(self, words: str) -> str:
        """How many figures are as they should be; `words` say what they do."""
        compared = (len(self.days) + len(self.pairs)) * len(FIGURES)
        return (
            f"{compared - len(self.differences)} of {compared} figures {words}: {plural(len(self.days), 'day')}, and "
            f"{len(self.pairs)} pairs of a day and what was known by another"
        )


def compare_figures(runner: DemoRunner, expected: Mapping[str, dict[str, Figures]]) -> FigureComparison:
    """Ask the ledger for every day and pair of `expected`, which has "as_of" and "known_by" as truth.json does."""
    days = {day: read_scorecard(runner, "--as-of", day) for day in expected["as_of"]}
    pairs = {}
    for pair in expected["known_by"]:
        as_of, known_by = pair.split("/")
        pairs[pair] = read_scorecard(runner, "--as-of", as_of, "--known-by", known_by)
    wrong = _differences(days, expected["as_of"]) + _differences(pairs, expected["known_by"])
    return FigureComparison(days, pairs, wrong)


def read_scorecard(runner: DemoRunner, *options: str) -> Figures:
    """A scorecard; raises Unavailable where the intake ended before the topics did."""
    found = json.loads(runner.run("ice", "scorecard", "--format", "json", *options, show=False))
    behind = [
        f"{topic}/{number}"
        for topic, partitions in found["complete"].items()
        for number, at in partitions.items()
        if at["position"] < at["end"]
    ]
    if behind:
        raise Unavailable(f"The intake ended before {', '.join(behind)} was read to its end; run the demo again.")
    return dict(found["figures"])


def _differences(scorecards: dict[str, dict[str, int]], truth: dict[str, dict[str, int]]) -> list[str]:
    return [
        f"{when} {figure}: ledger {scorecards[when].get(figure)}, truth {true}"
        for when, figures in truth.items()
        for figure, true in figures.items()
        if scorecards[when].get(figure) != true
    ]


def print_figures(
    out: Console, scorecards: dict[str, dict[str, int]], truth: dict[str, dict[str, Any]], scale: int
) -> None:
    days = list(scorecards)
    rows: list[tuple[str | Text, ...]] = []
    for figure in FIGURES:
        cells = []
        for day in days:
            actual, expected = scorecards[day][figure], truth[day][figure]
            reported = PUBLISHED.get((day, figure))
            published = f" ({reported / scale:,.0f})" if reported else ""
            text = f"{actual:,} {'=' if actual == expected else '≠'} {expected:,}{published}"
            cells.append(Text(text, style="" if actual == expected else "red"))
        rows.append((figure, *cells))
    title = f"Children as of …: ledger = truth (reports' figure / {scale})"
    tables.print_table(("figure", *days), rows, title=title, right_aligned=days, console=out)
