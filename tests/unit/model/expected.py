"""What must be true: dictionaries and sets over what was delivered; no line is shared with the product's reading.

Figures are counted anew from the raw events that are held (tests/unit/case/known_by.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import Partition
from tests.unit.case.known_by import believed
from tests.unit.case.random_histories import Told
from tests.unit.model.broker import PARTITIONS, Shape, TopicRecord

CAUSES = {
    Shape.UNKNOWN: ParkedReason.UNKNOWN_SCHEMA_ID,
    Shape.CUT: ParkedReason.UNDECODABLE,
    Shape.NAMELESS: ParkedReason.UNDECODABLE,
    Shape.MISKEYED: ParkedReason.KEY_MISMATCH,
    Shape.CONTRADICTS: ParkedReason.SAME_ID_OTHER_BYTES,
    Shape.TAKEN: ParkedReason.SEQUENCE_TAKEN,
}
# Whose event, once it comes whole, says all that they say, and which the reader can tell.
RESOLVED_BY_EVENT = (Shape.UNKNOWN, Shape.CUT, Shape.MISKEYED)


@dataclass
class ExpectedParked:
    """A parked record, where it first lay; `ended` by a decision, `closed` where that did not apply it."""

    copy: TopicRecord
    ended: bool = False
    closed: bool = False

    @property
    def position(self) -> tuple[str, int, int]:
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
    """`events`: what the desks recorded, by id; `sequence_numbers`: child, source and number of each; `stored`: by
    the reader.

    `positions`: the next offset of each partition; `given_up`: child, source and number of what is not expected any
    more; `decisions`: how many were kept.
    """

    events: dict[str, Told] = field(default_factory=dict)
    sequence_numbers: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    parked: dict[tuple[str, bytes | None, bytes | None], ExpectedParked] = field(default_factory=dict)
    positions: dict[Partition, int] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, 0))
    given_up: set[tuple[str, str, int]] = field(default_factory=set)
    decisions: int = 0

    def record(self, event: Told, child: str, source: str) -> int:
        """A desk has written an event down; the number that it must have given."""
        event_id = str(event.event["header"]["event_id"])
        number = 1 + sum(each[:2] == (child, source) for each in self.sequence_numbers.values())
        self.events[event_id] = event
        self.sequence_numbers[event_id] = (child, source, number)
        return number

    def read(self, copy: TopicRecord, generation: int) -> None:
        """The reader has come past a record, the registry being of this generation."""
        if _readable(copy, generation):
            self.stored.add(copy.event_id)
        else:
            key = (copy.record.topic, copy.record.key, copy.record.value)
            self.parked.setdefault(key, ExpectedParked(copy))

    def select(self, condition: Callable[[ExpectedParked], bool]) -> list[ExpectedParked]:
        """The parked records of a choice."""
        return [each for each in self.parked.values() if condition(each)]

    def decide(self, what: str, parked: Sequence[ExpectedParked], generation: int) -> None:
        """A decision about these was kept: they are judged again, or closed."""
        self.decisions += 1
        for each in parked:
            if what == "close":
                each.ended = each.closed = True
            elif _readable(each.copy, generation):
                self.stored.add(each.copy.event_id)
                each.ended, each.closed = True, False

    def open(self) -> list[ExpectedParked]:
        """The parked records that are a gap."""
        return self.select(self.is_open)

    def is_open(self, parked: ExpectedParked) -> bool:
        """Whether a parked record is a gap: not ended, nor healed by its event."""
        healed = parked.copy.shape in RESOLVED_BY_EVENT and parked.copy.event_id in self.stored
        return not parked.ended and not healed

    def missing(self) -> set[tuple[str, str, int]]:
        """Child, source and number of what is missing below what is held, and is not given up."""
        return self.never_came() - self.given_up

    def never_came(self) -> set[tuple[str, str, int]]:
        """The same, given up or not."""
        held = {self.sequence_numbers[each] for each in self.stored}
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
        return believed([self.events[each] for each in sorted(self.stored)], known_by, days)


def _readable(copy: TopicRecord, generation: int) -> bool:
    return copy.shape is Shape.WHOLE or (copy.shape is Shape.UNKNOWN and copy.generation <= generation)
