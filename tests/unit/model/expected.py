"""What must be true: dictionaries and sets over what was delivered; no line is shared with the product's reading.

Figures are counted anew from the raw events that are held (tests/unit/case/known_by.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.consumer import Partition
from tests.unit.case.known_by import believed
from tests.unit.case.random_histories import Told
from tests.unit.model.broker import PARTITIONS, Copy, Shape

CAUSES = {
    Shape.UNKNOWN: ParkedReason.UNKNOWN_SCHEMA_ID,
    Shape.CUT: ParkedReason.UNDECODABLE,
    Shape.NAMELESS: ParkedReason.UNDECODABLE,
    Shape.MISKEYED: ParkedReason.KEY_MISMATCH,
    Shape.CONTRADICTS: ParkedReason.SAME_ID_OTHER_BYTES,
    Shape.TAKEN: ParkedReason.SEQUENCE_TAKEN,
}
# Whose event, once it comes whole, says all that they say, and which the reader can tell.
HEALED_BY_THEIR_EVENT = (Shape.UNKNOWN, Shape.CUT, Shape.MISKEYED)


@dataclass
class Aside:
    """A parked record, where it first lay; `ended` by a decision, `closed` where that did not apply it."""

    copy: Copy
    ended: bool = False
    closed: bool = False

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition, offset."""
        record = self.copy.record
        return record.topic, record.partition, record.offset

    @property
    def cause(self) -> ParkedReason:
        """Why it was parked."""
        return CAUSES[self.copy.shape]

    @property
    def children(self) -> set[str]:
        """Whose it may be."""
        key = (self.copy.record.key or b"").decode()
        return {key, self.copy.child} if self.copy.shape is Shape.MISKEYED else {key}


@dataclass
class Expected:
    """`told`: what the desks recorded, by id; `numbers`: child, source and number of each; `held`: by the reader.

    `reached`: the next offset of each partition; `given_up`: child, source and number of what is not expected any
    more; `decisions`: how many were kept.
    """

    told: dict[str, Told] = field(default_factory=dict)
    numbers: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    parked: dict[tuple[str, bytes | None, bytes | None], Aside] = field(default_factory=dict)
    reached: dict[Partition, int] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, 0))
    given_up: set[tuple[str, str, int]] = field(default_factory=set)
    decisions: int = 0

    def recorded(self, told: Told, child: str, source: str) -> int:
        """A desk has written an event down; the number that it must have given."""
        event_id = str(told.event["header"]["event_id"])
        number = 1 + sum(each[:2] == (child, source) for each in self.numbers.values())
        self.told[event_id] = told
        self.numbers[event_id] = (child, source, number)
        return number

    def takes(self, copy: Copy, generation: int) -> None:
        """The reader has come past a record, the registry being of this generation."""
        if _readable(copy, generation):
            self.held.add(copy.event_id)
        else:
            key = (copy.record.topic, copy.record.key, copy.record.value)
            self.parked.setdefault(key, Aside(copy))

    def waiting(self, chosen: Callable[[Aside], bool]) -> list[Aside]:
        """The parked records of a choice."""
        return [each for each in self.parked.values() if chosen(each)]

    def decides(self, what: str, waiting: Sequence[Aside], generation: int) -> None:
        """A decision about these was kept: they are judged again, or closed."""
        self.decisions += 1
        for each in waiting:
            if what == "close":
                each.ended = each.closed = True
            elif _readable(each.copy, generation):
                self.held.add(each.copy.event_id)
                each.ended, each.closed = True, False

    def open(self) -> list[Aside]:
        """The parked records that are a gap."""
        return self.waiting(self.is_open)

    def is_open(self, aside: Aside) -> bool:
        """Whether a parked record is a gap: not ended, nor healed by its event."""
        healed = aside.copy.shape in HEALED_BY_THEIR_EVENT and aside.copy.event_id in self.held
        return not aside.ended and not healed

    def missing(self) -> set[tuple[str, str, int]]:
        """Child, source and number of what is missing below what is held, and is not given up."""
        return self.never_came() - self.given_up

    def never_came(self) -> set[tuple[str, str, int]]:
        """The same, given up or not."""
        held = {self.numbers[each] for each in self.held}
        return {
            (child, source, number)
            for child, source, last in held
            for number in range(1, last)
            if (child, source, number) not in held
        }

    def uncertain(self) -> set[str]:
        """The children of whom something is missing or parked."""
        return {child for child, _, _ in self.missing()}.union(*(each.children for each in self.open()))

    def figures(self, known_by: int | None, days: Sequence[int]) -> list[dict[str, int]]:
        """Every figure as of each of these days."""
        return believed([self.told[each] for each in sorted(self.held)], known_by, days)


def _readable(copy: Copy, generation: int) -> bool:
    return copy.shape is Shape.WHOLE or (copy.shape is Shape.UNKNOWN and copy.generation <= generation)
