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

from casefeed.contract.catalogue import load
from casefeed.contract.ids import derived_id
from casefeed.publish.desk import Desk, Recorded
from casefeed.publish.event_input import Draft
from casefeed.read.gaps import Gap, acts_since, begin_rule, open_gaps
from casefeed.read.store import Clock, SqliteStore
from casefeed.runtime import settings
from casefeed.store import StoreFault, among
from ice_caseload.desk import ICE
from ice_caseload.ledger import SQL

RULE = "ask-for-missing-numbers"
TELLER = "ICE_ERO"
LOOK_EVERY_MS = 30_000
WAIT_FOR_OTHERS_MS = 200
MS_PER_MINUTE = 60_000


def late_before(now: int, after_minutes: float) -> int:
    """Gaps noticed before this (ms UTC) are open for as many minutes as they may be at `now`, or longer."""
    return int(now - after_minutes * MS_PER_MINUTE) + 1


def question_id(gap: Gap) -> str:
    """The id of the question about a gap."""
    return derived_id(RULE, gap.child_key, gap.source, gap.first, gap.last)


def question(gap: Gap) -> Draft:
    """The question about a gap, as ICE's desk takes it; it follows from the event past the gap."""
    header: dict[str, Any] = {
        "event_id": question_id(gap),
        "child_key": gap.child_key,
        "occurred_at": gap.since,
        "causation_id": str(gap.past),
        "synthetic": True,
    }
    body = {
        "asked_source": gap.source,
        "first_missing": gap.first,
        "last_missing": gap.last,
        "missing_since": gap.since,
    }
    return Draft(load().named("EventsRequested"), header, body)


def asked_at(db: sqlite3.Connection, gaps: Iterable[Gap]) -> dict[Gap, int]:
    """Those of the gaps that were asked for, with when (ms UTC): the question lies in the log or at ICE's desk."""
    ids = {bytes.fromhex(question_id(gap).replace("-", "")): gap for gap in gaps}
    found: dict[bytes, int] = dict(among(db, SQL["recorded_among"], list(ids)))
    if db.execute(SQL["has_a_desk"]).fetchone() is not None:
        found |= dict(among(db, SQL["told_among"], list(ids)))
    return {ids[event_id]: at for event_id, at in found.items()}


def ask(desk: Desk, gaps: Sequence[Gap], now: int) -> int:
    """Put a question about each gap out at ICE's desk; how many were put. Raises StoreFault."""
    answers = desk.record([question(gap) for gap in gaps], TELLER, now)
    return sum(isinstance(each, Recorded) and not each.held for each in answers)


@dataclass(slots=True)
class Asking:
    """The rule, to be called whenever the intake has read to the ends. `clock` gives ms UTC."""

    after_minutes: float
    clock: Clock
    _looked_at: int | None = field(default=None, init=False)

    def __call__(self, store: SqliteStore) -> None:
        """Ask for what has been missing for too long; a desk that cannot be written now is tried again later."""
        now = self.clock()
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY_MS:
            return
        self._looked_at = now
        late = late_before(now, self.after_minutes)
        with store.reading() as db:
            since = acts_since(db, RULE)
            gaps = [] if since is None else open_gaps(db, since=since, before=late)[0]
            asked = asked_at(db, gaps)
        if since is None:
            begin_rule(store, RULE, now)
        if unasked := [gap for gap in gaps if gap not in asked]:
            self._ask(unasked, now)

    @staticmethod
    def _ask(gaps: Sequence[Gap], now: int) -> None:
        log = structlog.get_logger()
        try:
            with ICE.desk(settings.load()) as desk:
                # The intake reads nothing meanwhile.
                desk.db.execute(f"PRAGMA busy_timeout = {WAIT_FOR_OTHERS_MS}")
                log.info("asked senders for missing numbers", count=ask(desk, gaps, now))
        except StoreFault as fault:
            log.warning("the desk cannot be written now, senders are asked later", error=fault.code)
