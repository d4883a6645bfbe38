"""A life while it is being written: the facts so far, where the child is at any moment, and recording delays.

A fact is written down minutes, days or months after it came about, and never after the last day.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TypeVar

from synthetic_world.calibration import LAST_MS
from synthetic_world.days import DAY, HOUR, MINUTE, start_of
from synthetic_world.lives import (
    AddressChanged,
    AddressFact,
    Fact,
    Locality,
    NtaFiling,
    NtaIssuance,
    NtaService,
    Transferred,
)
from synthetic_world.rng import Rng, Weighted

# The midnights that end a report's date, or a date on which knowledge is asked for: facts fall close to them on
# both sides, so that a day taken in local time shows.
MAY_2024, OCT_2024, JAN_2025 = start_of("2024-06-01"), start_of("2024-11-01"), start_of("2025-02-01")
_KNOWN_BY = ("2023-07-01", "2024-01-01", "2024-07-01", "2024-09-01", "2025-01-01", "2025-03-01")
MIDNIGHTS = sorted([MAY_2024, OCT_2024, JAN_2025, *map(start_of, _KNOWN_BY)])
_NEAR_MIDNIGHT_SHARE = 0.02
_NEAR = 60 * DAY

# Lengths of delay and their weights: the channel is a portal, an e-mail, or a pile of paper.
PROMPT = Weighted((("minutes", 80), ("days", 17), ("months", 3)))
USUAL = Weighted((("minutes", 45), ("days", 45), ("months", 10)))
SLOW = Weighted((("minutes", 15), ("days", 55), ("months", 30)))
_SPANS = {"minutes": (3 * MINUTE, 10 * HOUR), "days": (10 * HOUR, 12 * DAY), "months": (12 * DAY, 210 * DAY)}
LONGEST_DELAY = 210 * DAY
_F = TypeVar("_F", bound=Fact)
FOREVER = 1 << 60


def near_midnight(rng: Rng, midnight: int, *, before: bool) -> int:
    """A moment within 45 minutes of a midnight UTC, the last before it or the first after it included."""
    offset = rng.randint(0, 45 * MINUTE)
    return midnight - 1 - offset if before else midnight + offset


def draw_recorded(rng: Rng, occurred: int, delay: Weighted[str], not_before: int = 0, latest: int = LAST_MS) -> int:
    """When a fact is written down: from the later of `occurred` and `not_before` to `latest`."""
    earliest = max(occurred, not_before)
    if earliest > latest:
        raise ValueError("a fact cannot be written down in time; call within_world first")
    if rng.chance(_NEAR_MIDNIGHT_SHARE):
        at = bisect_left(MIDNIGHTS, earliest + HOUR)
        if at < len(MIDNIGHTS) and MIDNIGHTS[at] < min(earliest + _NEAR, latest - HOUR):
            return near_midnight(rng, MIDNIGHTS[at], before=rng.chance(0.5))
    recorded = earliest + rng.randint(*_SPANS[rng.weighted_choice(delay)])
    return recorded if recorded <= latest else rng.randint(earliest, latest)


def within_world(moment: int) -> bool:
    """Whether something that happens at `moment` still falls into the world."""
    return moment <= LAST_MS


@dataclass(slots=True)
class LifeBuilder:
    """The facts of one child so far; `care` holds the spells in ORR's care as (from, to) in ms UTC."""

    rng: Rng
    index: int
    birth: int
    language: str
    program_locality: Locality
    represented: bool
    facts: list[Fact] = field(default_factory=list)
    addresses: list[AddressFact] = field(default_factory=list)
    care: list[tuple[int, int]] = field(default_factory=list)

    @property
    def next_n(self) -> int:
        """The number of the next fact."""
        return len(self.facts)

    def add(self, fact: _F) -> _F:
        """Keep a fact, which must carry the next number."""
        self.facts.append(fact)
        if isinstance(fact, AddressFact):
            self.addresses.append(fact)
        return fact

    def in_care(self, moment: int) -> bool:
        """Whether ORR has the child in care."""
        return any(start <= moment < end for start, end in self.care)

    def address_at(self, moment: int) -> AddressFact | None:
        """The address that truly holds, as corrected at any time."""
        return _latest([fact for fact in self.addresses if fact.occurred <= moment])

    def locality_at(self, moment: int) -> Locality:
        """The county that the case belongs to: the child's own, or that of the program in care."""
        found = self.address_at(moment)
        return self.program_locality if found is None else found.address.locality

    def address_known(self, moment: int) -> AddressFact | None:
        """The latest address that ORR had written down by `moment`: what ICE can know."""
        return _latest([fact for fact in self.addresses if fact.recorded <= moment and fact.occurred <= moment])

    def address_known_to_court(self, moment: int) -> AddressFact | None:
        """As `address_known`, but a move counts only where the court was notified of it (EOIR-33)."""
        return _latest(
            [
                fact
                for fact in self.addresses
                if fact.recorded <= moment
                and fact.occurred <= moment
                and not (isinstance(fact, AddressChanged) and fact.release is None and fact.eoir33_filed != "YES")
            ]
        )

    def with_nta_status(self, unknown: frozenset[int]) -> list[Fact]:
        """The facts, each transfer stating how far the Notice had come; `unknown` are the `n` that cannot say."""
        return [
            replace(fact, nta_status="UNKNOWN" if fact.n in unknown else self._nta_status(fact.occurred))
            if isinstance(fact, Transferred)
            else fact
            for fact in self.facts
        ]

    def _nta_status(self, moment: int) -> str:
        done = [fact for fact in self.facts if fact.occurred <= moment]
        if any(isinstance(fact, NtaFiling) and fact.accepted for fact in done):
            return "FILED"
        if any(isinstance(fact, NtaService) for fact in done):
            return "SERVED"
        return "ISSUED" if any(isinstance(fact, NtaIssuance) for fact in done) else "NOT_ISSUED"


def _latest(facts: list[AddressFact]) -> AddressFact | None:
    return max(facts, key=lambda fact: (fact.occurred, fact.recorded), default=None)
