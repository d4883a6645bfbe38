"""The Inspector General's figures: what one child adds to each, at every as-of and known-by day.

A figure at (as-of, known-by) is the sum of steps (day true, day known, +1 or -1) that are not later than
either, so any scorecard is a sum of counters. A child's steps are a pure function of its case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from casefeed.case.address import AddressFinding
from casefeed.case.casefile import EMPTY_CASE, CaseFile, corrections_by_root, current_address, ends_absence
from casefeed.case.facts import MS_PER_DAY, Fact, FactKind, kinds_of
from casefeed.case.recount import FigureSteps as FigureSteps
from casefeed.case.recount import recount_figures

FIGURES = (
    "transfers", "placements", "release_address_blank", "release_address_undeliverable",
    "release_address_missing_unit", "release_address_defective", "nta_issued", "nta_served", "nta_filed",
    "nta_not_served", "failed_to_appear", "in_absentia_orders", "runaway_from_custody",
    "runaway_from_custody_open", "absent_from_sponsor_open",
)  # fmt: skip
"""The names, in the order people read them (design, section 10)."""

DayPair = tuple[int, int]
FigureStep = tuple[str, int, int, int]
"""(figure, day true, day known, how much it adds from there on)."""
FactsByKind = dict[FactKind, list[Fact]]


class FigureGroup(NamedTuple):
    """Figures that are counted together, from the facts that count of a child and where its transfer is known.

    `required_kind`: without a fact of this kind the child adds nothing. `read_kinds`: the kinds that move it, with
    transfers. `steps`: from the facts, the corners of the transfer and the corner before which nothing has changed:
    what lies before it may be left out, the same of both cases that are compared.
    """

    required_kind: FactKind
    read_kinds: frozenset[FactKind]
    steps: Callable[[FactsByKind, Sequence[DayPair], DayPair], Iterable[FigureStep]]


FIRST_FACT_FIGURES = {
    FactKind.PLACEMENT: "placements",
    FactKind.NTA_ISSUED: "nta_issued",
    FactKind.NTA_SERVED: "nta_served",
    FactKind.NTA_FILED: "nta_filed",
    FactKind.FAILURE_TO_APPEAR: "failed_to_appear",
    FactKind.IN_ABSENTIA_ORDER: "in_absentia_orders",
    FactKind.RUNAWAY_FROM_CUSTODY: "runaway_from_custody",
}
"""Figures that count a child from the first such fact on."""

ADDRESS_FIGURES = {
    AddressFinding.BLANK: "release_address_blank",
    AddressFinding.UNDELIVERABLE: "release_address_undeliverable",
    AddressFinding.MISSING_UNIT: "release_address_missing_unit",
}


def earliest_pairs(points: Iterable[DayPair]) -> list[DayPair]:
    """The points that no other point precedes in both days, by day true ascending (day known descending).

    "Some fact is true by D and known by K" holds exactly where one of the corners is not later than (D, K).
    """
    points = list(points)
    if len(points) < 2:
        return points
    kept: list[DayPair] = []
    for true, known in sorted(set(points)):
        if not kept or known < kept[-1][1]:
            kept.append((true, known))
    return kept


def intersect(left: Sequence[DayPair], right: Sequence[DayPair]) -> list[DayPair]:
    """The corners of where both hold."""
    if len(left) == len(right) == 1:
        (a, b), (c, d) = left[0], right[0]
        return [(a if a > c else c, b if b > d else d)]
    return earliest_pairs([(max(a, c), max(b, d)) for a, b in left for c, d in right])


def indicator_steps(points: Sequence[DayPair]) -> list[tuple[int, int, int]]:
    """The steps (day true, day known, amount) that sum to 1 wherever a corner is not later, else to 0."""
    steps = [(true, known, 1) for true, known in points]
    steps += [(late[0], early[1], -1) for early, late in pairwise(points)]
    return steps


def _indicator_figure_steps(figure: str, points: Sequence[DayPair], sign: int = 1) -> list[FigureStep]:
    return [(figure, true, known, sign * amount) for true, known, amount in indicator_steps(points)]


def grid_steps(
    facts: Sequence[Fact], value: Callable[[Sequence[Fact], int], str | None], since: DayPair
) -> list[FigureStep]:
    """The steps of a figure that can also fall, as if it were none before `since` in either day.

    `value` names the figure that the facts visible by a day known count in.
    """
    steps: list[FigureStep] = []
    days = sorted({max(fact.day_true, since[0]) for fact in facts})
    knowns = sorted({max(fact.day_known, since[1]) for fact in facts})
    below: dict[int, str | None] = {}
    for day in days:
        left_now = left_below = None
        for known in knowns:
            visible = [fact for fact in facts if fact.day_true <= day and fact.day_known <= known]
            now, before = value(visible, known), below.get(known)
            for name, amount in ((now, 1), (before, -1), (left_now, -1), (left_below, 1)):
                if name is not None:
                    steps.append((name, day, known, amount))
            left_now, left_below = now, before
            below[known] = now
    return steps


def _release_address_steps(
    facts: FactsByKind, transferred: Sequence[DayPair], since: DayPair
) -> Iterable[FigureStep]:
    """Where the latest placement's address counts, corrections taken in as they become known."""
    placements, corrections = facts.get(FactKind.PLACEMENT, []), facts.get(FactKind.ADDRESS_CORRECTION, [])
    if len(placements) == 1 and not corrections:
        counts = ADDRESS_FIGURES.get(placements[0].finding)
        if counts is None:
            return
        placed = intersect(transferred, _day_pairs(placements))
        steps: Iterable[FigureStep] = _indicator_figure_steps(counts, intersect(placed, [since]))
    else:
        steps = _latest_address_steps(facts[FactKind.TRANSFER], placements, corrections, since)
    for figure, true, known, amount in steps:
        yield figure, true, known, amount
        yield "release_address_defective", true, known, amount


