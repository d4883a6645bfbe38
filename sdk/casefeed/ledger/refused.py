"""Refused records: records that may not be here. Where they lay, their digest and why is all that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from casefeed.contract.reasons import RefusedReason
from casefeed.ledger import display
from casefeed.ledger.database import LedgerConnection
from casefeed.ledger.days import start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.read.parked import RefusedRecord, refused_records


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """The refused records that pass the filters, the last first: as many as were asked for of `count`.

    `since`: received on this UTC day or later.
    """

    FIELDS: ClassVar[Sequence[str]] = (
        "id", "reason", "repairer", "topic", "partition", "offset", "sha256", "received_at", "detail",
    )  # fmt: skip

    reason: RefusedReason | None
    topic: str | None
    since: date | None
    items: list[RefusedRecord]
    count: int
    freshness: Freshness

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records for programs."""
        return [_record_dict(each) for each in self.items]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        filters = {
            "reason": self.reason and self.reason.value,
            "topic": self.topic,
            "since": self.since and self.since.isoformat(),
        }
        complete = self.freshness.as_dict()
        return {"filters": filters, "count": self.count, "complete": complete, "refused": self.rows}


def load_refused_page(
    db: LedgerConnection,
    now: int,
    *,
    reason: RefusedReason | None = None,
    topic: str | None = None,
    since: date | None = None,
    limit: int | None = None,
) -> RefusedPage:
    """The refused records that pass every filter given, at `now` (ms UTC)."""
    found, count = refused_records(db, reason=reason, topic=topic, since=start_of_day(since), limit=limit)
    return RefusedPage(reason, topic, since, found, count, load_freshness(db, now))


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
