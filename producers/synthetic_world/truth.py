"""The figures of the scorecard, counted from lives: what the fold of the events is judged by.

No event is read here, and nothing of `casefeed.case`. As-of day D and known-by day K are inclusive UTC days;
a fact counts when it occurred by D and was recorded by K. Every figure counts children with a transfer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from synthetic_world.calibration import LAST_DAY
from synthetic_world.days import DAY, day_number
from synthetic_world.lives import (
    AddressChanged,
    Fact,
    HearingMissed,
    LeftSponsor,
    Life,
    Located,
    NtaFiling,
    NtaIssuance,
    NtaService,
    OrderedInAbsentia,
    Placed,
    RanAway,
    Transferred,
    TrueFinding,
)

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
AS_OF = ("2024-05-31", "2024-10-31", "2025-01-31", LAST_DAY)
# Pairs to choose ten from that differ from what is known today: knowledge on the day itself comes first.
CANDIDATE_PAIRS = (
    ("2024-05-31", "2024-05-31"),
    ("2024-10-31", "2024-10-31"),
    ("2025-01-31", "2025-01-31"),
    ("2024-05-31", "2023-06-30"),
    ("2025-01-31", "2024-06-30"),
    (LAST_DAY, "2022-09-30"),
    ("2024-10-31", "2024-05-31"),
    ("2024-05-31", "2024-06-30"),
    (LAST_DAY, "2025-02-28"),
    ("2025-01-31", "2024-12-31"),
    ("2024-10-31", "2024-08-31"),
    ("2024-05-31", "2023-12-31"),
    (LAST_DAY, "2024-08-31"),
)
PAIR_COUNT = 10
ALL_KNOWN = 1 << 40
"""A known-by day that leaves nothing out."""

# As-of and known-by day of every question the totals answer: the as-of dates, then the candidates.
_QUESTIONS = (
    *((day_number(as_of), ALL_KNOWN) for as_of in AS_OF),
    *((day_number(as_of), day_number(known_by)) for as_of, known_by in CANDIDATE_PAIRS),
)

FigureCounts = dict[str, int]


def visible(facts: Iterable[Fact], as_of: int, known_by: int) -> list[Fact]:
    """The facts that occurred by one day and were recorded by the other (day numbers)."""
    occurred, recorded = (as_of + 1) * DAY, (known_by + 1) * DAY
    return [fact for fact in facts if fact.occurred < occurred and fact.recorded < recorded]


def figures_of(facts: Iterable[Fact]) -> set[str]:
    """The figures in which a child with these visible facts counts."""
    figures: set[str] = set()
    placement: Placed | None = None
    changes: list[AddressChanged] = []
    runaways: list[RanAway] = []
    left: list[LeftSponsor] = []
    located: list[Located] = []
    for fact in facts:
        match fact:
            case Transferred():
                figures.add("transfers")
            case Placed():
                figures.add("placements")
                if placement is None or fact.occurred > placement.occurred:
                    placement = fact
            case AddressChanged():
                changes.append(fact)
            case NtaIssuance():
                figures.add("nta_issued")
            case NtaService():
                figures.add("nta_served")
            case NtaFiling():
                if fact.accepted:
                    figures.add("nta_filed")
            case HearingMissed():
                if fact.not_present:
                    figures.add("failed_to_appear")
            case OrderedInAbsentia():
                figures.add("in_absentia_orders")
            case RanAway():
                runaways.append(fact)
                figures.add("runaway_from_custody")
            case LeftSponsor():
                left.append(fact)
            case Located():
                located.append(fact)
            case _:
                pass
    if "transfers" not in figures:
        return set()
    if "nta_served" not in figures:
        figures.add("nta_not_served")
    if placement is not None:
        finding = _release_finding(placement, changes)
        if finding is not TrueFinding.NONE:
            figures |= {f"release_address_{finding.value}", "release_address_defective"}
    if any(_is_open(absence, located) for absence in runaways):
        figures.add("runaway_from_custody_open")
    if any(_is_open(absence, located) for absence in left):
        figures.add("absent_from_sponsor_open")
    return figures


def _release_finding(placement: Placed, changes: list[AddressChanged]) -> TrueFinding:
    mended = [fact for fact in changes if fact.release == placement.n]
    latest = max(mended, key=lambda fact: fact.recorded, default=None)
    return (placement if latest is None else latest).address.finding


def _is_open(absence: Fact, located: list[Located]) -> bool:
    return not any(
        found.closes == absence.n or (found.closes is None and found.occurred >= absence.occurred)
        for found in located
    )


def resolve_corrections(facts: Sequence[Fact]) -> list[Fact]:
    """`facts` as somebody knows them who has no others.

    A correction of an address mends what it corrects in the end through corrections that are known; where one between
    is not, nobody can know what it mends.
    """
    corrections = {
        fact.n: fact.previous for fact in facts if isinstance(fact, AddressChanged) and fact.reason == "CORRECTION"
    }

    def root(n: int) -> int:
        while n in corrections:
            n = corrections[n]
        return n

    return [
        replace(fact, release=root(fact.n)) if isinstance(fact, AddressChanged) and fact.n in corrections else fact
        for fact in facts
    ]


class FigureTotals:
    """Figures of many lives, added one by one or total by total."""

    def __init__(self) -> None:
        self._children: list[Counter[frozenset[str]]] = [Counter() for _ in _QUESTIONS]

    def add(self, life: Life) -> None:
        """Count one life in."""
        self.count(life.facts)

    def count(self, facts: Sequence[Fact], weight: int = 1) -> None:
        """Count a child with these facts `weight` times."""
        last = max((fact.recorded for fact in facts), default=0) // DAY
        ended = max((fact.occurred for fact in facts), default=0) // DAY
        whole = frozenset(figures_of(facts))
        # Most questions see the same facts of a life: each set of facts is counted once.
        figures_by_facts: dict[tuple[int, ...], frozenset[str]] = {}
        for (as_of, known_by), children in zip(_QUESTIONS, self._children, strict=True):
            if ended <= as_of and last <= known_by:
                children[whole] += weight
                continue
            now = visible(facts, as_of, known_by)
            numbers = tuple([fact.n for fact in now])
            if numbers not in figures_by_facts:
                figures_by_facts[numbers] = frozenset(figures_of(now))
            children[figures_by_facts[numbers]] += weight

    def merge(self, other: FigureTotals) -> None:
        """Count in the lives of other totals."""
        for children, more in zip(self._children, other._children, strict=True):
            children.update(more)

    @property
    def as_of(self) -> Mapping[str, FigureCounts]:
        """The figures by as-of day, everything known."""
        return {iso: self._figures(at) for at, iso in enumerate(AS_OF)}

    @property
    def known_by(self) -> Mapping[str, FigureCounts]:
        """The figures of ten pairs "as-of/known-by" that differ from those with everything known."""
        everything = self.as_of
        differing = [
            pair
            for pair, figures in self.by_pair(f"{as_of}/{known_by}" for as_of, known_by in CANDIDATE_PAIRS).items()
            if figures != everything[pair.partition("/")[0]]
        ]
        return self.by_pair(differing[:PAIR_COUNT])

    def by_pair(self, pairs: Iterable[str]) -> dict[str, FigureCounts]:
        """The figures of these pairs "as-of/known-by", all of them candidates."""
        positions = {
            f"{as_of}/{known_by}": at for at, (as_of, known_by) in enumerate(CANDIDATE_PAIRS, start=len(AS_OF))
        }
        return {pair: self._figures(positions[pair]) for pair in pairs}

    def _figures(self, question: int) -> FigureCounts:
        figures = dict.fromkeys(FIGURES, 0)
        for names, children in self._children[question].items():
            for name in names:
                figures[name] += children
        return figures
