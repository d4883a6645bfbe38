"""Gaps: numbers that senders gave and that are missing here, since when, what was asked, and what was given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from casefeed.contract.ids import derived_id
from casefeed.ledger import display
from casefeed.ledger.database import SQL, LedgerConnection
from casefeed.ledger.display import start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.ledger.page import Page, attributes
from casefeed.read.gaps import ClosedGap, Gap, closed_gaps, open_gaps
from casefeed.store import execute_in_chunks

REQUEST_RULE = "ask-for-missing-numbers"
MS_PER_MINUTE = 60_000


def late_cutoff(now: int, after_minutes: float) -> int:
    """Gaps noticed before this (ms UTC) are open for as many minutes as they may be at `now`, or longer."""
    return int(now - after_minutes * MS_PER_MINUTE) + 1


@dataclass(frozen=True, slots=True)
class GapQuery:
    """Which gaps are asked for: those that pass every filter that is not None.

    `child_key`: of this child, under any of its keys; `source`: in what it numbered; `since`: noticed on this UTC day
    or later; `before`: noticed before this time (ms UTC).
    """

    child_key: str | None = None
    source: str | None = None
    since: date | None = None
    before: int | None = None

    def as_dict(self, child_keys: tuple[str, ...] | None, *, closed: bool) -> dict[str, Any]:
        """The same for programs."""
        return {
            "child_key": self.child_key,
            "child_keys": child_keys,
            "source": self.source,
            "since": self.since and self.since.isoformat(),
            "late": self.before is not None,
            "closed": closed,
        }


@dataclass(frozen=True, slots=True)
class GapPage(Page):
    """The open gaps that pass a query, the longest open first: as many as were asked for of `count`.

    `child_keys`: all keys of the child asked for. `requested`: when (ms UTC) the sender was asked, where it was.
    `asked_now`: how many it was asked for just now, where that was to be done.
    """

    FIELDS = (
        "child_key", "source", "first", "last", "missing", "since", "past_event_id", "asked_at",
    )  # fmt: skip
    ROWS = "gaps"

    query: GapQuery
    child_keys: tuple[str, ...] | None
    items: list[Gap]
    requested: dict[Gap, int]
    count: int
    freshness: Freshness
    asked_now: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "filters": self.query.as_dict(self.child_keys, closed=False),
            "count": self.count,
            **({} if self.asked_now is None else {"asked_now": self.asked_now}),
            "complete": self.freshness.as_dict(),
            "gaps": [
                {
                    **attributes(gap, ("child_key", "source", "first", "last", "missing")),
                    "since": display.iso(gap.since),
                    "past_event_id": str(gap.next_event_id),
                    "asked_at": display.iso(self.requested.get(gap)),
                }
                for gap in self.items
            ],
        }


@dataclass(frozen=True, slots=True)
class ClosedGapPage(Page):
    """What was given up and has not come since, the last given up first: as many as were asked for of `count`."""

    FIELDS = (
        "child_key", "source", "first", "last", "missing", "decision", "at", "by", "reason",
    )  # fmt: skip
    ROWS = "gaps"

    query: GapQuery
    child_keys: tuple[str, ...] | None
    items: list[ClosedGap]
    count: int
    freshness: Freshness

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "filters": self.query.as_dict(self.child_keys, closed=True),
            "count": self.count,
            "complete": self.freshness.as_dict(),
            "gaps": [closed_gap_dict(each) for each in self.items],
        }


def closed_gap_dict(gap: ClosedGap) -> dict[str, Any]:
    """What was given up, as programs get it."""
    return {**attributes(gap, ClosedGapPage.FIELDS), "at": display.iso(gap.at)}


def load_gap_page(db: LedgerConnection, query: GapQuery, now: int, *, limit: int | None = None) -> GapPage:
    """The open gaps that pass a query at `now` (ms UTC), at most `limit` of them."""
    keys = keys_of_child(db, query.child_key)
    found, count = open_gaps(
        db, child_keys=keys, source=query.source, since=start_of_day(query.since), before=query.before, limit=limit
    )
    return GapPage(query, keys, found, requested_at(db, found), count, load_freshness(db, now))


def load_closed_gap_page(
    db: LedgerConnection, query: GapQuery, now: int, *, limit: int | None = None
) -> ClosedGapPage:
    """What was given up of a child and of a source; the query's times do not count."""
    keys = keys_of_child(db, query.child_key)
    found, count = closed_gaps(db, child_keys=keys, source=query.source, limit=limit)
    return ClosedGapPage(query, keys, found, count, load_freshness(db, now))


def request_id(gap: Gap) -> str:
    """The id of the question about a gap."""
    return derived_id(REQUEST_RULE, gap.child_key, gap.source, gap.first, gap.last)


def requested_at(db: LedgerConnection, gaps: Iterable[Gap]) -> dict[Gap, int]:
    """Those of the gaps that were asked for, with when (ms UTC): the question lies in the log or at the own desk."""
    ids = {bytes.fromhex(request_id(gap).replace("-", "")): gap for gap in gaps}
    found: dict[bytes, int] = dict(execute_in_chunks(db, SQL["recorded_in_log"], list(ids)))
    if db.execute(SQL["desk_exists"]).fetchone() is not None:
        found |= dict(execute_in_chunks(db, SQL["recorded_in_outbox"], list(ids)))
    return {ids[event_id]: at for event_id, at in found.items()}
