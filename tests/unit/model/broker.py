"""A broker and a registry in memory that lose, double, delay and spoil what they are given, as they are told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from casefeed.contract.catalogue import CASE_TOPICS, EventType, load_catalogue
from casefeed.contract.framing import frame
from casefeed.kafka.records import OutgoingRecord, Partition, ReceivedRecord
from tests.feedkit import key_number

PARTITIONS = tuple((topic, number) for topic in CASE_TOPICS for number in range(2))
CUT_BYTES = 3


class Shape(StrEnum):
    """What a record on a topic is of an event: the event itself, or what became of it."""

    WHOLE = "whole"
    UNKNOWN = "framed with a number that the registry does not know yet, without headers"
    CUT = "cut short, with headers that name the event"
    NAMELESS = "cut short, without headers"
    MISKEYED = "under the key of another child"
    CONTRADICTS = "an event of the same id that says something else"
    TAKEN = "another event under the same number"


class Fate(StrEnum):
    """What happens to a record that is sent; the sender hears that all is well."""

    ARRIVES = "arrives"
    LOST = "lost"
    TWICE = "twice"
    LATE = "late"


@dataclass(frozen=True)
class TopicRecord:
    """A record on a topic: what it is of which event. `generation`: of the registry that knows its number first."""

    shape: Shape
    event_id: str
    child: str
    record: ReceivedRecord
    generation: int


@dataclass
class Broker:
    """By partition what lies there, in order; what is on its way still; and the schemas that the registry has."""

    log: dict[Partition, list[TopicRecord]] = field(default_factory=lambda: {each: [] for each in PARTITIONS})
    late: list[TopicRecord] = field(default_factory=list)
    generation: int = 0
    _published: int = 0

    def send(
        self, topic: str, outgoing: OutgoingRecord, child: str, fate: Fate = Fate.ARRIVES, shape: Shape = Shape.WHOLE,
        wrong_key: str = "",
    ) -> None:  # fmt: skip
        """What a producer does. `child` is the key of the child whom the event is of."""
        generation = self.generation + (shape is Shape.UNKNOWN)
        value = frame(_number(outgoing.event_type, generation), outgoing.datum)
        key = wrong_key if shape is Shape.MISKEYED else child
        record = ReceivedRecord(
            topic,
            key_number(key) % 2,
            -1,
            0,
            key.encode(),
            value[:-CUT_BYTES] if shape in (Shape.CUT, Shape.NAMELESS) else value,
            () if shape in (Shape.UNKNOWN, Shape.NAMELESS) else outgoing.headers,
        )
        copy = TopicRecord(shape, outgoing.event_id, child, record, generation)
        match fate:
            case Fate.ARRIVES | Fate.TWICE:
                for _ in range(2 if fate is Fate.TWICE else 1):
                    self.append(copy)
            case Fate.LATE:
                self.late.append(copy)
            case Fate.LOST:
                pass

    def append(self, copy: TopicRecord) -> None:
        """At the end of its partition."""
        self._published += 1
        rows = self.log[copy.record.topic, copy.record.partition]
        record = copy.record._replace(offset=len(rows), published_at=self._published)
        rows.append(TopicRecord(copy.shape, copy.event_id, copy.child, record, copy.generation))

    async def schema_by_id(self, number: int) -> str | None:
        """The registry's answer."""
        generation, index = divmod(number, _GENERATION)
        return load_catalogue().by_name(_NAMES[index]).canonical_json if generation <= self.generation else None


_NAMES = sorted(load_catalogue().event_types)
_GENERATION = 100


def _number(kind: EventType, generation: int) -> int:
    return generation * _GENERATION + _NAMES.index(kind.name)
