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

from casefeed.case.address import Finding
from casefeed.case.casefile import NO_CASE, CaseFile, address_in_force, by_root, ends
from casefeed.case.facts import MS_PER_DAY, Fact, Kind, kinds_of
from casefeed.case.recount import Steps as Steps
from casefeed.case.recount import recounted

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
Step = tuple[str, int, int, int]
"""(figure, day true, day known, how much it adds from there on)."""
Found = dict[Kind, list[Fact]]


class Family(NamedTuple):
    """Figures that are counted together, from the facts that count of a child and where its transfer is known.

    `counts`: without a fact of this kind the child adds nothing. `reads`: the kinds that move it, with transfers.
    `steps`: from the facts, the corners of the transfer and the corner before which nothing has changed: what lies
    before it may be left out, the same of both cases that are compared.
    """

    counts: Kind
    reads: frozenset[Kind]
    steps: Callable[[Found, Sequence[Corner], Corner], Iterable[Step]]


EVER = {
    Kind.PLACEMENT: "placements",
    Kind.NTA_ISSUED: "nta_issued",
    Kind.NTA_SERVED: "nta_served",
    Kind.NTA_FILED: "nta_filed",
    Kind.FAILURE: "failed_to_appear",
    Kind.IN_ABSENTIA: "in_absentia_orders",
    Kind.RUNAWAY: "runaway_from_custody",
}
"""Figures that count a child from the first such fact on."""

ADDRESS_FIGURES = {
    Finding.BLANK: "release_address_blank",
    Finding.UNDELIVERABLE: "release_address_undeliverable",
    Finding.MISSING_UNIT: "release_address_missing_unit",
}


def corners(points: Iterable[Corner]) -> list[Corner]:
    """The points that no other point precedes in both days, by day true ascending (day known descending).

    "Some fact is true by D and known by K" holds exactly where one of the corners is not later than (D, K).
    """
    points = list(points)
    if len(points) < 2:
        return points
    kept: list[Corner] = []
    for true, known in sorted(set(points)):
        if not kept or known < kept[-1][1]:
            kept.append((true, known))
    return kept


def both(one: Sequence[Corner], other: Sequence[Corner]) -> list[Corner]:
    """The corners of where both hold."""
    if len(one) == len(other) == 1:
        (a, b), (c, d) = one[0], other[0]
        return [(a if a > c else c, b if b > d else d)]
    return corners([(max(a, c), max(b, d)) for a, b in one for c, d in other])


def rises(points: Sequence[Corner]) -> list[tuple[int, int, int]]:
    """The steps (day true, day known, amount) that sum to 1 wherever a corner is not later, else to 0."""
    steps = [(true, known, 1) for true, known in points]
    steps += [(late[0], early[1], -1) for early, late in pairwise(points)]
    return steps


def _rising(figure: str, points: Sequence[Corner], sign: int = 1) -> list[Step]:
    return [(figure, true, known, sign * amount) for true, known, amount in rises(points)]


def grid_steps(
    facts: Sequence[Fact], value: Callable[[Sequence[Fact], int], str | None], since: Corner
) -> list[Step]:
    """The steps of a figure that can also fall, as if it were none before `since` in either day.

    `value` names the figure that the facts visible by a day known count in.
    """
    steps: list[Step] = []
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


def _release_address(found: Found, transferred: Sequence[Corner], since: Corner) -> Iterable[Step]:
    """Where the latest placement's address counts, corrections taken in as they become known."""
    placements, corrections = found.get(Kind.PLACEMENT, []), found.get(Kind.CORRECTION, [])
    if len(placements) == 1 and not corrections:
        counts = ADDRESS_FIGURES.get(placements[0].finding)
        if counts is None:
            return
        placed = both(transferred, _corners_of(placements))
        steps: Iterable[Step] = _rising(counts, both(placed, [since]))
    else:
        steps = _latest_address(found[Kind.TRANSFER], placements, corrections, since)
    for figure, true, known, amount in steps:
        yield figure, true, known, amount
        yield "release_address_defective", true, known, amount


def _latest_address(
    transfers: Sequence[Fact], placements: Sequence[Fact], corrections: Sequence[Fact], since: Corner
) -> list[Step]:
    """Where the address of the latest of several placements, or a corrected one, counts."""

    @cache
    def roots(known: int) -> dict[str, str]:
        """What each correction recorded by a day corrects in the end, by what was recorded by then."""
        by_then = by_root(fact for fact in corrections if fact.day_known <= known)
        return {fact.event_id: about for about, group in by_then.items() for fact in group}

    def value(visible: Sequence[Fact], known: int) -> str | None:
        if not any(fact.kind is Kind.TRANSFER for fact in visible):
            return None
        corrected: dict[str, list[Fact]] = {}
        for fact in visible:
            if fact.kind is Kind.CORRECTION:
                corrected.setdefault(roots(known)[fact.event_id], []).append(fact)
        found = address_in_force((f for f in visible if f.kind is Kind.PLACEMENT), corrected)
        return None if found is None else ADDRESS_FIGURES.get(found[1].finding)

    return grid_steps([*transfers, *placements, *corrections], value, since)


