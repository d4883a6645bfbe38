"""Parked and refused records as people and programs see them: why, who can repair them, where they lay.

The bytes of parked records are never shown. Of a record that may not be here, where it lay, its digest and why is
all that is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.reasons import RefusedReason
from casefeed.contract.validation import CHILD_KEY_PATTERN, SOURCE_PATTERN
from casefeed.ledger import display
from casefeed.ledger.database import LedgerConnection
from casefeed.ledger.decision_log import decision_dict
from casefeed.ledger.display import start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.ledger.page import Page, attributes
from casefeed.read.decisions import DecisionRecord, list_decisions
from casefeed.read.parked import (
    ParkedFilter,
    ParkedReasonCount,
    ParkedRecord,
    ParkedState,
    RefusedRecord,
    parked_reason_counts,
    parked_record,
    parked_records,
    refused_records,
)

_HEADER_NAME = re.compile(r"[a-z][a-z_.-]{0,39}")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# A header's value is shown only in the form that the contract gives it: anything may have been put there.
_HEADER_PATTERNS = {
    "ce_specversion": r"1\.0",
    "ce_id": _UUID,
    "ce_source": SOURCE_PATTERN.pattern,
    "ce_time": r"[0-9T:.+-]{19,32}Z?",
    "ce_subject": CHILD_KEY_PATTERN.pattern.decode(),
    "ce_dataschema": r"urn:casefeed:schema:casefeed\.[A-Za-z0-9]+:sha256:[0-9a-f]{64}",
    "content-type": r"application/[a-z+.-]{1,40}",
}


@dataclass(frozen=True, slots=True)
class ParkedReasonsPage(Page):
    """How many records each reason parked, of those that pass `filters`; the one with the most open records first.

    `child_key` and `since` (a UTC day) are as asked for; `filters` has all keys of that child, and the time.
    """

    FIELDS = ("reason", "repairer", "records", "open", "first_received_at", "last_received_at")
    ROWS = "causes"

    child_key: str | None
    since: date | None
    filters: ParkedFilter
    items: list[ParkedReasonCount]
    freshness: Freshness

    @property
    def count(self) -> int:
        """How many records pass."""
        return sum(each.records for each in self.items)

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        filters = {
            "reason": self.filters.cause and self.filters.cause.value,
            "topic": self.filters.topic,
            "child_key": self.child_key,
            "child_keys": self.filters.child_keys,
            "repairer": self.filters.repairer and self.filters.repairer.value,
            "since": self.since and self.since.isoformat(),
            "open": self.filters.open,
        }
        causes = [
            {
                "reason": each.reason.value,
                "repairer": each.reason.repairer.value,
                "records": each.records,
                "open": each.open,
                "first_received_at": display.iso(each.first),
                "last_received_at": display.iso(each.last),
            }
            for each in self.items
        ]
        complete = self.freshness.as_dict()
        return {"filters": filters, "count": self.count, "complete": complete, "causes": causes}


@dataclass(frozen=True, slots=True)
class ParkedPage(Page):
    """The parked records that pass the filters of `reasons`, the first parked first: as many as were asked for."""

    FIELDS = (
        "id", "reason", "repairer", "topic", "partition", "offset", "child_key", "published_at", "received_at",
        "key_bytes", "value_bytes", "sha256", "applied_since", "detail", "state", "reason_now", "detail_now",
        "tried_by", "ended_by",
    )  # fmt: skip
    ROWS = "parked"

    reasons: ParkedReasonsPage
    items: list[ParkedRecord]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {**self.reasons.as_dict(), "parked": [parked_dict(each) for each in self.items]}


@dataclass(frozen=True, slots=True)
class ParkedRecordView:
    """A parked record, and the decisions by which it was last tried and ended."""

    record: ParkedRecord
    decisions: list[DecisionRecord]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {**parked_dict(self.record), "decisions": [decision_dict(each) for each in self.decisions]}


def load_parked_reasons(
    db: LedgerConnection, filters: ParkedFilter, now: int, *, child_key: str | None, since: date | None
) -> ParkedReasonsPage:
    """How many each reason parked at `now` (ms UTC), of a child under any of its keys where one is named."""
    filters = replace(filters, child_keys=keys_of_child(db, child_key), since=start_of_day(since))
    counts = parked_reason_counts(db, filters)
    return ParkedReasonsPage(child_key, since, filters, counts, load_freshness(db, now))


def load_parked_page(db: LedgerConnection, reasons: ParkedReasonsPage, *, limit: int | None) -> ParkedPage:
    """The parked records that `reasons` counts, at most `limit` of them."""
    return ParkedPage(reasons, parked_records(db, reasons.filters, limit=limit)[0])


def load_parked_record(db: LedgerConnection, record_id: int) -> ParkedRecordView | None:
    """The parked record with this id; None where there is none."""
    record = parked_record(db, record_id)
    if record is None:
        return None
    ids = dict.fromkeys(each for each in (record.tried_by, record.ended_by) if each is not None)
    return ParkedRecordView(record, [made for each in ids for made in list_decisions(db, decision_id=each)])


def shown_headers(record: ParkedRecord) -> list[tuple[str, str | None]]:
    """The names of a record's headers, with the values that can hold nothing personal."""
    found: list[tuple[str, str | None]] = []
    for name, value in record.headers:
        if not _HEADER_NAME.fullmatch(name):
            found.append(("(a name not shown)", None))
            continue
        text, pattern = value.decode("ascii", "replace"), _HEADER_PATTERNS.get(name)
        known = text in load_catalogue().event_types if name == "ce_type" else pattern and re.fullmatch(pattern, text)
        found.append((name, text if known else None))
    return found


def parked_dict(record: ParkedRecord) -> dict[str, Any]:
    """A parked record as programs get it."""
    topic, partition = record.partition
    return {
        "id": record.id,
        "reason": record.reason.value,
        "sentence": record.reason.description,
        "detail": record.detail,
        "repairer": record.current_reason.repairer.value,
        "topic": topic,
        "partition": partition,
        **attributes(record, ("offset", "child_key", "body_child_key")),
        "published_at": display.iso(record.published_at),
        "received_at": display.iso(record.received_at),
        **attributes(record, ("key_bytes", "value_bytes")),
        "sha256": record.digest.hex(),
        "headers": [{"name": name, "value": value} for name, value in shown_headers(record)],
        "applied_since": record.state is ParkedState.APPLIED,
        "state": record.state.value,
        "reason_now": record.reason_now and record.reason_now.value,
        **attributes(record, ("detail_now", "tried_by", "ended_by")),
    }


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
