"""A child's case as people read it in a terminal: the head, then one paragraph a fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from casefeed.read.gaps import ClosedGap, Gap
from casefeed.read.parked import ParkedRecord
from casefeed.read.queries import Uncertainty
from ice_caseload import words
from ice_caseload.merged import Keys, Merging
from ice_caseload.says import Speech, details, for_people, says, withheld
from ice_caseload.timeline import Line, Pointer, Telling, Timeline

LABEL = 16
# Ids of other events: people get the line instead.
_POINTED_AT = (
    "corrects_event_id",
    "retracts_event_id",
    "unmerges_event_id",
    "restated_dataschema",
    "previous_address_event_id",
    "closes_event_id",
    "address_event_id_used",
    "notice_address_event_id",
)


def opening(
    keys: Keys,
    told_of: Timeline,
    uncertain: Uncertainty,
    given_up: Sequence[ClosedGap],
    told: Sequence[str],
    speech: Speech,
    known_by: date | None,
) -> Iterator[str]:
    head = told_of.head
    yield f"Child {keys.child.shown}" + (f", case of {words.area(head.area)}" if head.area else "")
    if keys.asked != keys.child.shown:
        yield _labelled("asked for as", keys.asked)
    for index, merging in enumerate(keys.mergings):
        yield _labelled("" if index else "keys", _merging(merging, speech))
    release = "none yet: not placed"
    if head.release is not None:
        at = told_of.line_of(head.release.placed.event_id)
        release = f"{head.release.finding.words} (placed in line {at}"
        stated = told_of.line_stating(head.release.stated.event_id)
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
    since = uncertain_since(keys, uncertain)
    if since is not None:
        yield _labelled("uncertain since", speech.time(since))
        if keys.child.disagree:
            yield _labelled("", DISAGREE)
        for each in uncertain.parked:
            yield _labelled("", _parked(each))
        for gap in uncertain.gaps:
            yield _labelled("", _missing(gap, speech))
        if known_by is not None and uncertain:
            yield _labelled("", f"parked or missing now: whether it was recorded by {known_by} is not known")
    for index, closed in enumerate(given_up):
        yield _labelled("" if index else "given up", _given_up(closed, speech))
    for index, text in enumerate(told):
        yield _labelled("" if index else "complete up to", text)
    if not told_of.lines:
        yield "No event of this child could be applied yet."


DISAGREE = (
    "the merges in force do not say which one key stays; who published them can take one back, or merge the keys "
    "that they left apart"
)


def uncertain_since(keys: Keys, uncertain: Uncertainty) -> int | None:
    """Since when something of the case is not known for sure (ms UTC); None where all is."""
    times = [] if uncertain.since is None else [uncertain.since]
    if keys.child.disagree:
        times.append(max(each.event.received_at for each in keys.mergings if each.in_force))
    return min(times, default=None)


def _merging(merging: Merging, speech: Speech) -> str:
    event = merging.event
    by = f"{event.source} ({words.plain(event.agency)})"
    undone = "" if merging.in_force else "; undone since"
    return f"{merging.goes} merged into {merging.stays} by {by}, recorded {speech.time(event.recorded_at)}{undone}"


def _parked(record: ParkedRecord) -> str:
    reason = record.why
    return (
        f"record {record.id} is parked ({reason.value}): {reason.sentence} The {reason.repairer.value} can repair "
        f"it; `casefeed ice parked show {record.id}`"
    )


def _missing(gap: Gap, speech: Speech) -> str:
    verb = "is" if gap.first == gap.last else "are"
    return f"{_numbers(gap)} {verb} missing from {gap.source}; a later one came {speech.time(gap.since)}"


def _numbers(gap: Gap | ClosedGap) -> str:
    return f"number{'' if gap.first == gap.last else 's'} {words.run(gap.first, gap.last)}"


def _given_up(gap: ClosedGap, speech: Speech) -> str:
    some = "" if gap.missing == gap.last - gap.first + 1 else f"{gap.missing:,} of the "
    which = f"{some}{_numbers(gap)} from {gap.source}"
    return f"{which}, {speech.time(gap.at)} by {gap.by}: {gap.reason} (decision {gap.decision})"


def _labelled(label: str, text: str) -> str:
    return f"    {label:<{LABEL}} {text}"


def _pointer(pointer: Pointer) -> str:
    return f"{pointer.how} {'an event not held here' if pointer.line is None else f'line {pointer.line}'}"


def paragraph(line: Line, speech: Speech) -> Iterator[str]:
    first = line.first
    state = f"  [{line.state}]" if line.state else ""
    yield f"{line.number:>3}. {speech.time(first.event.occurred_at)}  {says(first, speech)}{state}"
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
        if told := list(_details(telling, speech)):
            yield _labelled("details", "; ".join(told))
        if hidden := withheld(*telling.content):
            yield _labelled("withheld", ", ".join(hidden))


def _details(telling: Telling, speech: Speech) -> Iterator[str]:
    """The fields that may be shown, those of what a correction restates after its own."""
    told = [(telling.event.event_type, telling.masked), *([telling.restated] if telling.restated else [])]
    for event_type, masked in told:
        for name, value in details(event_type, masked, for_people(speech)):
            if not name.endswith(_POINTED_AT):
                yield f"{words.plain(name)}: {value}"