def _latest_address_steps(
    transfers: Sequence[Fact], placements: Sequence[Fact], corrections: Sequence[Fact], since: DayPair
) -> list[FigureStep]:
    """Where the address of the latest of several placements, or a corrected one, counts."""

    @cache
    def roots(known: int) -> dict[str, str]:
        """What each correction recorded by a day corrects in the end, by what was recorded by then."""
        by_then = corrections_by_root(fact for fact in corrections if fact.day_known <= known)
        return {fact.event_id: about for about, group in by_then.items() for fact in group}

    def value(visible: Sequence[Fact], known: int) -> str | None:
        if not any(fact.kind is FactKind.TRANSFER for fact in visible):
            return None
        corrected: dict[str, list[Fact]] = {}
        for fact in visible:
            if fact.kind is FactKind.ADDRESS_CORRECTION:
                corrected.setdefault(roots(known)[fact.event_id], []).append(fact)
        found = current_address((f for f in visible if f.kind is FactKind.PLACEMENT), corrected)
        return None if found is None else ADDRESS_FIGURES.get(found[1].finding)

    return grid_steps([*transfers, *placements, *corrections], value, since)


def _open_absence_group(kind: FactKind, figure: str) -> FigureGroup:
    """Where some absence of this kind lasts: begun, and without a return."""

    def steps(facts: FactsByKind, transferred: Sequence[DayPair], since: DayPair) -> Iterable[FigureStep]:
        departures, returns = facts.get(kind, []), facts.get(FactKind.LOCATED, [])
        if len(departures) > 1:
            return grid_steps([*facts[FactKind.TRANSFER], *departures, *returns], value, since)
        begun = intersect(intersect(transferred, _day_pairs(departures)), [since])
        ended = intersect(begun, _day_pairs([located for located in returns if ends_absence(located, departures[0])]))
        return [*_indicator_figure_steps(figure, begun), *_indicator_figure_steps(figure, ended, -1)]

    def value(visible: Sequence[Fact], _: int) -> str | None:
        if not any(fact.kind is FactKind.TRANSFER for fact in visible):
            return None
        returns = [fact for fact in visible if fact.kind is FactKind.LOCATED]
        lasting = (f for f in visible if f.kind is kind and not any(ends_absence(located, f) for located in returns))
        return figure if any(lasting) else None

    return FigureGroup(kind, frozenset((kind, FactKind.LOCATED)), steps)


def _first_fact_group(kind: FactKind, figure: str) -> FigureGroup:
    """Where a fact of this kind has come about."""

    def steps(facts: FactsByKind, transferred: Sequence[DayPair], _: DayPair) -> Iterable[FigureStep]:
        return _indicator_figure_steps(figure, intersect(transferred, _day_pairs(facts[kind])))

    return FigureGroup(kind, frozenset((kind,)), steps)


def _not_served_steps(facts: FactsByKind, transferred: Sequence[DayPair], _: DayPair) -> Iterable[FigureStep]:
    """Where a child has been transferred and no Notice has been served."""
    served = intersect(transferred, _day_pairs(facts.get(FactKind.NTA_SERVED, ())))
    return [
        *_indicator_figure_steps("nta_not_served", transferred),
        *_indicator_figure_steps("nta_not_served", served, -1),
    ]


