"""A child's timeline and the head of its case, from the events of the log; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from casefeed.case.amendments import TAKING_BACK, stated, taken_back, when_recorded
from casefeed.case.casefile import (
    Absence,
    CaseFile,
    ReleaseAddress,
    absences,
    current_area,
    ends,
    failures,
    fold,
    release_address,
)
from casefeed.case.facts import Fact, Kind, fact_of
from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import Datum
from casefeed.contract.privacy import mask, masked_restated
from casefeed.read.queries import Recorded


@dataclass(frozen=True, slots=True)
class Telling:
    """One event that tells a fact; `masked` is its content without any personal value.

    `restated`: of a correction, what it puts in the earlier event's place, masked as well.
    """

    event: Recorded
    fact: Fact
    masked: Datum
    restated: tuple[EventType, Datum] | None = None

    @classmethod
    def of(cls, event: Recorded) -> Telling:
        """The telling of an event of the log."""
        kind, body = event.event_type, event.body
        return cls(event, fact_of(kind.short, body), mask(kind, body), masked_restated(kind, body))

    @property
    def content(self) -> tuple[EventType, Datum]:
        """What the event says of the child, with its type: of a correction what it restates."""
        return self.restated or (self.event.event_type, self.masked)

    @property
    def gaps(self) -> tuple[tuple[str, int, int], ...]:
        """Each clock after the first with its time and how many ms it lies after the clock before it."""
        event = self.event
        clocks = (
            ("occurred", event.occurred_at),
            ("recorded", event.recorded_at),
            ("published", event.published_at),
            ("received", event.received_at),
        )
        return tuple(
            (name, at, at - before) for (name, at), (_, before) in zip(clocks[1:], clocks[:-1], strict=True)
        )


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a line says of another event; `line` is its number, None where that event is not held."""

    how: str
    event_id: str
    line: int | None


@dataclass(slots=True)
class Line:
    """One fact of the timeline, by number from 1; a missed hearing may have been told more than once.

    `state`: "" in force, "corrected" or "taken back".
    """

    number: int
    tellings: tuple[Telling, ...]
    state: str = ""
    points: list[Pointer] = field(default_factory=list)

    @property
    def first(self) -> Telling:
        """The telling that was recorded first."""
        return self.tellings[0]


@dataclass(frozen=True, slots=True)
class Head:
    """What the case comes to: area, release address, NTA ladder, absences that last."""

    area: str
    release: ReleaseAddress | None
    issued: Fact | None
    served: Fact | None
    filed: Fact | None
    away: tuple[Absence, ...]

    @property
    def ladder(self) -> str:
        """The highest rung of the NTA ladder: none, issued, served or filed (accepted by the court)."""
        rungs = (("filed", self.filed), ("served", self.served), ("issued", self.issued))
        return next((name for name, fact in rungs if fact is not None), "none")


def head_of(case: CaseFile) -> Head:
    """The head of a case."""

    def first(kind: Kind) -> Fact | None:
        return next((fact for fact in case.of(kind) if fact.holds), None)

    return Head(
        area=current_area(case),
        release=release_address(case),
        issued=first(Kind.NTA_ISSUED),
        served=first(Kind.NTA_SERVED),
        filed=first(Kind.NTA_FILED),
        away=tuple(absence for absence in absences(case) if absence.back is None),
    )


@dataclass(frozen=True, slots=True)
class Timeline:
    """A child's events in order of when each came about, and what the case comes to.

    `stating`: by event id, the id of the event that states it now: itself or its last correction.
    """

    head: Head
    lines: tuple[Line, ...]
    stating: Mapping[str, str]

    def line_of(self, event_id: str) -> int:
        """The number of the line that tells of an event, or that of its correction where the event is not held.

        Raises KeyError where neither is.
        """
        found = self._line(event_id)
        return self.line_stating(event_id) if found is None else found

    def line_stating(self, event_id: str) -> int:
        """The number of the line that states an event in force now; raises KeyError for another."""
        found = self._line(self.stating.get(event_id, event_id))
        if found is None:
            raise KeyError(event_id)
        return found

    def _line(self, event_id: str) -> int | None:
        told = ((line.number, each.event.event_id) for line in self.lines for each in line.tellings)
        return next((number for number, held in told if held == event_id), None)


