"""What of a desk is still to be sent, as one relay sees it: claimed by a lease, marked when it was acknowledged.

A lease is a predicate on the row and ends by the database's clock: nothing has to be tidied up after a relay that
died, and one that was stopped past its lease finds its claim gone. Both may send the same event; that is harmless.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from casefeed.contract.catalogue import EventType
from casefeed.contract.framing import cloud_event_headers
from casefeed.kafka.records import OutgoingRecord
from casefeed.publish.desk import SQL, Desk, event_type_from_text, process_name
from casefeed.runtime.errors import CheckFailed

# Longer than a batch is waited for (sender.ACK_TIMEOUT_S), so that a relay that works keeps what it holds.
LEASE_MS = 20_000


@dataclass(frozen=True, slots=True)
class ClaimedEvent:
    """An event that this relay holds. `row_id`: its place in the desk; `schema_row`: the row of its schema there."""

    row_id: int
    event_id: str
    child_key: str
    source: str
    occurred_at: int
    schema_row: int
    datum: bytes

    def outgoing(self, event_type: EventType) -> OutgoingRecord:
        """The record as it goes out."""
        head = {
            "event_id": self.event_id,
            "source": self.source,
            "occurred_at": self.occurred_at,
            "child_key": self.child_key,
        }
        headers = cloud_event_headers(event_type, {"header": head})
        return OutgoingRecord(self.child_key.encode(), event_type, self.datum, headers, self.event_id)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An event that was acknowledged: where it lies, `offset` None where the broker did not say."""

    partition: int
    offset: int | None
    row_id: int


class Outbox:
    """One relay's hold on a desk. Raises StoreError where the desk cannot be read or written."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._relay_id = process_name()
        self._cluster_id: str | None = None

    def claim(self, limit: int) -> list[ClaimedEvent]:
        """The oldest events that nobody holds, in the order of recording; they are this relay's for a while.

        Raises CheckFailed where another relay has bound the desk to another cluster since.
        """
        with self._desk.transaction() as db:
            self._check_cluster(db)
            db.execute(SQL["claim"], (self._relay_id, LEASE_MS, limit))
        with self._desk.reading() as db:
            return [
                ClaimedEvent(row[0], _uuid_text(row[1]), *row[2:])
                for row in db.execute(SQL["claimed"], (self._relay_id,))
            ]

    def mark_sent(self, sent: Sequence[Acknowledgement]) -> None:
        """Remember what was acknowledged; where the claim is gone it stays with who holds it now.

        Raises CheckFailed as `claim` does, and marks nothing: the other cluster is still to get it.
        """
        with self._desk.transaction() as db:
            self._check_cluster(db)
            db.executemany(
                SQL["mark_sent"], [(each.partition, each.offset, each.row_id, self._relay_id) for each in sent]
            )

    def release(self) -> None:
        """Free what is claimed and not sent."""
        with self._desk.transaction() as db:
            db.execute(SQL["release_claims"], (self._relay_id,))

    def has_pending(self) -> bool:
        """Whether anything is still to be sent, whoever holds it."""
        with self._desk.reading() as db:
            return bool(db.execute(SQL["has_pending"]).fetchone()[0])

    def version(self) -> int:
        """A number that changes when another process has written the desk."""
        with self._desk.reading() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

    def event_type(self, schema_row: int) -> EventType:
        """The event type of a schema's row."""
        with self._desk.reading() as db:
            return event_type_from_text(db.execute(SQL["schema_text"], (schema_row,)).fetchone()[0])

    def last_positions(self) -> dict[int, tuple[int, str]]:
        """By partition the furthest place (offset, event id) at which an event was acknowledged."""
        with self._desk.reading() as db:
            return {row[0]: (row[1], _uuid_text(row[2])) for row in db.execute(SQL["last_positions"])}

    def bind_cluster(self, cluster_id: str, *, from_start: bool) -> None:
        """From now on what is sent goes to this cluster; `from_start`: all of it goes again.

        Raises CheckFailed where events were sent to another cluster, which this one may lack.
        """
        with self._desk.transaction() as db:
            row = db.execute(SQL["cluster"]).fetchone()
            sent = bool(db.execute(SQL["any_sent"]).fetchone()[0])
            if row is not None and row[0] != cluster_id and sent and not from_start:
                raise CheckFailed(
                    f"What {self._desk.path} has sent went to another Kafka cluster than the one that answers now; "
                    "name that one, or send everything to this one with --from-start (what comes twice is harmless)."
                )
            if from_start:
                db.execute(SQL["resend_all"])
            db.execute(SQL["bind_cluster"], (cluster_id,))
        self._cluster_id = cluster_id

    def _check_cluster(self, db: sqlite3.Connection) -> None:
        if self._cluster_id is not None and db.execute(SQL["cluster"]).fetchone()[0] != self._cluster_id:
            raise CheckFailed(
                f"Another relay of {self._desk.path} sends to another Kafka cluster now, and this one has ended; "
                "start it again only where both find the same cluster."
            )


def _uuid_text(value: bytes) -> str:
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def mark_for_resend(desk: Desk, child_key: str, source: str, first: int, last: int) -> tuple[int, int]:
    """Mark the events with these numbers as not sent: how many of them were sent, and how many wait anyhow.

    Raises StoreError where the desk cannot be written.
    """
    which = (child_key, source, first, last)
    with desk.transaction() as db:
        waiting = int(db.execute(SQL["pending_sequences"], which).fetchone()[0])
        return db.execute(SQL["resend_sequences"], which).rowcount, waiting
