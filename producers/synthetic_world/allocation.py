"""Who plays which part, so that the reports' shares hold to rounding at any scale.

Counts are allocated exactly (largest remainder); which child fills which place follows from keyed shuffles.
So a child's part is found from seed, scale and the child's number alone. Brothers and sisters (children
2f and 2f+1 of family f) fill places together: every table is split into pairs and singles first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from synthetic_world import calibration as cal
from synthetic_world.addresses import OTHER_STATES
from synthetic_world.lives import TrueFinding
from synthetic_world.rng import Permutation


class Exit(Enum):
    """How the child leaves ORR's care the first time."""

    PLACED = "placed"
    AGED_OUT = "aged out"
    RAN_AWAY = "ran away, not found"
    OTHER = "other"


class ServicePeriod(Enum):
    """When the first Notice to Appear is served, against the reports' dates."""

    BY_MAY_2024 = "by 2024-05-31"
    BY_JAN_2025 = "by 2025-01-31"
    LATER = "later"
    NEVER = "never"


class FailurePeriod(Enum):
    """When the child first fails to appear, against the reports' dates."""

    BY_MAY_2024 = "by 2024-05-31"
    BY_OCT_2024 = "by 2024-10-31"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class JointCell:
    """A part in the joint table; `finding` is that of the release address on 2025-01-31."""

    exit: Exit
    finding: TrueFinding
    service: ServicePeriod
    failure: FailurePeriod


@dataclass(frozen=True, slots=True)
class Assignment:
    """All that the allocation decides for one child; `family` names the stream that brothers and sisters share."""

    cell: JointCell
    fiscal_year: int
    state: str | None
    ran_away_and_returned: bool
    family: int
    sibling: bool


def scaled(children: int, scale: int) -> int:
    """`children` at 1:1, at this scale, rounded half up."""
    return (2 * children + scale) // (2 * scale)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole numbers in the ratio of `weights` (largest remainder, ties to the first).

    Where `total` is at most the sum of the weights no share is above its weight.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return shares


