"""Refused records: records that may not be here. Where they lay, their digest and why is all that is kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from casefeed.contract.reasons import RefusedReason
from casefeed.ledger import display
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.read.parked import RefusedRecord, refused_records

FIELDS = ("id", "reason", "repairer", "topic", "partition", "offset", "sha256", "received_at", "detail")


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """The refused records that pass the filters, the last first: as many as were asked for of `count`.

    `since`: received then (ms UTC) or later.
    """

    reason: RefusedReason | None
    topic: str | None
    since: int | None
    records: list[RefusedRecord]
    count: int
    freshness: Freshness

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records as programs get them: `FIELDS` and more."""
        return [_record_dict(each) for each in self.records]

    def as_dict(self) -> dict[str, Any]:
        """The page as programs get it."""
        filters = {
            "reason": None if self.reason is None else self.reason.value,
            "topic": self.topic,
            "since": display.iso_day(self.since),
        }
        complete = self.freshness.as_dict()
        return {"filters": filters, "count": self.count, "complete": complete, "refused": self.rows}


def load_refused_page(
    db: sqlite3.Connection,
    now: int,
    *,
    reason: RefusedReason | None = None,
    topic: str | None = None,
    since: int | None = None,
    limit: int | None = None,
) -> RefusedPage:
    """The refused records that pass every filter given."""
    records, count = refused_records(db, reason=reason, topic=topic, since=since, limit=limit)
    return RefusedPage(reason, topic, since, records, count, load_freshness(db, now))


def _record_dict(record: RefusedRecord) -> dict[str, Any]:
    topic, partition = record.partition
    return {
        "id": record.id,
        "reason": record.reason.value,
        "sentence": record.reason.description,
        "repairer": record.reason.repairer.value,
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "sha256": record.digest.hex(),
        "received_at": display.iso(record.received_at),
        "detail": record.detail,
    }
