"""The case file of a child: the set of its facts, and what follows from them.

The fold converges by construction: a case is a set of facts in one fixed order, so the same events give the
same case in whatever order and however often they came, and a late arrival needs no replay (docs/decisions).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from casefeed.case.address import AddressFinding
from casefeed.case.amendments import chain, current_facts, facts_in_force, recording_order
from casefeed.case.facts import Fact, FactKind


class CaseFile(NamedTuple):
    """What is known of one child, in order of when it came about; `amended`: some of it corrects or takes back."""

    facts: tuple[Fact, ...] = ()
    amended: bool = False

    @property
    def facts_in_force(self) -> tuple[Fact, ...]:
        """The facts in force, in order."""
        return facts_in_force(self.facts) if self.amended else self.facts

    def of_kinds(self, *kinds: FactKind) -> tuple[Fact, ...]:
        """The facts in force of these kinds, in order."""
        return tuple(fact for fact in self.facts_in_force if fact.kind in kinds)

    def source_fact(self, fact: Fact) -> Fact:
        """What states a fact in force: itself, or the correction that put it in an earlier one's place."""
        return current_facts(self.facts)[fact.event_id] if self.amended else fact


EMPTY_CASE = CaseFile()
"""The case of a child of whom nothing is known."""


def add_fact(case: CaseFile, fact: Fact) -> CaseFile:
    """`case` with `fact` in its place; the same case where it is held already."""
    amended = case.amended or fact.amends != ""
    if not case.facts or case.facts[-1] < fact:  # in order, as most come
        return CaseFile((*case.facts, fact), amended)
    at = bisect_left(case.facts, fact)
    if at < len(case.facts) and case.facts[at] == fact:
        return case
    return CaseFile((*case.facts[:at], fact, *case.facts[at:]), amended)


def fold_facts(facts: Iterable[Fact]) -> CaseFile:
    """The case of a child from its facts, in any order, any number of times each."""
    ordered = tuple(sorted(set(facts)))
    return CaseFile(ordered, any(fact.amends for fact in ordered))


@dataclass(frozen=True, slots=True)
class Absence:
    """A time away, from custody or from the sponsor; `ended_by` is None while it lasts."""

    departure: Fact
    ended_by: Fact | None

    @property
    def from_custody(self) -> bool:
        """Whether the child was in ORR custody."""
        return self.departure.kind is FactKind.RUNAWAY_FROM_CUSTODY


def ends_absence(located: Fact, departure: Fact) -> bool:
    """Whether the return `located` ends the absence `departure`: it names it, or names none and is not earlier."""
    return located.about == departure.event_id or (not located.about and located.occurred_at >= departure.occurred_at)


def absences(case: CaseFile) -> list[Absence]:
    """Every absence, with the first return that ended it."""
    returns = case.of_kinds(FactKind.LOCATED)
    return [
        Absence(departure, next((located for located in returns if ends_absence(located, departure)), None))
        for departure in case.of_kinds(FactKind.RUNAWAY_FROM_CUSTODY, FactKind.ABSENT_FROM_SPONSOR)
    ]


@dataclass(frozen=True, slots=True)
class MissedHearing:
    """One missed hearing, however many times it was told."""

    hearing_id: str
    reports: tuple[Fact, ...]

    @property
    def first_report(self) -> Fact:
        """The telling that was recorded first."""
        return min(self.reports, key=recording_order)


def missed_hearings(case: CaseFile) -> list[MissedHearing]:
    """The hearings the child missed; the same hearing told by both sides is one."""
    reports: dict[str, list[Fact]] = {}
    for fact in case.of_kinds(FactKind.FAILURE_TO_APPEAR):
        if fact.holds:
            reports.setdefault(fact.about, []).append(fact)
    return [MissedHearing(hearing, tuple(facts)) for hearing, facts in reports.items()]


def current_address(placements: Iterable[Fact], corrected: Mapping[str, list[Fact]]) -> tuple[Fact, Fact] | None:
    """The latest of `placements`, and the fact that states its address now: itself or its last correction.

    `corrected` holds the corrections to go by, by the event they correct in the end; the last recorded wins.
    None where there is no placement.
    """
    latest = max(placements, default=None)
    if latest is None:
        return None
    corrections = corrected.get(latest.event_id, ())
    return latest, max(corrections, key=recording_order, default=latest)


def corrections_by_root(corrections: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Corrections of an address by the event that each corrects in the end."""
    by_id = {fact.event_id: fact for fact in corrections}
    targets = {event_id: fact.about for event_id, fact in by_id.items()}
    grouped: dict[str, list[Fact]] = {}
    for event_id, fact in by_id.items():
        grouped.setdefault(chain(event_id, targets)[-1], []).append(fact)
    return grouped


def current_area(case: CaseFile) -> str:
    """The ERO area that owns the case now: that of the latest placement or move, else of the transfer."""
    for kinds in ((FactKind.PLACEMENT, FactKind.ADDRESS_CHANGE, FactKind.ADDRESS_CORRECTION), (FactKind.TRANSFER,)):
        named = [fact for fact in case.of_kinds(*kinds) if fact.area]
        if named:
            return named[-1].area
    return next((fact.area for fact in reversed(case.facts_in_force) if fact.area), "")


@dataclass(frozen=True, slots=True)
class ReleaseAddress:
    """The release address: the placement, and the fact that states its address (itself or a correction)."""

    placement: Fact
    address_fact: Fact

    @property
    def finding(self) -> AddressFinding:
        """What keeps mail from it."""
        return self.address_fact.finding


def release_address(case: CaseFile) -> ReleaseAddress | None:
    """The release address of the latest placement, corrections taken in; None before any."""
    found = current_address(
        case.of_kinds(FactKind.PLACEMENT), corrections_by_root(case.of_kinds(FactKind.ADDRESS_CORRECTION))
    )
    return None if found is None else ReleaseAddress(*found)
