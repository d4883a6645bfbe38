"""A child's timeline and the head of its case, from the events of the log; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from casefeed.case.amendments import RETRACTING_KINDS, current_facts, recording_order, retracted
from casefeed.case.casefile import (
    Absence,
    CaseFile,
    ReleaseAddress,
    absences,
    current_area,
    ends_absence,
    fold_facts,
    missed_hearings,
    release_address,
)
from casefeed.case.facts import Fact, FactKind, fact_of
from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import Datum
from casefeed.contract.privacy import mask, masked_correction
from casefeed.read.queries import StoredEvent


@dataclass(frozen=True, slots=True)
class MaskedEvent:
    """One event that states a fact; `masked` is its content without any personal value.

    `corrected`: of a correction, what it puts in the earlier event's place, masked as well.
    """

    stored: StoredEvent
    fact: Fact
    masked: Datum
    corrected: tuple[EventType, Datum] | None = None

    @classmethod
    def of(cls, event: StoredEvent) -> MaskedEvent:
        """An event of the log, masked."""
        kind, body = event.event_type, event.body
        return cls(event, fact_of(kind.short_name, body), mask(kind, body), masked_correction(kind, body))

    @property
    def content(self) -> tuple[EventType, Datum]:
        """What the event says of the child, with its type: of a correction what it restates."""
        return self.corrected or (self.stored.event_type, self.masked)

    @property
    def delays(self) -> tuple[tuple[str, int, int], ...]:
        """Each clock after the first with its time and how many ms it lies after the clock before it."""
        event = self.stored
        clocks = (
            ("occurred", event.occurred_at),
            ("recorded", event.recorded_at),
            ("published", event.published_at),
            ("received", event.received_at),
        )
        return tuple((name, at, at - before) for (_, before), (name, at) in pairwise(clocks))


@dataclass(frozen=True, slots=True)
class EntryReference:
    """What a line says of another event; `entry_number` is that event's line, None where that event is not held."""

    relation: str
    event_id: str
    entry_number: int | None


