"""A life while it is being written: the facts so far, and where the child is at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from synthetic_world.dice import Dice
from synthetic_world.lives import (
    AddressChanged,
    AddressFact,
    Fact,
    NoticeFiled,
    NoticeIssued,
    NoticeServed,
    Place,
    Transferred,
)

F = TypeVar("F", bound=Fact)
FOR_EVER = 1 << 60


@dataclass(slots=True)
class Draft:
    """The facts of one child so far; `care` holds the spells in ORR's care as (from, to) in ms UTC."""

    dice: Dice
    index: int
    birth: int
    language: str
    program_place: Place
    represented: bool
    facts: list[Fact] = field(default_factory=list)
    addresses: list[AddressFact] = field(default_factory=list)
    care: list[tuple[int, int]] = field(default_factory=list)

    @property
    def n(self) -> int:
        """The number of the next fact."""
        return len(self.facts)

    def add(self, fact: F) -> F:
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

    def place_at(self, moment: int) -> Place:
        """The county that the case belongs to: the child's own, or that of the program in care."""
        found = self.address_at(moment)
        return self.program_place if found is None else found.address.place

    def address_known(self, moment: int) -> AddressFact | None:
        """The latest address that ORR had written down by `moment`: what ICE can know."""
        return _latest(
            [fact for fact in self.addresses if fact.recorded <= moment and fact.occurred <= moment]
        )

    def address_known_to_court(self, moment: int) -> AddressFact | None:
        """As `address_known`, but a move counts only where the court was told of it (EOIR-33)."""
        return _latest(
            [
                fact
                for fact in self.addresses
                if fact.recorded <= moment
                and fact.occurred <= moment
                and not (
                    isinstance(fact, AddressChanged) and fact.release is None and fact.court_told != "YES"
                )
            ]
        )

    def with_notice_status(self, unknown: frozenset[int]) -> list[Fact]:
        """The facts, each transfer stating how far the Notice had come; `unknown` are the `n` that cannot say."""
        return [
            replace(fact, nta_status="UNKNOWN" if fact.n in unknown else self._notice_status(fact.occurred))
            if isinstance(fact, Transferred)
            else fact
            for fact in self.facts
        ]

    def _notice_status(self, moment: int) -> str:
        done = [fact for fact in self.facts if fact.occurred <= moment]
        if any(isinstance(fact, NoticeFiled) and fact.accepted for fact in done):
            return "FILED"
        if any(isinstance(fact, NoticeServed) for fact in done):
            return "SERVED"
        return "ISSUED" if any(isinstance(fact, NoticeIssued) for fact in done) else "NOT_ISSUED"


def _latest(facts: list[AddressFact]) -> AddressFact | None:
    return max(facts, key=lambda fact: (fact.occurred, fact.recorded), default=None)
