"""Whether a source keeps its promise to be heard: prompt, late, silent; pure, `now` is an argument.

A heartbeat says when the next one comes at the latest. How long that is, is measured by the sender's clock; from
when, by the broker's: a sender whose clock is wrong is neither early nor late by it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from casefeed.contract.framing import kafka_key, rfc3339
from casefeed.read.statements import SQL

if TYPE_CHECKING:
    from casefeed.kafka.records import ReceivedRecord
    from casefeed.read.classify import DecodedEvent

SILENT_AFTER_MISSED = 3
"""After so many promises that were not kept in a row, late is silent."""


class Timeliness(StrEnum):
    """How a source stands to its promise."""

    PROMPT = "prompt"
    LATE = "late"
    SILENT = "silent"
    ENDED = "ended"

    @property
    def description(self) -> str:
        """What it means, for people."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Timeliness.PROMPT: "heard in time",
    Timeliness.LATE: "past its promise to be heard",
    Timeliness.SILENT: "silent: what it recorded since is not known here",
    Timeliness.ENDED: "ended in good order and promised nothing more",
}


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The last heartbeat of a source; times are ms UTC, `stated_at` and `next_by` by the sender's clock.

    `sent` and `waiting` count its events: acknowledged by the broker, and recorded but not yet acknowledged.
    `ended_by` is the decision since which nothing more is expected of it.
    """

    source: str
    topic: str
    agency: str
    stated_at: int
    next_by: int | None
    sent: int
    waiting: int
    waiting_since: int | None
    published_at: int
    received_at: int
    ended_by: int | None

    @property
    def due_at(self) -> int | None:
        """When the next heartbeat is due, by the broker's clock; None where none is expected."""
        if self.next_by is None or self.ended_by is not None:
            return None
        return self.published_at + max(0, self.next_by - self.stated_at)

    def timeliness(self, now: int) -> Timeliness:
        """How the source stands at `now` (ms UTC)."""
        due = self.due_at
        if due is None:
            return Timeliness.ENDED
        if now <= due:
            return Timeliness.PROMPT
        missed = due + (SILENT_AFTER_MISSED - 1) * (due - self.published_at)
        return Timeliness.LATE if now <= missed else Timeliness.SILENT

    def as_dict(self, now: int) -> dict[str, Any]:
        """How the source stands at `now`, as programs get it: times in RFC 3339, null where there is none."""
        times = {"stated_at": self.stated_at, "due_at": self.due_at, "waiting_since": self.waiting_since}
        return {
            "source": self.source,
            "agency": self.agency,
            "topic": self.topic,
            "punctuality": self.timeliness(now).value,
            "sent": self.sent,
            "waiting": self.waiting,
            "ended_by": self.ended_by,
            **{name: None if at is None else rfc3339(at) for name, at in times.items()},
        }


def source_statuses(db: sqlite3.Connection) -> list[SourceStatus]:
    """The last heartbeat of every source that was ever heard."""
    return [SourceStatus(*row) for row in db.execute(SQL["heartbeats"])]


def worst_timeliness(sources: Iterable[SourceStatus], now: int) -> Timeliness:
    """How the worst of them stands; prompt where none promised anything."""
    order = (Timeliness.PROMPT, Timeliness.ENDED, Timeliness.LATE, Timeliness.SILENT)
    return max((each.timeliness(now) for each in sources), key=order.index, default=Timeliness.PROMPT)


def record_heartbeats(
    db: sqlite3.Connection, statements: Sequence[tuple[ReceivedRecord, DecodedEvent]], received_at: int
) -> None:
    """Keep what heartbeats say, in the transaction that moves the position past them."""
    for record, event in statements:
        header, body = event.header, event.body
        db.execute(
            SQL["upsert_heartbeat"],
            (
                kafka_key(event.event_type, body), record.topic, header["agency"], header["stated_at"],
                body["next_by"],
                body["sent"], body["waiting"], body["waiting_since"], record.published_at, received_at,
            ),
        )  # fmt: skip
