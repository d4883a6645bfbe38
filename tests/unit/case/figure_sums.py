"""What a child's steps sum to on a day, as a scorecard sums them in SQL."""

from __future__ import annotations

from casefeed.case.figures import FIGURES, FigureSteps


def figures_on(steps: FigureSteps, as_of: int, known_by: int | None = None) -> dict[str, int]:
    """The figures on a day (days since 1970-01-01), by what was known on another (None: all that is held)."""
    sums = dict.fromkeys(FIGURES, 0)
    for (figure, true, known), amount in steps.items():
        if true <= as_of and (known_by is None or known <= known_by):
            sums[figure] += amount
    return sums
