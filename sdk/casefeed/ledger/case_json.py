"""A child's case as programs get it, part by part: times in RFC 3339 (ms UTC), personal values withheld."""

from __future__ import annotations

from typing import Any

from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale, describe, json_value, visible_fields
from casefeed.ledger.merged_keys import ChildKeys
from casefeed.ledger.timeline import MaskedEvent, Timeline, TimelineEntry


def keys_dict(keys: ChildKeys) -> dict[str, Any]:
    """The keys of a child, and the merges that name one of them."""
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


def summary_dict(timeline: Timeline) -> dict[str, Any]:
    """What the case comes to, with the lines of the timeline that say it."""
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


def entry_dict(entry: TimelineEntry) -> dict[str, Any]:
    """One fact of the timeline, with every event that tells it."""
    return {
        "line": entry.number,
        "says": describe(entry.first, Locale()),
        "state": entry.state or "in force",
        "points_at": [
            {"how": each.relation, "event_id": each.event_id, "line": each.entry_number} for each in entry.references
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
