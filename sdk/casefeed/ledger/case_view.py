"""One child's case as an answer: its keys, its timeline, what is uncertain of it, and up to where it is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.ledger import display
from casefeed.ledger.database import SQL, LedgerConnection
from casefeed.ledger.display import start_of_day
from casefeed.ledger.event_text import Locale, describe, json_value, visible_fields
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.gaps import closed_gap_dict
from casefeed.ledger.merged_keys import ChildKeys, resolve_keys
from casefeed.ledger.page import attributes
from casefeed.ledger.timeline import MaskedEvent, Timeline, TimelineEntry, build_timeline
from casefeed.read.gaps import ClosedGap, closed_gaps_of
from casefeed.read.queries import StoredEvent, Uncertainty, stored_events, uncertainty_of

DISAGREEMENT = (
    "the merges in force do not say which one key stays; who published them can take one back, or merge the keys "
    "that they left apart"
)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A child's case at `now` (ms UTC), by what was recorded by a day (`known_by`; None: all that is held).

    What is uncertain and what was given up is that of now in either case.
    """

    now: int
    known_by: date | None
    keys: ChildKeys
    timeline: Timeline
    uncertain: Uncertainty
    given_up: tuple[ClosedGap, ...]
    freshness: Freshness

    @property
    def found(self) -> bool:
        """Whether the ledger holds anything of the child that the answer can show."""
        return bool(self.timeline.entries) or (self.known_by is None and bool(self.uncertain))

    @property
    def uncertain_since(self) -> int | None:
        """Since when something of the case is not known for sure (ms UTC); None where all is."""
        times = [] if self.uncertain.since is None else [self.uncertain.since]
        if self.keys.child.conflicting:
            times.append(max(each.event.received_at for each in self.keys.merges if each.in_force))
        return min(times, default=None)

    def as_dict(self) -> dict[str, Any]:
        """The case for programs: times in RFC 3339, personal values withheld."""
        return {
            "child_key": self.keys.child.display_key,
            "asked_for_as": self.keys.requested,
            "known_by": self.known_by and self.known_by.isoformat(),
            "keys": _keys_dict(self.keys),
            "head": _summary_dict(self.timeline),
            "uncertain": self._uncertain_dict(),
            "given_up": [closed_gap_dict(each) for each in self.given_up],
            "complete": self.freshness.as_dict(),
            "timeline": [_entry_dict(each) for each in self.timeline.entries],
        }

    def _uncertain_dict(self) -> dict[str, Any] | None:
        since = self.uncertain_since
        if since is None:
            return None
        return {
            "since": display.iso(since),
            "as_of": display.iso(self.now),
            "merges": DISAGREEMENT if self.keys.child.conflicting else None,
            "parked": [
                {
                    "id": each.id,
                    "reason": each.current_reason.value,
                    "repairer": each.current_reason.repairer.value,
                    "received_at": display.iso(each.received_at),
                }
                for each in self.uncertain.parked
            ],
            "missing": [
                {"source": gap.source, "first": gap.first, "last": gap.last, "since": display.iso(gap.since)}
                for gap in self.uncertain.gaps
            ],
        }


def _keys_dict(keys: ChildKeys) -> dict[str, Any]:
    """The keys of a child, and the merges that name one of them."""
    return {
        "all": list(keys.child.keys),
        "disagree": keys.child.conflicting,
        "merges": [
            {
                "stays": each.surviving_key,
                "goes": each.merged_key,
                **attributes(each.event, ("event_id", "source", "agency")),
                "recorded_at": display.iso(each.event.recorded_at),
                "in_force": each.in_force,
            }
            for each in keys.merges
        ],
    }


def _summary_dict(timeline: Timeline) -> dict[str, Any]:
    """What the case comes to, with the lines of the timeline that say it."""
    head = timeline.summary
    release = head.release_address
    rungs = (("issued", head.nta_issued), ("served", head.nta_served), ("filed", head.nta_filed))
    ladder = {rung: fact and fact.occurred_at for rung, fact in rungs}
    return {
        "area": head.area or None,
        "release_address": release
        and {
            "finding": release.finding.name.lower(),
            "placed": release.placement.event_id,
            "stated_by": timeline.current_event_ids[release.address_fact.event_id],
            "line": timeline.current_entry_number(release.address_fact.event_id),
        },
        "nta": {
            "ladder": next((rung for rung, at in reversed(ladder.items()) if at is not None), "none"),
            **{f"{rung}_at": display.iso(at) for rung, at in ladder.items()},
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


def _entry_dict(entry: TimelineEntry) -> dict[str, Any]:
    """One fact of the timeline, with every event that states it."""
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
        "restated": masked_event.corrected
        and {
            "type": masked_event.corrected[0].name,
            "occurred_at": display.iso(masked_event.fact.occurred_at),
            **_content_dict(*masked_event.corrected),
        },
    }


def _content_dict(event_type: EventType, masked: Datum) -> dict[str, Any]:
    return {
        "details": dict(visible_fields(event_type, masked, json_value)),
        "personal": {part: masked[part] for part in PERSONAL_PARTS if part in masked},
    }


def load_case(db: LedgerConnection, child_key: str, now: int, known_by: date | None = None) -> CaseView:
    """The case of the child that goes by a key, at `now` (ms UTC), by what was recorded by a day."""
    before = start_of_day(known_by, days_later=1)
    connected = _events_by_key(db, child_key, before)
    keys = resolve_keys(child_key, connected)
    events = [event for each in keys.child.keys for event in connected.get(each, ())]
    uncertain = [uncertainty_of(db, each) for each in keys.child.keys]
    parked = {record.id: record for each in uncertain for record in each.parked}
    return CaseView(
        now,
        known_by,
        keys,
        build_timeline(events),
        Uncertainty(tuple(parked.values()), tuple(gap for each in uncertain for gap in each.gaps)),
        tuple(closed_gaps_of(db, keys.child.keys)),
        load_freshness(db, now, recorded_before=before),
    )


def _events_by_key(db: LedgerConnection, child_key: str, before: int | None) -> Mapping[str, Sequence[StoredEvent]]:
    """The events under a key and under all that merges tie to it, recorded before a time (ms UTC)."""
    connected = [row[0] for row in db.execute(SQL["connected_keys"], (child_key,))] or [child_key]
    return {
        each: [event for event in stored_events(db, each) if before is None or event.recorded_at < before]
        for each in connected
    }