@dataclass(slots=True)
class TimelineEntry:
    """One fact of the timeline, by number from 1; a missed hearing may have been reported more than once.

    `state`: "" in force, "corrected" or "taken back".
    """

    number: int
    events: tuple[MaskedEvent, ...]
    state: str = ""
    references: list[EntryReference] = field(default_factory=list)

    @property
    def first(self) -> MaskedEvent:
        """The event that was recorded first."""
        return self.events[0]


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What the case comes to: area, release address, NTA ladder, absences that last."""

    area: str
    release_address: ReleaseAddress | None
    nta_issued: Fact | None
    nta_served: Fact | None
    nta_filed: Fact | None
    open_absences: tuple[Absence, ...]


def case_summary(case: CaseFile) -> CaseSummary:
    """The head of a case."""

    def first(kind: FactKind) -> Fact | None:
        return next((fact for fact in case.of_kinds(kind) if fact.holds), None)

    return CaseSummary(
        area=current_area(case),
        release_address=release_address(case),
        nta_issued=first(FactKind.NTA_ISSUED),
        nta_served=first(FactKind.NTA_SERVED),
        nta_filed=first(FactKind.NTA_FILED),
        open_absences=tuple(absence for absence in absences(case) if absence.ended_by is None),
    )


@dataclass(frozen=True, slots=True)
class Timeline:
    """A child's events in order of when each came about, and what the case comes to.

    `current_event_ids`: by event id, the id of the event that states it now: itself or its last correction.
    `entry_numbers`: by event id, the number of the line that tells of it.
    """

    summary: CaseSummary
    entries: tuple[TimelineEntry, ...]
    current_event_ids: Mapping[str, str]
    entry_numbers: Mapping[str, int]

    def entry_number_of(self, event_id: str) -> int:
        """The number of the line that tells of an event, or that of its correction where the event is not held.

        Raises KeyError where neither is.
        """
        return self.entry_numbers.get(event_id) or self.current_entry_number(event_id)

    def current_entry_number(self, event_id: str) -> int:
        """The number of the line that states an event in force now; raises KeyError for another."""
        return self.entry_numbers[self.current_event_ids.get(event_id, event_id)]


def build_timeline(events: Iterable[StoredEvent]) -> Timeline:
    """The timeline of the events of a child, in any order, under whichever of its keys."""
    masked = {each.event_id: MaskedEvent.of(each) for each in events}
    case = fold_facts(each.fact for each in masked.values())
    current_event_ids = {event_id: fact.event_id for event_id, fact in current_facts(case.facts).items()}
    entries = _build_entries(masked, case, current_event_ids)
    numbers = {each.stored.event_id: entry.number for entry in entries for each in entry.events}
    for entry in entries:
        related = [each for event in entry.events for each in _references(event, case, not entry.state)]
        entry.references += [EntryReference(how, about, numbers.get(about)) for how, about in dict.fromkeys(related)]
    for entry in entries:
        for reference in tuple(entry.references):
            if reference.entry_number is not None and reference.relation in _INVERSE_RELATIONS:
                inverse = _INVERSE_RELATIONS[reference.relation]
                back = EntryReference(inverse, entry.first.stored.event_id, entry.number)
                entries[reference.entry_number - 1].references.append(back)
    return Timeline(case_summary(case), tuple(entries), current_event_ids, numbers)


def _build_entries(
    events: Mapping[str, MaskedEvent], case: CaseFile, current_event_ids: Mapping[str, str]
) -> list[TimelineEntry]:
    """The lines in order of when their first event came about, without what points at what."""

    def recorded(event_id: str) -> tuple[int, str]:
        return recording_order(events[event_id].fact)

    together = {}
    for failure in missed_hearings(case):
        reports = sorted((current_event_ids[fact.event_id] for fact in failure.reports), key=recorded)
        together.update(dict.fromkeys(reports, reports))
    back, counting = retracted(case.facts), frozenset(current_event_ids.values())
    entries: list[TimelineEntry] = []
    placed: set[str] = set()
    for event_id in sorted(events, key=lambda each: (events[each].stored.occurred_at, recorded(each))):
        if event_id not in placed:
            ids = together.get(event_id, [event_id])
            placed.update(ids)
            replaced = event_id not in counting and events[event_id].fact.kind not in RETRACTING_KINDS
            state = "taken back" if event_id in back else "corrected" if replaced else ""
            entries.append(TimelineEntry(len(entries) + 1, tuple(events[each] for each in ids), state))
    return entries


# How the line that is pointed at says it.
_INVERSE_RELATIONS = {
    "corrects": "corrected by",
    "takes back": "taken back by",
    "undoes": "undone by",
    "follows": "followed by",
    "ends": "ended by",
}


def _references(event: MaskedEvent, case: CaseFile, in_force: bool) -> Iterator[tuple[str, str]]:
    """The events that an event is about, and how; one that is not in force is only about what it amends."""
    fact, (_, body) = event.fact, event.content
    if fact.amends:
        yield _amendment_relation(fact, case), fact.amends
    if not in_force:
        return
    match fact.kind:
        case FactKind.ADDRESS_CORRECTION:
            yield "corrects", fact.about
        case FactKind.ADDRESS_CHANGE:
            yield "follows", fact.about
        case FactKind.LOCATED:
            named = [fact.about] if fact.about else []
            left = case.of_kinds(FactKind.RUNAWAY_FROM_CUSTODY, FactKind.ABSENT_FROM_SPONSOR)
            yield from (("ends", each) for each in named or [a.event_id for a in left if ends_absence(fact, a)])
        case FactKind.NTA_SERVED if body["address_event_id_used"]:
            yield "used the address of", body["address_event_id_used"]
        case FactKind.HEARING:
            if body["notice_address_event_id"]:
                yield "notice went to the address of", body["notice_address_event_id"]
            yield from _hearing_references("in place of", body["supersedes_hearing_id"], case)
        case FactKind.FAILURE_TO_APPEAR | FactKind.IN_ABSENTIA_ORDER:
            yield from _hearing_references("of the hearing in", fact.about, case)
        case _:
            return


def _amendment_relation(fact: Fact, case: CaseFile) -> str:
    """How a fact amends the event that it names."""
    named = next((each.kind for each in case.facts if each.event_id == fact.amends), FactKind.MERGE)
    if fact.kind is FactKind.UNMERGE:
        return "undoes" if named is FactKind.MERGE else "undoes no merge, for none is"
    return "takes back" if fact.kind is FactKind.RETRACTION else "corrects"


def _hearing_references(relation: str, hearing_id: str | None, case: CaseFile) -> Iterator[tuple[str, str]]:
    """The last setting of a hearing."""
    settings = [fact.event_id for fact in case.of_kinds(FactKind.HEARING) if fact.about == hearing_id]
    if settings:
        yield relation, settings[-1]