def _open(kind: Kind, figure: str) -> Family:
    """Where some absence of this kind lasts: begun, and without a return."""

    def steps(found: Found, transferred: Sequence[Corner], since: Corner) -> Iterable[Step]:
        left, returns = found.get(kind, []), found.get(Kind.LOCATED, [])
        if len(left) > 1:
            return grid_steps([*found[Kind.TRANSFER], *left, *returns], value, since)
        begun = both(both(transferred, _corners_of(left)), [since])
        ended = both(begun, _corners_of([back for back in returns if ends(back, left[0])]))
        return [*_rising(figure, begun), *_rising(figure, ended, -1)]

    def value(visible: Sequence[Fact], _: int) -> str | None:
        if not any(fact.kind is Kind.TRANSFER for fact in visible):
            return None
        returns = [fact for fact in visible if fact.kind is Kind.LOCATED]
        lasting = (f for f in visible if f.kind is kind and not any(ends(back, f) for back in returns))
        return figure if any(lasting) else None

    return Family(kind, frozenset((kind, Kind.LOCATED)), steps)


def _ever(kind: Kind, figure: str) -> Family:
    """Where a fact of this kind has come about."""

    def steps(found: Found, transferred: Sequence[Corner], _: Corner) -> Iterable[Step]:
        return _rising(figure, both(transferred, _corners_of(found[kind])))

    return Family(kind, frozenset((kind,)), steps)


def _not_served(found: Found, transferred: Sequence[Corner], _: Corner) -> Iterable[Step]:
    """Where a child has been transferred and no Notice has been served."""
    served = both(transferred, _corners_of(found.get(Kind.NTA_SERVED, ())))
    return [*_rising("nta_not_served", transferred), *_rising("nta_not_served", served, -1)]


FAMILIES = (
    Family(
        Kind.TRANSFER,
        frozenset(),
        lambda found, transferred, since: _rising("transfers", transferred),
    ),
    *(_ever(kind, figure) for kind, figure in EVER.items()),
    Family(Kind.TRANSFER, frozenset((Kind.NTA_SERVED,)), _not_served),
    Family(Kind.PLACEMENT, frozenset((Kind.PLACEMENT, Kind.CORRECTION)), _release_address),
    _open(Kind.RUNAWAY, "runaway_from_custody_open"),
    _open(Kind.LEFT_SPONSOR, "absent_from_sponsor_open"),
)


COUNTED_KINDS = frozenset((Kind.TRANSFER,)).union(*(each.reads for each in FAMILIES))
"""The kinds of fact that some figure reads."""


@cache
def _touched(kinds: frozenset[Kind]) -> tuple[Family, ...]:
    """The families of figures that read facts of `kinds`; all of them read the transfers."""
    return tuple(each for each in FAMILIES if Kind.TRANSFER in kinds or each.reads & kinds)


def _found(case: CaseFile) -> Found:
    """The facts of a case that count, by kind."""
    found: Found = {}
    for fact in case.facts:
        if fact.holds:
            if fact.kind in found:
                found[fact.kind].append(fact)
            else:
                found[fact.kind] = [fact]
    return found


def _corners_of(facts: Sequence[Fact]) -> list[Corner]:
    return corners([(fact.occurred_at // MS_PER_DAY, fact.recorded_at // MS_PER_DAY) for fact in facts])


def post(
    steps: dict[tuple[str, int, int], int], before: CaseFile, after: CaseFile, new: Sequence[Fact]
) -> None:
    """Add to `steps` what moves when the facts `new` turn a child's case `before` into `after`.

    Only the figures that read such facts can move, and only where one of them can be seen: however many facts a child
    has, one that comes in order is cheap. Steps that cancel out are left in as zeroes.
    """
    if after.amended:
        post_together(steps, {"": before.facts}, {"": after.facts}, new)
        return
    kinds = kinds_of(new)
    families = _touched(kinds)
    if not families:
        return
    since = _seen_from(after, new, kinds)
    for case, sign in ((after, 1), (before, -1)):
        found = _found(case)
        if Kind.TRANSFER not in found:
            continue
        transferred = _corners_of(found[Kind.TRANSFER])
        for family in families:
            if family.counts in found:
                for figure, true, known, amount in family.steps(found, transferred, since):
                    key = (figure, true, known)
                    steps[key] = steps.get(key, 0) + sign * amount


def _seen_from(after: CaseFile, new: Sequence[Fact], kinds: frozenset[Kind]) -> Corner:
    """The earliest day true and day known from which the `new` facts of `kinds` can change a figure."""
    moving: Sequence[Fact] = new
    if Kind.CORRECTION in kinds:  # it may say of others, wherever they are seen, what they correct in the end
        moving = (*new, *after.of(Kind.CORRECTION))
    days, knowns = [fact.day_true for fact in moving], [fact.day_known for fact in moving]
    return min(days), min(knowns)


def post_together(
    steps: dict[tuple[str, int, int], int],
    before: Mapping[str, Sequence[Fact]],
    after: Mapping[str, Sequence[Fact]],
    new: Sequence[Fact],
) -> None:
    """As `post`, for the facts under all keys that merges, in force or not, tie together, by key; amended or not."""
    since = min(fact.day_known for fact in new)
    for facts, sign in ((after, 1), (before, -1)):
        for key, amount in recounted(facts, steps_of, since).items():
            steps[key] = steps.get(key, 0) + sign * amount


def steps_of(case: CaseFile) -> Steps:
    """All that the child adds to the figures."""
    steps: Steps = Counter()
    if case.facts:
        post(steps, NO_CASE, case, case.facts)
    return steps


def at(steps: Steps, as_of: int, known_by: int | None = None) -> dict[str, int]:
    """The figures on a day (days since 1970-01-01), by what was known on another (None: all that is held)."""
    sums = dict.fromkeys(FIGURES, 0)
    for (figure, true, known), amount in steps.items():
        if true <= as_of and (known_by is None or known <= known_by):
            sums[figure] += amount
    return sums