def apportion_table(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    """A table of whole numbers with exactly these sums, each cell near the product of its shares."""
    left = list(columns)
    result = []
    for row in rows:
        shares = apportion(row, left)
        left = [count - share for count, share in zip(left, shares, strict=True)]
        result.append(shares)
    return result


def apportion_by_odds(total: int, sizes: Sequence[int], ratios: Sequence[float]) -> list[int]:
    """`total` children over groups of these sizes, the odds in each group in the ratio of `ratios`."""
    low, high = 0.0, 1.0e6
    for _ in range(80):
        odds = (low + high) / 2
        expected = sum(size * ratio * odds / (1 + ratio * odds) for size, ratio in zip(sizes, ratios, strict=True))
        low, high = (odds, high) if expected < total else (low, odds)
    weights = [
        int(1_000_000 * size * ratio * low / (1 + ratio * low)) for size, ratio in zip(sizes, ratios, strict=True)
    ]
    return apportion(total, weights)


class GroupLookup:
    """Groups in a row: which group a slot number falls into."""

    __slots__ = ("_bounds",)

    def __init__(self, counts: Sequence[int]) -> None:
        self._bounds = list(accumulate(counts))

    def __call__(self, slot: int) -> int:
        return bisect_right(self._bounds, slot)


class Allocation:
    """The parts of all children of a world; `assignment` gives one child's in constant time and memory."""

    def __init__(self, seed: int, scale: int) -> None:
        self.seed = seed
        self.scale = scale
        self.children = scaled(cal.COHORT.children, scale)
        cells = sorted(joint_cells(scale), key=lambda pair: pair[0].exit is not Exit.PLACED)
        self._cells = [cell for cell, _ in cells]
        counts = [count for _, count in cells]
        placed_counts = [count if cell.exit is Exit.PLACED else 0 for cell, count in cells]
        placed = sum(placed_counts)
        self.pairs = min(scaled(cal.COHORT.children * cal.SIBLINGS // 2000, scale), placed // 8)
        singles = self.children - 2 * self.pairs
        self._placed_singles = placed - 2 * self.pairs
        years = apportion(self.children, [children for *_, children in cal.FISCAL_YEARS])
        states = state_counts(scale, placed)
        self._states = [state for state, _ in states]
        self._cell_groups = self._pairs_and_singles(counts, placed_counts)
        self._year_groups = self._pairs_and_singles(years, years)
        self._state_groups = self._pairs_and_singles([count for _, count in states], [count for _, count in states])
        sizes = {"pairs": max(1, self.pairs), "singles": singles, "placed": max(1, self._placed_singles)}
        self._shuffles = {
            (what, who): Permutation(sizes[who], seed, scale, what, who)
            for what in ("cell", "year", "state", "runaway")
            for who in sizes
        }
        runaways = scaled(cal.COHORT.children * cal.RUNAWAYS // 100_000, scale)
        self._returned = runaways - runaways * cal.RUNAWAYS_NOT_FOUND // 100

    def _pairs_and_singles(self, counts: Sequence[int], pairable: Sequence[int]) -> tuple[GroupLookup, GroupLookup]:
        """Groups of the pairs and of the singles, together exactly `counts` children."""
        pairs = apportion(self.pairs, [count // 2 for count in pairable])
        return GroupLookup(pairs), GroupLookup([count - 2 * pair for count, pair in zip(counts, pairs, strict=True)])

    def assignment(self, index: int) -> Assignment:
        """The assignment of child `index` (0 to children - 1)."""
        if index < 2 * self.pairs:
            family = index // 2
            shuffles, side, slot = self._shuffles, 0, family
            state_slot: int | None = shuffles["state", "pairs"](slot)
            cell_slot, year_slot = shuffles["cell", "pairs"](slot), shuffles["year", "pairs"](slot)
            returned = False
        else:
            family, side, slot = index, 1, index - 2 * self.pairs
            cell_slot = self._shuffles["cell", "singles"](slot)
            year_slot = self._shuffles["year", "singles"](slot)
            placed = cell_slot < self._placed_singles
            state_slot = self._shuffles["state", "placed"](cell_slot) if placed else None
            returned = placed and self._shuffles["runaway", "placed"](cell_slot) < self._returned
        return Assignment(
            cell=self._cells[self._cell_groups[side](cell_slot)],
            fiscal_year=self._year_groups[side](year_slot),
            state=None if state_slot is None else self._states[self._state_groups[side](state_slot)],
            ran_away_and_returned=returned,
            family=family,
            sibling=side == 0,
        )


def state_counts(scale: int, placed: int) -> list[tuple[str, int]]:
    """First releases by state: the report's ten, then the rest by the number of their counties."""
    top = [(state, scaled(children, scale)) for state, children in cal.TOP_STATES]
    weights = list(OTHER_STATES.items())
    rest = apportion(placed - sum(count for _, count in top), [weight for _, weight in weights])
    return top + [(state, count) for (state, _), count in zip(weights, rest, strict=True)]


def joint_cells(scale: int) -> list[tuple[JointCell, int]]:
    """How many children play each part: exit and address by service by failure, every margin exact."""
    children = scaled(cal.COHORT.children, scale)
    runaways = scaled(cal.COHORT.children * cal.RUNAWAYS // 100_000, scale)
    defects = apportion(scaled(cal.DEFECTIVE.children, scale), cal.DEFECT_SPLIT)
    exits = {
        (Exit.PLACED, TrueFinding.BLANK): defects[0],
        (Exit.PLACED, TrueFinding.UNDELIVERABLE): defects[1],
        (Exit.PLACED, TrueFinding.MISSING_UNIT): defects[2],
        (Exit.AGED_OUT, TrueFinding.NONE): children * cal.AGED_OUT_IN_CARE // 1000,
        (Exit.RAN_AWAY, TrueFinding.NONE): runaways * cal.RUNAWAYS_NOT_FOUND // 100,
        (Exit.OTHER, TrueFinding.NONE): children * cal.OTHER_EXITS // 1000,
    }
    exits[Exit.PLACED, TrueFinding.NONE] = children - sum(exits.values())
    may, january = (scaled(figure.children, scale) for figure in (cal.NOT_SERVED_MAY_2024, cal.NOT_SERVED_JAN_2025))
    later = min(january, scaled(cal.SERVED_AFTER_JAN_2025.children, scale))
    services = dict(zip(ServicePeriod, (children - may, may - january, later, january - later), strict=True))
    failed_may, failed_october = (
        scaled(figure.children, scale) for figure in (cal.FAILED_MAY_2024, cal.FAILED_OCT_2024)
    )
    failed_later = scaled(cal.FAILED_AFTER_OCT_2024.children, scale)
    early = failed_later * cal.LATE_FAILURES_SERVED_EARLY // 100
    failures = {
        ServicePeriod.BY_MAY_2024: (failed_may, failed_october - failed_may, early),
        ServicePeriod.BY_JAN_2025: (0, 0, failed_later - early),
        ServicePeriod.LATER: (0, 0, 0),
        ServicePeriod.NEVER: (0, 0, 0),
    }
    by_exit = dict(zip(exits, apportion_table(list(exits.values()), list(services.values())), strict=True))
    cells = []
    for column, service in enumerate(services):
        sizes = [row[column] for row in by_exit.values()]
        ratios = [_failure_ratio(*key) for key in exits]
        failing = apportion_by_odds(sum(failures[service]), sizes, ratios)
        by_failure = apportion_table(failing, failures[service])
        for (exit_, finding), size, shares in zip(exits, sizes, by_failure, strict=True):
            for failure, count in zip(FailurePeriod, (*shares, size - sum(shares)), strict=True):
                cells.append((JointCell(exit_, finding, service, failure), count))
    return cells


def _failure_ratio(exit_: Exit, finding: TrueFinding) -> float:
    """Odds of failing to appear against a child placed at a good address; nobody fails who was not placed."""
    if exit_ is not Exit.PLACED:
        return 0.0
    return 1.0 if finding is TrueFinding.NONE else cal.FAILURE_ODDS_DEFECTIVE
