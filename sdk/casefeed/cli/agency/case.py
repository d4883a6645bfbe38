"""`casefeed ice case KEY`: one child, one timeline, every clock, and what is uncertain."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from casefeed.cli.agency import output
from casefeed.cli.agency.case_text import DISAGREEMENT, entry_lines, header_lines, uncertain_since
from casefeed.cli.agency.gap_decisions import closed_gap_dict
from casefeed.cli.options import parse_child_key
from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.ledger import display
from casefeed.ledger.database import SQL
from casefeed.ledger.event_text import Locale, describe, json_value, visible_fields
from casefeed.ledger.freshness import load_freshness
from casefeed.ledger.merged_keys import ChildKeys, resolve_keys
from casefeed.ledger.timeline import MaskedEvent, Timeline, TimelineEntry, build_timeline
from casefeed.read.gaps import closed_gaps_of
from casefeed.read.queries import StoredEvent, Uncertainty, stored_events, uncertainty_of
from casefeed.runtime.errors import CheckFailed


@click.command("case")
@click.argument("key", metavar="KEY", nargs=-1, required=True, callback=parse_child_key)
@click.option(
    "--known-by", type=output.DAY, help="What was believed on this UTC day: only what was recorded by then."
)
@output.format_option("table", "json")
def case(key: str, known_by: datetime | None, form: str) -> None:
    """One child's timeline: every event with its clocks and its source, and what the case comes to.

    KEY is the child key, as lists and events show it, or one that was merged with it. What was corrected or taken
    back stays and says so. Personal values are withheld. What is parked, missing or given up is that of now with
    --known-by too: it may have been recorded by then.
    """
    now = output.now_ms()
    before = output.start_of_day(known_by, days_later=1)
    with output.ledger_snapshot() as db:
        tied = _events_by_key(db, key, before)
        keys = resolve_keys(key, tied)
        uncertain = _combine([uncertainty_of(db, each) for each in keys.child.keys])
        given_up = closed_gaps_of(db, keys.child.keys)
        complete = load_freshness(db, now, recorded_before=before)
    events = [event for each in keys.child.keys for event in tied.get(each, ())]
    if not events and (known_by is not None or not uncertain):
        when = "" if known_by is None else f" that was recorded by {known_by.date()}"
        raise CheckFailed(
            f"This ledger holds nothing of that child{when}{_uncertainty_note(uncertain)}. It is complete up to: "
            f"{'; '.join(complete.topic_lines())}. Look at the key again, or ask once more when the "
            "intake has read on."
        )
    told_of, day = build_timeline(events), known_by and known_by.date()
    if form == "json":
        output.print_json(
            {
                "child_key": keys.child.display_key,
                "asked_for_as": key,
                "known_by": None if known_by is None else known_by.date().isoformat(),
                "keys": _keys_dict(keys),
                "head": _summary_dict(told_of),
                "uncertain": _uncertain_dict(keys, uncertain, now),
                "given_up": [closed_gap_dict(each) for each in given_up],
                "complete": complete.as_dict(),
                "timeline": [_entry_dict(line) for line in told_of.entries],
            }
        )
        complete.raise_if_stale()
        return
    speech = Locale()
    told = [*complete.topic_lines(), *complete.overdue_sentences()]
    for text in header_lines(keys, told_of, uncertain, given_up, told, speech, day):
        click.echo(text)
    for line in told_of.entries:
        click.echo()
        for text in entry_lines(line, speech):
            click.echo(text)
    complete.raise_if_stale()


def _uncertainty_note(uncertain: Uncertainty) -> str:
    if not uncertain:
        return ""
    return "; what is parked or missing of it now may have been (without --known-by this says what)"


def _events_by_key(db: sqlite3.Connection, key: str, before: int | None) -> dict[str, list[StoredEvent]]:
    """The events under a key and under all that merges tie to it, recorded before a time (ms UTC)."""
    tied = [row[0] for row in db.execute(SQL["connected_keys"], (key,))] or [key]
    return {
        each: [event for event in stored_events(db, each) if before is None or event.recorded_at < before]
        for each in tied
    }


def _combine(uncertainties: Sequence[Uncertainty]) -> Uncertainty:
    return Uncertainty(
        tuple({parked.id: parked for each in uncertainties for parked in each.parked}.values()),
        tuple(gap for each in uncertainties for gap in each.gaps),
    )


def _keys_dict(keys: ChildKeys) -> dict[str, Any]:
    return {
        "all": list(keys.child.keys),
        "disagree": keys.child.conflicting,
        "merges": [
            {
                "stays": each.surviving_key,
                "goes": each.merged_key,
                "event_id": each.event.event_id,
                "source": each.event.source,
                "agency": each.event.agency,
                "recorded_at": display.iso(each.event.recorded_at),
                "in_force": each.in_force,
            }
            for each in keys.merges
        ],
    }


def _summary_dict(timeline: Timeline) -> dict[str, Any]:
    head = timeline.summary
    release = head.release_address
    return {
        "area": head.area or None,
        "release_address": None
        if release is None
        else {
            "finding": release.finding.name.lower(),
            "placed": release.placement.event_id,
            "stated_by": timeline.current_event_ids[release.address_fact.event_id],
            "line": timeline.current_entry_number(release.address_fact.event_id),
        },
        "nta": {
            "ladder": head.nta_stage,
            "issued_at": display.iso(head.nta_issued.occurred_at) if head.nta_issued else None,
            "served_at": display.iso(head.nta_served.occurred_at) if head.nta_served else None,
            "filed_at": display.iso(head.nta_filed.occurred_at) if head.nta_filed else None,
        },
        "open_absences": [
            {
                "from": "custody" if absence.from_custody else "sponsor",
                "since": display.iso(absence.departure.occurred_at),
                "event_id": absence.departure.event_id,
                "line": timeline.entry_number_of(absence.departure.event_id),
            }
            for absence in head.open_absences
        ],
    }


def _uncertain_dict(keys: ChildKeys, uncertain: Uncertainty, now: int) -> dict[str, Any] | None:
    since = uncertain_since(keys, uncertain)
    if since is None:
        return None
    return {
        "since": display.iso(since),
        "as_of": display.iso(now),
        "merges": DISAGREEMENT if keys.child.conflicting else None,
        "parked": [
            {
                "id": each.id,
                "reason": each.current_reason.value,
                "repairer": each.current_reason.repairer.value,
                "received_at": display.iso(each.received_at),
            }
            for each in uncertain.parked
        ],
        "missing": [
            {"source": gap.source, "first": gap.first, "last": gap.last, "since": display.iso(gap.since)}
            for gap in uncertain.gaps
        ],
    }


def _entry_dict(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "line": entry.number,
        "says": describe(entry.first, Locale()),
        "state": entry.state or "in force",
        "points_at": [
            {"how": each.relation, "event_id": each.event_id, "line": each.entry_number}
            for each in entry.references
        ],
        "tellings": [_event_dict(each) for each in entry.events],
    }


def _event_dict(masked_event: MaskedEvent) -> dict[str, Any]:
    event = masked_event.stored
    topic, partition = event.partition
    return {
        "event_id": event.event_id,
        "type": event.event_type.name,
        "source": event.source,
        "agency": event.agency,
        "sequence": event.sequence,
        "at": {"topic": topic, "partition": partition, "offset": event.offset},
        "occurred_at": display.iso(event.occurred_at),
        **{f"{name}_at": display.iso(at) for name, at, _ in masked_event.delays},
        "gaps_ms": {name: gap for name, _, gap in masked_event.delays},
        "gaps": {name: display.delay_text(gap) for name, _, gap in masked_event.delays},
        **_content_dict(event.event_type, masked_event.masked),
        "restated": _corrected_dict(masked_event),
    }


def _content_dict(event_type: EventType, masked: Datum) -> dict[str, Any]:
    return {
        "details": dict(visible_fields(event_type, masked, json_value)),
        "personal": {part: masked[part] for part in PERSONAL_PARTS if part in masked},
    }


def _corrected_dict(event: MaskedEvent) -> dict[str, Any] | None:
    if event.corrected is None:
        return None
    event_type, masked = event.corrected
    occurred_at = display.iso(event.fact.occurred_at)
    return {"type": event_type.name, "occurred_at": occurred_at, **_content_dict(event_type, masked)}
