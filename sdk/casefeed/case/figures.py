"""The Inspector General's figures: what one child adds to each, at every as-of and known-by day.

A figure at (as-of, known-by) is the sum of steps (day true, day known, +1 or -1) that are not later than
either, so any scorecard is a sum of counters. A child's steps are a pure function of its case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from casefeed.case.address import Finding
from casefeed.case.casefile import CaseFile, by_root, ends, in_force
from casefeed.case.facts import Fact, Kind

FIGURES = (
    "transfers",
    "placements",
    "release_address_blank",
    "release_address_undeliverable",
    "release_address_missing_unit",
    "release_address_defective",
    "nta_issued",
    "nta_served",
    "nta_filed",
    "nta_not_served",
    "failed_to_appear",
    "in_absentia_orders",
    "runaway_from_custody",
    "runaway_from_custody_open",
    "absent_from_sponsor_open",
)
"""The names, in the order people read them (design, section 10)."""

Corner = tuple[int, int]
Steps = Counter[tuple[str, int, int]]
"""(figure, day true, day known) -> how much it adds from there on."""

EVER = {
    Kind.PLACEMENT: ("placements", None),
    Kind.NTA_ISSUED: ("nta_issued", None),
    Kind.NTA_SERVED: ("nta_served", "nta_not_served"),
    Kind.NTA_FILED: ("nta_filed", None),
    Kind.FAILURE: ("failed_to_appear", None),
    Kind.IN_ABSENTIA: ("in_absentia_orders", None),
    Kind.RUNAWAY: ("runaway_from_custody", None),
}
"""Figures that count a child from the first such fact on, and the figure that counts those without one."""

ADDRESS_FIGURES = {
    Finding.BLANK: "release_address_blank",
    Finding.UNDELIVERABLE: "release_address_undeliverable",
    Finding.MISSING_UNIT: "release_address_missing_unit",
}


def corners(points: Iterable[Corner]) -> list[Corner]:
    """The points that no other point precedes in both days, by day true ascending (day known descending).

    "Some fact is true by D and known by K" holds exactly where one of the corners is not later than (D, K).
    """
    kept: list[Corner] = []
    for true, known in sorted(set(points)):
        if not kept or known < kept[-1][1]:
            kept.append((true, known))
    return kept


def both(one: Sequence[Corner], other: Sequence[Corner]) -> list[Corner]:
    """The corners of where both hold."""
    return corners((max(a, c), max(b, d)) for a, b in one for c, d in other)


def rises(points: Sequence[Corner]) -> Iterable[tuple[int, int, int]]:
    """The steps (day true, day known, amount) that sum to 1 wherever a corner is not later, else to 0."""
    for index, (true, known) in enumerate(points):
        yield true, known, 1
        if index:
            yield true, points[index - 1][1], -1


def grid_steps(facts: Sequence[Fact], value: Callable[[Sequence[Fact]], str | None]) -> Steps:
    """The steps of a figure that can also fall: `value` names the figure that the visible facts count in."""
    steps: Steps = Counter()
    days = sorted({fact.day_true for fact in facts})
    knowns = sorted({fact.day_known for fact in facts})
    below: dict[int, str | None] = {}
    for day in days:
        left_now = left_below = None
        for known in knowns:
            visible = [fact for fact in facts if fact.day_true <= day and fact.day_known <= known]
            now, before = value(visible), below.get(known)
            for name, amount in ((now, 1), (before, -1), (left_now, -1), (left_below, 1)):
                if name is not None:
                    steps[name, day, known] += amount
            left_now, left_below = now, before
            below[known] = now
    return steps


def _release_address(case: CaseFile) -> Steps:
    """Where the latest placement's address counts, corrections taken in as they become known."""
    facts = case.of(Kind.TRANSFER, Kind.PLACEMENT, Kind.CORRECTION)
    root = {c.event_id: about for about, group in by_root(case.of(Kind.CORRECTION)).items() for c in group}

    def value(visible: Sequence[Fact]) -> str | None:
        if not any(fact.kind is Kind.TRANSFER for fact in visible):
            return None
        corrected: dict[str, list[Fact]] = {}
        for fact in visible:
            if fact.kind is Kind.CORRECTION:
                corrected.setdefault(root[fact.event_id], []).append(fact)
        found = in_force((f for f in visible if f.kind is Kind.PLACEMENT), corrected)
        return None if found is None else ADDRESS_FIGURES.get(found[1].finding)

    steps = grid_steps(facts, value)
    for (_, day, known), amount in list(steps.items()):
        steps["release_address_defective", day, known] += amount
    return steps


def _open(case: CaseFile, kind: Kind, figure: str) -> Steps:
    """Where some absence of this kind lasts: begun, and without a return."""

    def value(visible: Sequence[Fact]) -> str | None:
        if not any(fact.kind is Kind.TRANSFER for fact in visible):
            return None
        returns = [fact for fact in visible if fact.kind is Kind.LOCATED]
        lasting = (f for f in visible if f.kind is kind and not any(ends(back, f) for back in returns))
        return figure if any(lasting) else None

    return grid_steps(case.of(Kind.TRANSFER, kind, Kind.LOCATED), value)


def steps_of(case: CaseFile, kinds: frozenset[Kind]) -> Steps:
    """What the child adds to every figure that reads facts of `kinds`.

    The figures of a changed case differ only in those, so posting new minus old keeps all counters.
    """
    steps: Steps = Counter()
    points: dict[Kind, list[Corner]] = {}
    for fact in case.facts:
        if fact.holds:
            points.setdefault(fact.kind, []).append((fact.day_true, fact.day_known))
    transferred = corners(points.get(Kind.TRANSFER, ()))
    if not transferred:
        return steps
    every = Kind.TRANSFER in kinds
    if every:
        for true, known, amount in rises(transferred):
            steps["transfers", true, known] += amount
    for kind, (figure, without) in EVER.items():
        if not (every or kind in kinds):
            continue
        for true, known, amount in rises(both(transferred, corners(points.get(kind, ())))):
            steps[figure, true, known] += amount
            if without:
                steps[without, true, known] -= amount
        if without:
            for true, known, amount in rises(transferred):
                steps[without, true, known] += amount
    if (every or kinds & {Kind.PLACEMENT, Kind.CORRECTION}) and Kind.PLACEMENT in points:
        steps.update(_release_address(case))
    for kind, figure in (
        (Kind.RUNAWAY, "runaway_from_custody_open"),
        (Kind.LEFT_SPONSOR, "absent_from_sponsor_open"),
    ):
        if (every or kinds & {kind, Kind.LOCATED}) and kind in points:
            steps.update(_open(case, kind, figure))
    return steps


def difference(before: CaseFile, after: CaseFile, kinds: frozenset[Kind]) -> Steps:
    """What to post to the counters when facts of `kinds` turned `before` into `after`; zeroes left out."""
    steps = steps_of(after, kinds)
    steps.subtract(steps_of(before, kinds))
    return Counter({key: amount for key, amount in steps.items() if amount})


def at(steps: Steps, as_of: int, known_by: int | None = None) -> dict[str, int]:
    """The figures on a day (days since 1970-01-01), by what was known on another (None: all that is held)."""
    sums = dict.fromkeys(FIGURES, 0)
    for (figure, true, known), amount in steps.items():
        if true <= as_of and (known_by is None or known <= known_by):
            sums[figure] += amount
    return sums
