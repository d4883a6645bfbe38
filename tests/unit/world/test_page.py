"""The room's page says what is assumed."""

from __future__ import annotations

from pathlib import Path

from synthetic_world import calibration as cal
from synthetic_world.damage import KINDS
from synthetic_world.truth import AS_OF

PAGE = (Path(__file__).parents[3] / "docs/rooms/synthetic-world.md").read_text(encoding="utf-8")


def test_every_assumed_figure_is_listed_as_an_assumption() -> None:
    """A number of children that no source gives stands under the heading of assumptions."""
    _, _, assumptions = PAGE.partition("## Assumptions")
    figures = [value for value in vars(cal).values() if isinstance(value, cal.Figure)]
    assumed = [figure for figure in figures if figure.basis is cal.Basis.ASSUMED]
    assert assumed
    for figure in assumed:
        assert f"{figure.children:,}" in assumptions


def test_the_page_names_the_dates_and_a_kind_of_damage_that_exists() -> None:
    """The dates of truth.json are the page's, and the command it shows can be run."""
    assert all(day in PAGE for day in AS_OF)
    assert any(f"--damage {kind}" in PAGE for kind in KINDS)