def timeline(events: Iterable[Recorded]) -> Timeline:
    """The timeline of the events of a child, in any order, under whichever of its keys."""
    tellings = {each.event_id: Telling.of(each) for each in events}
    case = fold(telling.fact for telling in tellings.values())
    stating = {event_id: fact.event_id for event_id, fact in stated(case.facts).items()}
    lines = _lines(tellings, case, stating)
    placed = {each.event.event_id: line for line in lines for each in line.tellings}
    for line in lines:
        refers = [each for telling in line.tellings for each in _refers(telling, case, not line.state)]
        for how, event_id in dict.fromkeys(refers):
            held = placed.get(event_id)
            line.points.append(Pointer(how, event_id, held.number if held else None))
    for line in lines:
        for pointer in tuple(line.points):
            if pointer.line is not None and pointer.how in _ANSWERED:
                back = Pointer(_ANSWERED[pointer.how], line.first.event.event_id, line.number)
                lines[pointer.line - 1].points.append(back)
    return Timeline(head_of(case), tuple(lines), stating)


def _lines(tellings: Mapping[str, Telling], case: CaseFile, stating: Mapping[str, str]) -> list[Line]:
    """The lines in order of when their first event came about, without what points at what."""
    together = {}
    for failure in failures(case):
        told = sorted(
            (stating[fact.event_id] for fact in failure.told), key=lambda each: _when(tellings[each])
        )
        together.update(dict.fromkeys(told, told))
    back, counting = taken_back(case.facts), frozenset(stating.values())
    lines: list[Line] = []
    placed: set[str] = set()
    for event_id in sorted(
        tellings, key=lambda each: (tellings[each].event.occurred_at, _when(tellings[each]))
    ):
        if event_id not in placed:
            told = together.get(event_id, [event_id])
            placed.update(told)
            replaced = event_id not in counting and tellings[event_id].fact.kind not in TAKING_BACK
            state = "taken back" if event_id in back else "corrected" if replaced else ""
            lines.append(Line(len(lines) + 1, tuple(tellings[each] for each in told), state))
    return lines


def _when(telling: Telling) -> tuple[int, str]:
    return when_recorded(telling.fact)


# How the line that is pointed at says it.
_ANSWERED = {
    "corrects": "corrected by",
    "takes back": "taken back by",
    "undoes": "undone by",
    "follows": "followed by",
    "ends": "ended by",
}


def _refers(telling: Telling, case: CaseFile, in_force: bool) -> Iterator[tuple[str, str]]:
    """The events that an event is about, and how; one that is not in force is only about what it amends."""
    fact, (_, body) = telling.fact, telling.content
    if fact.amends:
        yield _amends(fact, case), fact.amends
    if not in_force:
        return
    match fact.kind:
        case Kind.CORRECTION:
            yield "corrects", fact.about
        case Kind.MOVE:
            yield "follows", fact.about
        case Kind.LOCATED:
            named = [fact.about] if fact.about else []
            left = case.of(Kind.RUNAWAY, Kind.LEFT_SPONSOR)
            yield from (("ends", each) for each in named or [a.event_id for a in left if ends(fact, a)])
        case Kind.NTA_SERVED if body["address_event_id_used"]:
            yield "used the address of", body["address_event_id_used"]
        case Kind.HEARING:
            if body["notice_address_event_id"]:
                yield "notice went to the address of", body["notice_address_event_id"]
            yield from _hearing("in place of", body["supersedes_hearing_id"], case)
        case Kind.FAILURE | Kind.IN_ABSENTIA:
            yield from _hearing("of the hearing in", fact.about, case)
        case _:
            return


def _amends(fact: Fact, case: CaseFile) -> str:
    """How a fact amends the event that it names."""
    named = next((each.kind for each in case.facts if each.event_id == fact.amends), Kind.MERGE)
    if fact.kind is Kind.UNMERGE:
        return "undoes" if named is Kind.MERGE else "undoes no merge, for none is"
    return "takes back" if fact.kind is Kind.RETRACTION else "corrects"


def _hearing(how: str, hearing_id: str | None, case: CaseFile) -> Iterator[tuple[str, str]]:
    """The last setting of a hearing."""
    settings = [fact.event_id for fact in case.of(Kind.HEARING) if fact.about == hearing_id]
    if settings:
        yield how, settings[-1]
