"""A child's timeline and the head of its case, from the events of the log; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

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
from casefeed.contract.codec import Datum
from casefeed.contract.privacy import mask
from casefeed.read.questions import Recorded


@dataclass(frozen=True, slots=True)
class Telling:
    """One event that tells a fact; `masked` is its content without any personal value."""

    event: Recorded
    fact: Fact
    masked: Datum

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
    """One fact of the timeline, by number from 1; a missed hearing may have been told more than once."""

    number: int
    tellings: tuple[Telling, ...]
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
    """A child's facts in order of when each came about, and what the case comes to."""

    head: Head
    lines: tuple[Line, ...]

    def line_of(self, event_id: str) -> int:
        """The number of the line that tells of an event; raises StopIteration for one that is not held."""
        return next(
            line.number for line in self.lines for each in line.tellings if each.event.event_id == event_id
        )


def timeline(events: Sequence[Recorded]) -> Timeline:
    """The timeline of the events of a child, in any order."""
    tellings = {
        each.event_id: Telling(
            each, fact_of(each.event_type.short, each.body), mask(each.event_type, each.body)
        )
        for each in events
    }
    case = fold(telling.fact for telling in tellings.values())
    together = {fact.event_id: failure.told for failure in failures(case) for fact in failure.told}
    lines: list[Line] = []
    placed: dict[str, Line] = {}
    for fact in case.facts:
        if fact.event_id not in placed:
            told = sorted(together.get(fact.event_id, (fact,)), key=lambda f: (f.recorded_at, f.event_id))
            line = Line(len(lines) + 1, tuple(tellings[each.event_id] for each in told))
            lines.append(line)
            placed.update((each.event_id, line) for each in told)
    for line in lines:
        for how, event_id in _refers(line.first, case):
            held = placed.get(event_id)
            line.points.append(Pointer(how, event_id, held.number if held else None))
    for line in lines:
        for pointer in tuple(line.points):
            if pointer.line is not None and pointer.how in _ANSWERED:
                back = Pointer(_ANSWERED[pointer.how], line.first.event.event_id, line.number)
                lines[pointer.line - 1].points.append(back)
    return Timeline(head_of(case), tuple(lines))


# How the line that is pointed at says it.
_ANSWERED = {"corrects": "corrected by", "follows": "followed by", "ends": "ended by"}


def _refers(telling: Telling, case: CaseFile) -> Iterator[tuple[str, str]]:
    """The events that an event is about, and how."""
    fact, body = telling.fact, telling.masked
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


def _hearing(how: str, hearing_id: str | None, case: CaseFile) -> Iterator[tuple[str, str]]:
    """The last setting of a hearing."""
    settings = [fact.event_id for fact in case.of(Kind.HEARING) if fact.about == hearing_id]
    if settings:
        yield how, settings[-1]
