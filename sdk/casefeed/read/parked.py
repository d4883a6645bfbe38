"""What is parked, and what was refused: questions to a store, each on a connection to its file.

None of them hands out the bytes of a record. Times are ms UTC.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from casefeed.contract.framing import Headers
from casefeed.contract.reasons import PARKED_REASONS, REFUSED_REASONS, ParkedReason, RefusedReason, Repairer
from casefeed.kafka.records import Partition
from casefeed.read.statements import SQL, limited_rows
from casefeed.store import json_array


class ParkedState(StrEnum):
    """What has become of a parked record; it keeps a child uncertain while it is open."""

    OPEN = ("open", "waits for a repair")
    APPLIED = ("applied", "applied since: it came again and could be read")
    REDRIVEN = ("redriven", "applied by a redrive")
    HELD = ("held", "found to be held already by a redrive")
    CLOSED = ("closed", "closed by decision, not applied")
    REFUSED = ("refused", "refused by a redrive, its bytes erased")

    description: str

    def __new__(cls, code: str, sentence: str) -> ParkedState:
        """A state with its words."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.description = sentence
        return member


_PARKED_STATES = {each.value: each for each in ParkedState}


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A parked record without its bytes.

    `reason_now` and `detail_now` say why it stayed parked when decision `tried_by` had it judged again last;
    `ended_by` is the decision that ended it.
    """

    id: int
    partition: Partition
    offset: int
    digest: bytes
    child_key: str | None
    body_child_key: str | None
    published_at: int
    received_at: int
    reason: ParkedReason
    detail: str
    reason_now: ParkedReason | None
    detail_now: str | None
    key_bytes: int | None
    value_bytes: int | None
    headers: Headers
    state: ParkedState
    tried_by: int | None
    ended_by: int | None

    @property
    def current_reason(self) -> ParkedReason:
        """What it is parked for, as it was judged last: that says who can repair it."""
        return self.reason_now or self.reason

    @property
    def child_keys(self) -> set[str]:
        """Whose the record may be: the child of its key, and the one that its body names."""
        return {key for key in (self.child_key, self.body_child_key) if key is not None}


@dataclass(frozen=True, slots=True)
class ParkedFilter:
    """Which parked records: those that pass every filter that is not None.

    `cause` and `repairer` go by `ParkedRecord.current_reason`. `child_keys`: whose key or body names one of these.
    `since`: received then (ms UTC) or later. `open`: only what waits still, or (False) only what is done.
    """

    id: int | None = None
    cause: ParkedReason | None = None
    topic: str | None = None
    child_keys: tuple[str, ...] | None = None
    repairer: Repairer | None = None
    since: int | None = None
    open: bool | None = None

    @property
    def sql_parameters(self) -> tuple[Any, ...]:
        """The filters as the statements take them."""
        matching = [
            each.value
            for each in ParkedReason
            if self.cause in (None, each) and self.repairer in (None, each.repairer)
        ]
        reasons = None if self.cause is None and self.repairer is None else matching
        return (self.id, self.topic, json_array(self.child_keys), json_array(reasons), self.since, self.open)


@dataclass(frozen=True, slots=True)
class ParkedReasonCount:
    """How many records are or were parked for one reason, how many are open, when the first and the last came."""

    reason: ParkedReason
    records: int
    open: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that may not be here: where it lay, its digest and why."""

    id: int
    partition: Partition
    offset: int
    digest: bytes
    received_at: int
    reason: RefusedReason
    detail: str


def parked_records(
    db: sqlite3.Connection, filters: ParkedFilter, *, limit: int | None = None
) -> tuple[list[ParkedRecord], int]:
    """The parked records of a choice, the first parked first, and how many there are whatever the limit."""
    rows, passing = limited_rows(db, "parked_list", filters.sql_parameters, limit)
    return [_parked_record(row) for row in rows], passing


def parked_reason_counts(db: sqlite3.Connection, filters: ParkedFilter) -> list[ParkedReasonCount]:
    """The parked records of a choice by cause, the one with the most open records first."""
    rows = db.execute(SQL["parked_reason_counts"], filters.sql_parameters)
    return [ParkedReasonCount(PARKED_REASONS[row[0]], *tuple(row)[1:]) for row in rows]


def parked_record(db: sqlite3.Connection, record_id: int) -> ParkedRecord | None:
    """The parked record with this number."""
    row = db.execute(SQL["parked_by_id"], (record_id,)).fetchone()
    return None if row is None else _parked_record(row)


def parked_of_child(db: sqlite3.Connection, child_key: str) -> list[ParkedRecord]:
    """The parked records of a child, by its key or as the body names it, the first parked first."""
    return [_parked_record(row) for row in db.execute(SQL["parked_of_child"], (child_key,))]


def refused_records(
    db: sqlite3.Connection,
    *,
    reason: RefusedReason | None = None,
    topic: str | None = None,
    since: int | None = None,
    limit: int | None = None,
) -> tuple[list[RefusedRecord], int]:
    """The refused records that pass every filter given, the last first, and how many pass in all."""
    filters = (None if reason is None else reason.value, topic, since)
    rows, passing = limited_rows(db, "refused_list", filters, limit)
    return [
        RefusedRecord(id_, (topic, partition), offset, digest, received_at, REFUSED_REASONS[why], detail)
        for id_, topic, partition, offset, digest, received_at, why, detail, _ in rows
    ], passing


def parse_headers(text: str) -> Headers:
    """The headers of a record as the store keeps them."""
    return tuple((name, base64.b64decode(value)) for name, value in json.loads(text))


def serialize_headers(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """What the store keeps of headers; a header without a value has an empty one."""
    return json.dumps([[key, base64.b64encode(value or b"").decode()] for key, value in headers])


def _parked_record(row: sqlite3.Row) -> ParkedRecord:
    values = dict(row) | {
        "partition": (row["topic"], row["partition"]),
        "reason": PARKED_REASONS[row["reason"]],
        "reason_now": None if row["reason_now"] is None else PARKED_REASONS[row["reason_now"]],
        "headers": parse_headers(row["headers"]),
        "state": _PARKED_STATES[row["state"]],
    }
    return ParkedRecord(**{each.name: values[each.name] for each in fields(ParkedRecord)})
