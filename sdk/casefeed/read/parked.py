"""What is parked, and what was refused: questions to a store, each on a connection to its file.

None of them hands out the bytes of a record. Times are ms UTC.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from casefeed.contract.framing import Headers
from casefeed.contract.reasons import PARKED, REFUSED, ParkedReason, RefusedReason, Repairer
from casefeed.kafka.consumer import Partition
from casefeed.read.event_log import SQL
from casefeed.store import as_list


class State(StrEnum):
    """What has become of a parked record; it keeps a child uncertain while it is open."""

    OPEN = ("open", "waits for a repair")
    APPLIED = ("applied", "applied since: it came again and could be read")
    REDRIVEN = ("redriven", "applied by a redrive")
    HELD = ("held", "found to be held already by a redrive")
    CLOSED = ("closed", "closed by decision, not applied")
    REFUSED = ("refused", "refused by a redrive, its bytes erased")

    sentence: str

    def __new__(cls, code: str, sentence: str) -> State:
        """A state with its words."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member


_STATES = {each.value: each for each in State}


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
    state: State
    tried_by: int | None
    ended_by: int | None

    @property
    def why(self) -> ParkedReason:
        """What it is parked for, as it was judged last: that says who can repair it."""
        return self.reason_now or self.reason

    @property
    def children(self) -> set[str]:
        """Whose the record may be: the child of its key, and the one that its body names."""
        return {key for key in (self.child_key, self.body_child_key) if key is not None}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parked records: those that pass every filter that is not None.

    `cause` and `repairer` go by `ParkedRecord.why`. `child_keys`: whose key or body names one of these. `since`:
    received then (ms UTC) or later. `open`: only what waits still, or (False) only what is done.
    """

    id: int | None = None
    cause: ParkedReason | None = None
    topic: str | None = None
    child_keys: tuple[str, ...] | None = None
    repairer: Repairer | None = None
    since: int | None = None
    open: bool | None = None

    @property
    def filters(self) -> tuple[Any, ...]:
        """The filters as the statements take them."""
        causes = None
        if self.cause is not None or self.repairer is not None:
            fitting = [
                each.value
                for each in ParkedReason
                if self.cause in (None, each) and self.repairer in (None, each.repairer)
            ]
            causes = as_list(fitting)
        return (self.id, self.topic, as_list(self.child_keys), causes, self.since, self.open)


@dataclass(frozen=True, slots=True)
class Cause:
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
    db: sqlite3.Connection, choice: Choice, *, limit: int | None = None
) -> tuple[list[ParkedRecord], int]:
    """The parked records of a choice, the first parked first, and how many there are whatever the limit."""
    rows = db.execute(SQL["parked_list"], (*choice.filters, _limit(limit))).fetchall()
    return [_parked(row) for row in rows], _passing(rows)


def parked_causes(db: sqlite3.Connection, choice: Choice) -> list[Cause]:
    """The parked records of a choice by cause, the one with the most open records first."""
    rows = db.execute(SQL["parked_causes"], choice.filters)
    return [Cause(PARKED[row[0]], *tuple(row)[1:]) for row in rows]


def parked_record(db: sqlite3.Connection, number: int) -> ParkedRecord | None:
    """The parked record with this number."""
    row = db.execute(SQL["parked_one"], (number,)).fetchone()
    return None if row is None else _parked(row)


def parked_of_child(db: sqlite3.Connection, child_key: str) -> list[ParkedRecord]:
    """The parked records of a child, by its key or as the body names it, the first parked first."""
    return [_parked(row) for row in db.execute(SQL["parked_of_child"], (child_key,))]


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
    rows = db.execute(SQL["refused_list"], (*filters, _limit(limit))).fetchall()
    found = [
        RefusedRecord(
            row["id"], (row["topic"], row["partition"]), row["offset"], row["digest"], row["received_at"],
            REFUSED[row["reason"]], row["detail"],
        )
        for row in rows
    ]  # fmt: skip
    return found, _passing(rows)


def headers_of(text: str) -> Headers:
    """The headers of a record as the store keeps them."""
    return tuple((name, base64.b64decode(value)) for name, value in json.loads(text))


def headers_text(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """What the store keeps of headers; a header without a value has an empty one."""
    return json.dumps([[key, base64.b64encode(value or b"").decode()] for key, value in headers])


def _limit(limit: int | None) -> int:
    return -1 if limit is None else limit


def _passing(rows: list[sqlite3.Row]) -> int:
    return int(rows[0]["passing"]) if rows else 0


def _parked(row: sqlite3.Row) -> ParkedRecord:
    return ParkedRecord(
        id=row["id"],
        partition=(row["topic"], row["partition"]),
        offset=row["offset"],
        digest=row["digest"],
        child_key=row["child_key"],
        body_child_key=row["body_child_key"],
        published_at=row["published_at"],
        received_at=row["received_at"],
        reason=PARKED[row["reason"]],
        detail=row["detail"],
        reason_now=None if row["reason_now"] is None else PARKED[row["reason_now"]],
        detail_now=row["detail_now"],
        key_bytes=row["key_bytes"],
        value_bytes=row["value_bytes"],
        headers=headers_of(row["headers"]),
        state=_STATES[row["state"]],
        tried_by=row["tried_by"],
        ended_by=row["ended_by"],
    )
