"""Asking senders for numbers that are missing: one EventsRequested a gap, put out by the agency's own desk.

The rule acts from when both topics were first read to their ends: a gap that was noticed before may be one that was
asked for already, or is a matter of the past; people ask for those (`gaps ask`). A question's id is derived from the
gap, so that it is asked once however often the rule runs or the ledger is built anew. What is left of a gap that was
answered in part is a gap, and a question, of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from casefeed.contract.catalogue import load_catalogue
from casefeed.ledger.gaps import REQUEST_RULE, GapPage, late_cutoff, request_id, requested_at
from casefeed.publish.agency import Agency
from casefeed.publish.desk import RecordedEvent
from casefeed.publish.event_input import EventInput
from casefeed.read.gaps import Gap, open_gaps, rule_since, start_rule
from casefeed.read.store import MillisecondClock, SqliteStore
from casefeed.runtime import logs, settings
from casefeed.store import StoreError

CHECK_EVERY_MS = 30_000
BUSY_TIMEOUT_MS = 200


def gap_request(gap: Gap) -> EventInput:
    """The question about a gap, as a desk takes it; it follows from the event past the gap."""
    header: dict[str, Any] = {
        "event_id": request_id(gap),
        "child_key": gap.child_key,
        "occurred_at": gap.since,
        "causation_id": str(gap.next_event_id),
        "synthetic": True,
    }
    body = {
        "asked_source": gap.source,
        "first_missing": gap.first,
        "last_missing": gap.last,
        "missing_since": gap.since,
    }
    return EventInput(load_catalogue().by_name("EventsRequested"), header, body)


def request_gaps(page: GapPage, agency: Agency, now: int) -> GapPage:
    """Put a question out about each gap of a page that was not asked for yet; the page as it is then.

    Raises StoreError where the agency's desk cannot be written.
    """
    unasked = [gap for gap in page.items if gap not in page.requested]
    recorded = _record_requests(agency, unasked, now) if unasked else 0
    return replace(page, requested=page.requested | dict.fromkeys(unasked, now), asked_now=recorded)


def _record_requests(agency: Agency, gaps: Sequence[Gap], now: int, busy_timeout_ms: int | None = None) -> int:
    """How many of the questions are new at the agency's desk; raises StoreError where it cannot be written."""
    with agency.desk(settings.load()) as desk:
        if busy_timeout_ms is not None:
            desk.db.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        results = desk.record([gap_request(gap) for gap in gaps], agency.default_recorder, now)
    return sum(isinstance(each, RecordedEvent) and not each.duplicate for each in results)


@dataclass(slots=True)
class GapRequestRule:
    """The rule, to be called whenever the intake has read to the ends. `clock` gives ms UTC."""

    agency: Agency
    after_minutes: float
    clock: MillisecondClock
    _checked_at: int | None = field(default=None, init=False)

    def __call__(self, store: SqliteStore) -> None:
        """Ask for what has been missing for too long; a desk that cannot be written now is tried again later."""
        now = self.clock()
        if self._checked_at is not None and now - self._checked_at < CHECK_EVERY_MS:
            return
        self._checked_at = now
        late = late_cutoff(now, self.after_minutes)
        with store.reading() as db:
            since = rule_since(db, REQUEST_RULE)
            gaps = [] if since is None else open_gaps(db, since=since, before=late)[0]
            asked = requested_at(db, gaps)
        if since is None:
            start_rule(store, REQUEST_RULE, now)
        if unasked := [gap for gap in gaps if gap not in asked]:
            log = logs.get_logger()
            try:
                # The intake reads nothing meanwhile: it waits for a short time only.
                count = _record_requests(self.agency, unasked, now, BUSY_TIMEOUT_MS)
                log.info("asked senders for missing numbers", count=count)
            except StoreError as fault:
                log.warning("the desk cannot be written now, senders are asked later", error=fault.code)
