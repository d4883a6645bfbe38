"""Refused records: records that may not be here. Where they lay, their digest and why is all that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from casefeed.contract.reasons import RefusedReason
from casefeed.ledger import display
from casefeed.ledger.database import LedgerConnection
from casefeed.ledger.display import start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.page import Page
from casefeed.read.parked import RefusedRecord, refused_records


@dataclass(frozen=True, slots=True)
class RefusedPage(Page):
    """The refused records that pass the filters, the last first: as many as were asked for of `count`.

    `since`: received on this UTC day or later.
    """

    FIELDS = (
        "id", "reason", "repairer", "topic", "partition", "offset", "sha256", "received_at", "detail",
    )  # fmt: skip
    ROWS = "refused"

    reason: RefusedReason | None
    topic: str | None
    since: date | None
    items: list[RefusedRecord]
    count: int
    freshness: Freshness

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "filters": {
                "reason": self.reason and self.reason.value,
                "topic": self.topic,
                "since": self.since and self.since.isoformat(),
            },
            "count": self.count,
            "complete": self.freshness.as_dict(),
            "refused": [
                {
                    "id": each.id,
                    "reason": each.reason.value,
                    "sentence": each.reason.description,
                    "repairer": each.reason.repairer.value,
                    "topic": each.partition[0],
                    "partition": each.partition[1],
                    "offset": each.offset,
                    "sha256": each.digest.hex(),
                    "received_at": display.iso(each.received_at),
                    "detail": each.detail,
                }
                for each in self.items
            ],
        }


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
