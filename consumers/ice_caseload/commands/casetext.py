"""A child's case as people read it in a terminal: the head, then one paragraph a fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casefeed.read.gaps import Gap
from casefeed.read.parked import ParkedRecord
from casefeed.read.questions import Uncertainty
from ice_caseload import words
from ice_caseload.says import Speech, details, for_people, says, withheld
from ice_caseload.timeline import Line, Pointer, Timeline

LABEL = 16
# Ids of other events: people get the line instead.
_POINTED_AT = (
    "previous_address_event_id",
    "closes_event_id",
    "address_event_id_used",
    "notice_address_event_id",
)


def opening(
    key: str, told_of: Timeline, uncertain: Uncertainty, told: Sequence[str], speech: Speech
) -> Iterator[str]:
    head = told_of.head
    yield f"Child {key}" + (f", case of {words.area(head.area)}" if head.area else "")
    release = "none yet: not placed"
    if head.release is not None:
        at = told_of.line_of(head.release.placed.event_id)
        release = f"{head.release.finding.words} (placed in line {at}"
        stated = told_of.line_of(head.release.stated.event_id)
        release += ")" if stated == at else f", corrected in line {stated})"
    yield _labelled("release address", release)
    rungs = [("issued", head.issued), ("served", head.served), ("filed and accepted", head.filed)]
    yield _labelled(
        "NTA",
        "; ".join(
            f"{name} {speech.time(fact.occurred_at)}" if fact else f"not {name}" for name, fact in rungs
        ),
    )
    away = [
        f"absent from {'ORR custody' if absence.from_custody else 'sponsor'} since "
        f"{speech.time(absence.left.occurred_at)} (line {told_of.line_of(absence.left.event_id)})"
        for absence in head.away
    ]
    yield _labelled("absences", "; ".join(away) or "none that lasts")
    if uncertain:
        yield _labelled("uncertain since", speech.time(uncertain.since or 0))
        for each in uncertain.parked:
            yield _labelled("", _parked(each))
        for gap in uncertain.gaps:
            yield _labelled("", _missing(gap, speech))
    for index, text in enumerate(told):
        yield _labelled("" if index else "complete up to", text)
    if not told_of.lines:
        yield "No event of this child could be applied yet."


def _parked(record: ParkedRecord) -> str:
    reason = record.reason_now or record.reason
    return (
        f"record {record.id} is parked ({reason.value}): {reason.sentence} The {reason.repairer.value} can repair "
        f"it; `casefeed ice parked show {record.id}`"
    )


def _missing(gap: Gap, speech: Speech) -> str:
    which = f"number {gap.first} is" if gap.first == gap.last else f"numbers {gap.first} to {gap.last} are"
    return f"{which} missing from {gap.source}; a later one came {speech.time(gap.since)}"


def _labelled(label: str, text: str) -> str:
    return f"    {label:<{LABEL}} {text}"


def _pointer(pointer: Pointer) -> str:
    return f"{pointer.how} {'an event not held here' if pointer.line is None else f'line {pointer.line}'}"


def paragraph(line: Line, speech: Speech) -> Iterator[str]:
    first = line.first
    yield f"{line.number:>3}. {speech.time(first.event.occurred_at)}  {says(first, speech)}"
    if line.points:
        yield _labelled("", ", ".join(_pointer(each) for each in line.points))
    for index, telling in enumerate(line.tellings):
        if len(line.tellings) > 1:
            said = (
                f"told {speech.time(telling.event.occurred_at)}  {says(telling, speech)}"
                if index
                else "as above"
            )
            yield _labelled(words.plain(telling.event.agency), said)
        for name, at, gap in telling.gaps:
            yield _labelled(name, f"{speech.time(at)}  {words.later(gap)}")
        event = telling.event
        topic, partition = event.partition
        by = f"{event.source} no. {event.sequence} ({words.plain(event.agency)})"
        yield _labelled("source", f"{by}, {topic}/{partition}@{event.offset}")
        shown = details(event.event_type, telling.masked, for_people(speech))
        told = [f"{words.plain(name)}: {value}" for name, value in shown if not name.endswith(_POINTED_AT)]
        if told:
            yield _labelled("details", "; ".join(told))
        if hidden := withheld(event.event_type, telling.masked):
            yield _labelled("withheld", ", ".join(hidden))
