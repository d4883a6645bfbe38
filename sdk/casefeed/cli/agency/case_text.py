"""A child's case as people read it in a terminal: the head, then one paragraph a fact."""

from __future__ import annotations

from collections.abc import Iterator

from casefeed.ledger import display
from casefeed.ledger.case_view import DISAGREEMENT, CaseView
from casefeed.ledger.event_text import Locale, describe, display_formatter, visible_fields, withheld_categories
from casefeed.ledger.merged_keys import KeyMerge
from casefeed.ledger.timeline import MaskedEvent, TimelineEntry
from casefeed.read.gaps import ClosedGap, Gap
from casefeed.read.parked import ParkedRecord

LABEL_WIDTH = 16
# Ids of other events: people get the line instead.
_REFERENCE_FIELDS = (
    "corrects_event_id", "retracts_event_id", "unmerges_event_id", "restated_dataschema",
    "previous_address_event_id", "closes_event_id", "address_event_id_used", "notice_address_event_id",
)  # fmt: skip


def case_lines(view: CaseView, command: str, locale: Locale) -> Iterator[str]:
    """The lines of a case; `command` is the agency's."""
    yield from _header_lines(view, command, locale)
    for entry in view.timeline.entries:
        yield ""
        yield from _entry_lines(entry, locale)


def _header_lines(view: CaseView, command: str, locale: Locale) -> Iterator[str]:
    keys, timeline, uncertain, head = view.keys, view.timeline, view.uncertain, view.timeline.summary
    yield f"Child {keys.child.display_key}" + (f", case of {display.area_name(head.area)}" if head.area else "")
    if keys.requested != keys.child.display_key:
        yield from _labelled("asked for as", keys.requested)
    yield from _labelled("keys", *(_merge_text(merge, locale) for merge in keys.merges))
    release = "none yet: not placed"
    if head.release_address is not None:
        at = timeline.entry_number_of(head.release_address.placement.event_id)
        release = f"{head.release_address.finding.label} (placed in line {at}"
        stated = timeline.current_entry_number(head.release_address.address_fact.event_id)
        release += ")" if stated == at else f", corrected in line {stated})"
    yield from _labelled("release address", release)
    rungs = [("issued", head.nta_issued), ("served", head.nta_served), ("filed and accepted", head.nta_filed)]
    yield from _labelled(
        "NTA",
        "; ".join(
            f"{name} {locale.format_time(fact.occurred_at)}" if fact else f"not {name}" for name, fact in rungs
        ),
    )
    away = [
        f"absent from {'ORR custody' if absence.from_custody else 'sponsor'} since "
        f"{locale.format_time(absence.departure.occurred_at)} (line "
        f"{timeline.entry_number_of(absence.departure.event_id)})"
        for absence in head.open_absences
    ]
    yield from _labelled("absences", "; ".join(away) or "none that lasts")
    if view.uncertain_since is not None:
        yield from _labelled("uncertain since", locale.format_time(view.uncertain_since))
        if keys.child.conflicting:
            yield from _labelled("", DISAGREEMENT)
        yield from _labelled("", *(_parked_text(each, command) for each in uncertain.parked))
        yield from _labelled("", *(_gap_text(gap, locale) for gap in uncertain.gaps))
        if view.known_by is not None and uncertain:
            yield from _labelled(
                "", f"parked or missing now: whether it was recorded by {view.known_by} is not known"
            )
    yield from _labelled("given up", *(_closed_gap_text(closed, locale) for closed in view.given_up))
    freshness = view.freshness
    yield from _labelled("complete up to", *freshness.topic_lines(command), *freshness.overdue_sentences())
    if not timeline.entries:
        yield "No event of this child could be applied yet."


def _merge_text(merge: KeyMerge, locale: Locale) -> str:
    event = merge.event
    by = f"{event.source} ({display.humanize(event.agency)})"
    undone = "" if merge.in_force else "; undone since"
    return (
        f"{merge.merged_key} merged into {merge.surviving_key} by {by}, recorded "
        f"{locale.format_time(event.recorded_at)}{undone}"
    )


def _parked_text(record: ParkedRecord, command: str) -> str:
    reason = record.current_reason
    return (
        f"record {record.id} is parked ({reason.value}): {reason.description} The {reason.repairer.value} can repair "
        f"it; `{command} parked show {record.id}`"
    )


def _gap_text(gap: Gap, locale: Locale) -> str:
    verb = "is" if gap.first == gap.last else "are"
    return (
        f"{_sequence_numbers(gap)} {verb} missing from {gap.source}; a later one came {locale.format_time(gap.since)}"
    )


def _sequence_numbers(gap: Gap | ClosedGap) -> str:
    return f"number{'' if gap.first == gap.last else 's'} {display.sequence_range(gap.first, gap.last)}"


def _closed_gap_text(gap: ClosedGap, locale: Locale) -> str:
    some = "" if gap.missing == gap.last - gap.first + 1 else f"{gap.missing:,} of the "
    which = f"{some}{_sequence_numbers(gap)} from {gap.source}"
    return f"{which}, {locale.format_time(gap.at)} by {gap.by}: {gap.reason} (decision {gap.decision})"


def _labelled(label: str, *texts: str) -> Iterator[str]:
    """A line for each text; the first has the label."""
    for index, text in enumerate(texts):
        yield f"    {'' if index else label:<{LABEL_WIDTH}} {text}"


def _entry_lines(entry: TimelineEntry, locale: Locale) -> Iterator[str]:
    first = entry.first
    state = f"  [{entry.state}]" if entry.state else ""
    yield f"{entry.number:>3}. {locale.format_time(first.stored.occurred_at)}  {describe(first, locale)}{state}"
    numbered = [(each.relation, each.entry_number) for each in entry.references]
    references = [f"{how} {f'line {at}' if at is not None else 'an event not held here'}" for how, at in numbered]
    if references:
        yield from _labelled("", ", ".join(references))
    for index, masked in enumerate(entry.events):
        event, agency = masked.stored, display.humanize(masked.stored.agency)
        if len(entry.events) > 1:
            text = f"told {locale.format_time(event.occurred_at)}  {describe(masked, locale)}"
            yield from _labelled(agency, text if index else "as above")
        for name, at, gap in masked.delays:
            yield from _labelled(name, f"{locale.format_time(at)}  {display.delay_text(gap)}")
        topic, partition = event.partition
        by = f"{event.source} no. {event.sequence} ({agency})"
        yield from _labelled("source", f"{by}, {topic}/{partition}@{event.offset}")
        if fields := list(_field_texts(masked, locale)):
            yield from _labelled("details", "; ".join(fields))
        if hidden := withheld_categories(*masked.content):
            yield from _labelled("withheld", ", ".join(hidden))


def _field_texts(event: MaskedEvent, locale: Locale) -> Iterator[str]:
    """The fields that may be shown, those of what a correction restates after its own."""
    contents = [(event.stored.event_type, event.masked), *([event.corrected] if event.corrected else [])]
    for event_type, masked in contents:
        for name, value in visible_fields(event_type, masked, display_formatter(locale)):
            if not name.endswith(_REFERENCE_FIELDS):
                yield f"{display.humanize(name)}: {value}"
