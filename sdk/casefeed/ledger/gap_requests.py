"""Asking senders for numbers that are missing: one EventsRequested a gap, put out by ICE's own desk.

The rule acts from when both topics were first read to their ends: a gap that was noticed before may be one that was
asked for already, or is a matter of the past; people ask for those (`casefeed ice gaps ask`). A question's id is
derived from the gap, so that it is asked once however often the rule runs or the ledger is built anew. What is left
of a gap that was answered in part is a gap, and a question, of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.ids import derived_id
from casefeed.ledger.database import SQL
from casefeed.publish.desk import Desk, RecordedEvent
from casefeed.publish.event_input import EventInput
from casefeed.read.gaps import Gap, open_gaps, rule_since, start_rule
from casefeed.read.store import MillisecondClock, SqliteStore
from casefeed.runtime import settings
from casefeed.store import StoreError, execute_in_chunks
from ice_caseload.agency import ICE

RULE = "ask-for-missing-numbers"
RECORDER = "ICE_ERO"
CHECK_EVERY_MS = 30_000
BUSY_TIMEOUT_MS = 200
MS_PER_MINUTE = 60_000


def late_cutoff(now: int, after_minutes: float) -> int:
    """Gaps noticed before this (ms UTC) are open for as many minutes as they may be at `now`, or longer."""
    return int(now - after_minutes * MS_PER_MINUTE) + 1


def request_id(gap: Gap) -> str:
    """The id of the question about a gap."""
    return derived_id(RULE, gap.child_key, gap.source, gap.first, gap.last)


def gap_request(gap: Gap) -> EventInput:
    """The question about a gap, as ICE's desk takes it; it follows from the event past the gap."""
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


def requested_at(db: sqlite3.Connection, gaps: Iterable[Gap]) -> dict[Gap, int]:
    """Those of the gaps that were asked for, with when (ms UTC): the question lies in the log or at ICE's desk."""
    ids = {bytes.fromhex(request_id(gap).replace("-", "")): gap for gap in gaps}
    found: dict[bytes, int] = dict(execute_in_chunks(db, SQL["recorded_in_log"], list(ids)))
    if db.execute(SQL["desk_exists"]).fetchone() is not None:
        found |= dict(execute_in_chunks(db, SQL["recorded_in_outbox"], list(ids)))
    return {ids[event_id]: at for event_id, at in found.items()}


def record_requests(desk: Desk, gaps: Sequence[Gap], now: int) -> int:
    """Put a question about each gap out at ICE's desk; how many were put. Raises StoreFault."""
    answers = desk.record([gap_request(gap) for gap in gaps], RECORDER, now)
    return sum(isinstance(each, RecordedEvent) and not each.duplicate for each in answers)


@dataclass(slots=True)
class GapRequestRule:
    """The rule, to be called whenever the intake has read to the ends. `clock` gives ms UTC."""

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
            since = rule_since(db, RULE)
            gaps = [] if since is None else open_gaps(db, since=since, before=late)[0]
            asked = requested_at(db, gaps)
        if since is None:
            start_rule(store, RULE, now)
        if unasked := [gap for gap in gaps if gap not in asked]:
            self._record_requests(unasked, now)

    @staticmethod
    def _record_requests(gaps: Sequence[Gap], now: int) -> None:
        log = structlog.get_logger()
        try:
            with ICE.desk(settings.load()) as desk:
                # The intake reads nothing meanwhile.
                desk.db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                log.info("asked senders for missing numbers", count=record_requests(desk, gaps, now))
        except StoreError as fault:
            log.warning("the desk cannot be written now, senders are asked later", error=fault.code)
