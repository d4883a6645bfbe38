"""One child's case as an answer: its keys, its timeline, what is uncertain of it, and up to where it is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from casefeed.ledger import display
from casefeed.ledger.case_json import entry_dict, keys_dict, summary_dict
from casefeed.ledger.database import SQL, LedgerConnection
from casefeed.ledger.display import start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.gaps import closed_gap_dict
from casefeed.ledger.merged_keys import ChildKeys, resolve_keys
from casefeed.ledger.timeline import Timeline, build_timeline
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
            "known_by": None if self.known_by is None else self.known_by.isoformat(),
            "keys": keys_dict(self.keys),
            "head": summary_dict(self.timeline),
            "uncertain": self._uncertain_dict(),
            "given_up": [closed_gap_dict(each) for each in self.given_up],
            "complete": self.freshness.as_dict(),
            "timeline": [entry_dict(each) for each in self.timeline.entries],
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


def load_case(db: LedgerConnection, child_key: str, now: int, known_by: date | None = None) -> CaseView:
    """The case of the child that goes by a key, at `now` (ms UTC), by what was recorded by a day."""
    before = start_of_day(known_by, days_later=1)
    connected = _events_by_key(db, child_key, before)
    keys = resolve_keys(child_key, connected)
    events = [event for each in keys.child.keys for event in connected.get(each, ())]
    return CaseView(
        now,
        known_by,
        keys,
        build_timeline(events),
        _combine([uncertainty_of(db, each) for each in keys.child.keys]),
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


def _combine(uncertainties: Sequence[Uncertainty]) -> Uncertainty:
    return Uncertainty(
        tuple({parked.id: parked for each in uncertainties for parked in each.parked}.values()),
        tuple(gap for each in uncertainties for gap in each.gaps),
    )
