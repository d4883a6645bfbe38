"""The room's page says what is assumed."""

from __future__ import annotations

from pathlib import Path

from synthetic_world import calibration as cal
from synthetic_world.damage_totals import DamageTotals
from synthetic_world.faults import FAULT_KINDS
from synthetic_world.truth import AS_OF, FigureTotals

PAGE = (Path(__file__).parents[3] / "docs/rooms/synthetic-world.md").read_text(encoding="utf-8")


def test_every_assumed_figure_is_listed_as_an_assumption() -> None:
    """A number of children that no source gives stands under the heading of assumptions."""
    _, _, assumptions = PAGE.partition("## Assumptions")
    figures = [value for value in vars(cal).values() if isinstance(value, cal.Figure)]
    assumed = [figure for figure in figures if figure.basis is cal.Basis.ASSUMED]
    assert assumed
    for figure in assumed:
        assert f"{figure.children:,}" in assumptions


def test_the_page_names_the_dates_and_every_kind_of_damage() -> None:
    """The dates of truth.json are the page's, and each kind has its row."""
    assert all(day in PAGE for day in AS_OF)
    assert all(f"| `{kind}`" in PAGE for kind in FAULT_KINDS)


def test_the_page_says_what_truth_json_holds_of_damage() -> None:
    """Each key under `damage` is explained."""
    told = DamageTotals().as_dict(FigureTotals(), FAULT_KINDS)
    assert all(f"`{key}`" in PAGE for key in told)