FIGURE_GROUPS = (
    FigureGroup(
        FactKind.TRANSFER,
        frozenset(),
        lambda facts, transferred, since: _indicator_figure_steps("transfers", transferred),
    ),
    *(_first_fact_group(kind, figure) for kind, figure in FIRST_FACT_FIGURES.items()),
    FigureGroup(FactKind.TRANSFER, frozenset((FactKind.NTA_SERVED,)), _not_served_steps),
    FigureGroup(
        FactKind.PLACEMENT, frozenset((FactKind.PLACEMENT, FactKind.ADDRESS_CORRECTION)), _release_address_steps
    ),
    _open_absence_group(FactKind.RUNAWAY_FROM_CUSTODY, "runaway_from_custody_open"),
    _open_absence_group(FactKind.ABSENT_FROM_SPONSOR, "absent_from_sponsor_open"),
)


COUNTED_KINDS = frozenset((FactKind.TRANSFER,)).union(*(each.read_kinds for each in FIGURE_GROUPS))
"""The kinds of fact that some figure reads."""


@cache
def _affected_groups(kinds: frozenset[FactKind]) -> tuple[FigureGroup, ...]:
    """The families of figures that read facts of `kinds`; all of them read the transfers."""
    return tuple(each for each in FIGURE_GROUPS if FactKind.TRANSFER in kinds or each.read_kinds & kinds)


def _facts_by_kind(case: CaseFile) -> FactsByKind:
    """The facts of a case that count, by kind."""
    facts: FactsByKind = {}
    for fact in case.facts:
        if fact.holds:
            if fact.kind in facts:
                facts[fact.kind].append(fact)
            else:
                facts[fact.kind] = [fact]
    return facts


def _day_pairs(facts: Sequence[Fact]) -> list[DayPair]:
    return earliest_pairs([(fact.occurred_at // MS_PER_DAY, fact.recorded_at // MS_PER_DAY) for fact in facts])


def post_changes(
    steps: dict[tuple[str, int, int], int], before: CaseFile, after: CaseFile, new: Sequence[Fact]
) -> None:
    """Add to `steps` what moves when the facts `new` turn a child's case `before` into `after`.

    Only the figures that read such facts can move, and only where one of them can be seen: however many facts a child
    has, one that comes in order is cheap. Steps that cancel out are left in as zeroes.
    """
    if after.amended:
        post_merged_changes(steps, {"": before.facts}, {"": after.facts}, new)
        return
    kinds = kinds_of(new)
    figure_groups = _affected_groups(kinds)
    if not figure_groups:
        return
    since = _earliest_change(after, new, kinds)
    for case, sign in ((after, 1), (before, -1)):
        facts = _facts_by_kind(case)
        if FactKind.TRANSFER not in facts:
            continue
        transferred = _day_pairs(facts[FactKind.TRANSFER])
        for group in figure_groups:
            if group.required_kind in facts:
                for figure, true, known, amount in group.steps(facts, transferred, since):
                    key = (figure, true, known)
                    steps[key] = steps.get(key, 0) + sign * amount


def _earliest_change(after: CaseFile, new: Sequence[Fact], kinds: frozenset[FactKind]) -> DayPair:
    """The earliest day true and day known from which the `new` facts of `kinds` can change a figure."""
    moving: Sequence[Fact] = new
    if (
        FactKind.ADDRESS_CORRECTION in kinds
    ):  # it may say of others, wherever they are seen, what they correct in the end
        moving = (*new, *after.of_kinds(FactKind.ADDRESS_CORRECTION))
    days, knowns = [fact.day_true for fact in moving], [fact.day_known for fact in moving]
    return min(days), min(knowns)


def post_merged_changes(
    steps: dict[tuple[str, int, int], int],
    before: Mapping[str, Sequence[Fact]],
    after: Mapping[str, Sequence[Fact]],
    new: Sequence[Fact],
) -> None:
    """As `post_changes`, for the facts under all keys that merges, in force or not, tie together, by key; amended or
    not."""
    since = min(fact.day_known for fact in new)
    for facts, sign in ((after, 1), (before, -1)):
        for key, amount in recount_figures(facts, figure_steps, since).items():
            steps[key] = steps.get(key, 0) + sign * amount


def figure_steps(case: CaseFile) -> FigureSteps:
    """All that the child adds to the figures."""
    steps: FigureSteps = Counter()
    if case.facts:
        post_changes(steps, EMPTY_CASE, case, case.facts)
    return steps
