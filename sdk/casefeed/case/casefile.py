"""The case file of a child: the set of its facts, and what follows from them.

The fold converges by construction: a case is a set of facts in one fixed order, so the same events give the
same case in whatever order and however often they came, and a late arrival needs no replay (docs/decisions).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from casefeed.case.address import Finding
from casefeed.case.amendments import in_force, leads_to, stated, when_recorded
from casefeed.case.facts import Fact, Kind


class CaseFile(NamedTuple):
    """What is known of one child, in order of when it came about; `amended`: some of it corrects or takes back."""

    facts: tuple[Fact, ...] = ()
    amended: bool = False

    @property
    def standing(self) -> tuple[Fact, ...]:
        """The facts in force, in order."""
        return in_force(self.facts) if self.amended else self.facts

    def of(self, *kinds: Kind) -> tuple[Fact, ...]:
        """The facts in force of these kinds, in order."""
        return tuple(fact for fact in self.standing if fact.kind in kinds)

    def telling(self, fact: Fact) -> Fact:
        """What states a fact in force: itself, or the correction that put it in an earlier one's place."""
        return stated(self.facts)[fact.event_id] if self.amended else fact


NO_CASE = CaseFile()
"""The case of a child of whom nothing is known."""


def step(case: CaseFile, fact: Fact) -> CaseFile:
    """`case` with `fact` in its place; the same case where it is held already."""
    amended = case.amended or fact.amends != ""
    if not case.facts or case.facts[-1] < fact:  # in order, as most come
        return CaseFile((*case.facts, fact), amended)
    at = bisect_left(case.facts, fact)
    if at < len(case.facts) and case.facts[at] == fact:
        return case
    return CaseFile((*case.facts[:at], fact, *case.facts[at:]), amended)


def fold(facts: Iterable[Fact]) -> CaseFile:
    """The case of a child from its facts, in any order, any number of times each."""
    held = tuple(sorted(set(facts)))
    return CaseFile(held, any(fact.amends for fact in held))


@dataclass(frozen=True, slots=True)
class Absence:
    """A time away, from custody or from the sponsor; `back` is None while it lasts."""

    left: Fact
    back: Fact | None

    @property
    def from_custody(self) -> bool:
        """Whether the child was in ORR custody."""
        return self.left.kind is Kind.RUNAWAY


def ends(back: Fact, left: Fact) -> bool:
    """Whether the return `back` ends the absence `left`: it names it, or names none and is not earlier."""
    return back.about == left.event_id or (not back.about and back.occurred_at >= left.occurred_at)


def absences(case: CaseFile) -> list[Absence]:
    """Every absence, with the first return that ended it."""
    returns = case.of(Kind.LOCATED)
    return [
        Absence(left, next((back for back in returns if ends(back, left)), None))
        for left in case.of(Kind.RUNAWAY, Kind.LEFT_SPONSOR)
    ]


@dataclass(frozen=True, slots=True)
class Failure:
    """One missed hearing, however many times it was told."""

    hearing_id: str
    told: tuple[Fact, ...]

    @property
    def first(self) -> Fact:
        """The telling that was recorded first."""
        return min(self.told, key=when_recorded)


def failures(case: CaseFile) -> list[Failure]:
    """The hearings the child missed; the same hearing told by both sides is one."""
    told: dict[str, list[Fact]] = {}
    for fact in case.of(Kind.FAILURE):
        if fact.holds:
            told.setdefault(fact.about, []).append(fact)
    return [Failure(hearing, tuple(facts)) for hearing, facts in told.items()]


def address_in_force(
    placements: Iterable[Fact], corrected: Mapping[str, list[Fact]]
) -> tuple[Fact, Fact] | None:
    """The latest of `placements`, and the fact that states its address now: itself or its last correction.

    `corrected` holds the corrections to go by, by the event they correct in the end; the last recorded wins.
    None where there is no placement.
    """
    latest = max(placements, default=None)
    if latest is None:
        return None
    corrections = corrected.get(latest.event_id, ())
    return latest, max(corrections, key=when_recorded, default=latest)


def by_root(corrections: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Corrections of an address by the event that each corrects in the end."""
    named = {fact.event_id: fact for fact in corrections}
    names = {event_id: fact.about for event_id, fact in named.items()}
    grouped: dict[str, list[Fact]] = {}
    for event_id, fact in named.items():
        grouped.setdefault(leads_to(event_id, names)[-1], []).append(fact)
    return grouped


def current_area(case: CaseFile) -> str:
    """The ERO area that owns the case now: that of the latest placement or move, else of the transfer."""
    for kinds in ((Kind.PLACEMENT, Kind.MOVE, Kind.CORRECTION), (Kind.TRANSFER,)):
        named = [fact for fact in case.of(*kinds) if fact.area]
        if named:
            return named[-1].area
    return next((fact.area for fact in reversed(case.standing) if fact.area), "")


@dataclass(frozen=True, slots=True)
class ReleaseAddress:
    """The release address: the placement, and the fact that states its address (itself or a correction)."""

    placed: Fact
    stated: Fact

    @property
    def finding(self) -> Finding:
        """What keeps mail from it."""
        return self.stated.finding


def release_address(case: CaseFile) -> ReleaseAddress | None:
    """The release address of the latest placement, corrections taken in; None before any."""
    found = address_in_force(case.of(Kind.PLACEMENT), by_root(case.of(Kind.CORRECTION)))
    return None if found is None else ReleaseAddress(*found)
