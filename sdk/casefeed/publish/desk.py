"""A desk: where an agency writes its facts down. One transaction holds the event, its number and its outbox row.

Loss could happen here only if an answer ran ahead of the commit: `record` returns after it, and the file is synced
at every commit.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import uuid_utils

from casefeed.contract import codec
from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import Datum
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.publish.event_input import EventInput, with_schema
from casefeed.publish.publisher import Publisher
from casefeed.runtime.errors import UsageError
from casefeed.store import BUSY_RETRIES, StoreError, StoreFile, load_statements

PACKAGE = "casefeed.publish"
SQL = load_statements(PACKAGE, "outbox.sql")
# The narrowest profile until an agreement says more (design: default withhold).
AGREEMENT_PROFILE = "narrowest"
# What speaks of an earlier event, and the field that names it.
_AMENDED_EVENT_FIELDS = {
    "casefeed.EventCorrected": "corrects_event_id",
    "casefeed.EventRetracted": "retracts_event_id",
    "casefeed.ChildKeysUnmerged": "unmerges_event_id",
}


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """What a desk answers. `duplicate`: the same event was recorded before, under this very number."""

    event_id: str
    child_key: str
    source: str
    sequence: int
    recorded_at: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class OutboxSource:
    """A recording store by its name; `row` is None until something was recorded under it."""

    name: str
    row: int | None = None


def random_token(size_bytes: int) -> str:
    """So many random bytes as lower-case base32."""
    return base64.b32encode(secrets.token_bytes(size_bytes)).decode().rstrip("=").lower()


def process_name() -> str:
    """What this process is called in rows that it leaves at a desk; no other is called so, nor will be."""
    return f"{os.getpid()}-{random_token(5)}"


@cache
def event_type_from_text(text: str) -> EventType:
    """The event type of a schema as a desk kept it."""
    return EventType.from_schema(json.loads(text))


class DeskMissing(StoreError):
    """There is no desk at the path in force, or none yet."""

    @property
    def is_transient(self) -> bool:
        """Whoever records makes one."""
        return True


class Desk(StoreFile):
    """One agency's desk in its file. Other processes may write it too: another desk, a relay, an intake."""

    AFTER_ERROR = (
        "nothing of it was kept; try again when another process is writing it (SQLITE_BUSY), free space "
        "(SQLITE_FULL), or make the file writable"
    )

    def __init__(self, path: Path, publisher: Publisher) -> None:
        super().__init__(path, (PACKAGE,))
        self.publisher = publisher
        self._sources: dict[str, OutboxSource] = {}
        self._schema_rows: dict[bytes, int] = {}

    def open(self) -> Self:
        """As a store's file is opened, and synced at every commit.

        Raises StoreError, and UsageError where the file is another agency's desk.
        """
        super().open()
        try:
            self._check_topic()
        except BaseException:
            self.close()
            raise
        return self

    def _check_topic(self) -> None:
        with self.reading() as db:
            db.execute("PRAGMA synchronous = FULL")
            row = db.execute(SQL["desk_topic"]).fetchone()
        if row is None:
            with self.transaction() as db:
                db.execute(SQL["insert_topic"], (self.publisher.topic,))
                row = db.execute(SQL["desk_topic"]).fetchone()
        if row[0] != self.publisher.topic:
            raise UsageError(
                f"{self.path} is the desk of another agency, whose facts go to {row[0]}; name the file of "
                f"{self.publisher.agency}'s desk."
            )

    def clear_caches(self) -> None:
        """Rows made in a transaction that was undone are gone."""
        self._sources.clear()
        self._schema_rows.clear()

    def record(
        self, drafts: Sequence[EventInput], agency: str, now_ms: int
    ) -> list[RecordedEvent | ContractError | RefusedError]:
        """Write down what holds to the contract; an answer for each, in order, once all of it is on disk.

        `agency` told what does not say who did. Raises StoreError when the file cannot be written; then nothing of
        it was recorded.
        """
        for _ in range(BUSY_RETRIES - 1):
            try:
                return self._record_in_transaction(drafts, agency, now_ms)
            except StoreError as error:
                if not error.is_locked:
                    raise
        return self._record_in_transaction(drafts, agency, now_ms)

    def _record_in_transaction(
        self, event_inputs: Sequence[EventInput], agency: str, now_ms: int
    ) -> list[RecordedEvent | ContractError | RefusedError]:
        results: list[RecordedEvent | ContractError | RefusedError] = []
        with self.transaction() as db:
            for event_input in event_inputs:
                try:
                    results.append(self._record_event(db, event_input, agency, now_ms))
                except (ContractError, RefusedError) as error:
                    results.append(error)
        return results

    def _record_event(
        self, db: sqlite3.Connection, event_input: EventInput, agency: str, now_ms: int
    ) -> RecordedEvent:
        kind, given_header = event_input.event_type, event_input.header
        event_id = given_header.get("event_id")
        if event_id is None:
            event_id = str(uuid_utils.uuid7())
        else:
            stored = db.execute(SQL["event_by_id"], (_id_bytes(kind, event_id),)).fetchone()
            if stored is not None:
                return self._duplicate_result(event_input, agency, stored)
        self._check_amendment(db, event_input)
        for time_field in ("recorded_at", "occurred_at"):
            given = given_header.get(time_field)
            if isinstance(given, int) and given > now_ms:
                raise ContractError(f"{kind.name}.header.{time_field}", "lies after the time by the desk's clock")
        recorder = given_header.get("agency", agency)
        self.publisher.check_agency(kind, recorder)
        source = self._source_for(db, recorder)
        child_key = random_token(10) if event_input.new_child else given_header.get("child_key", "")
        sequence = self._next_sequence(db, child_key, source)
        header = {"event_id": event_id, "agency": agency, "recorded_at": now_ms, **given_header}
        if event_input.new_child:
            header["child_key"] = child_key
        datum = self._encode(event_input, header, source.name, sequence)
        # All that may be refused was refused above: from here on it is written.
        row = self._source_row(db, source, recorder)
        cursor = db.execute(
            SQL["insert_event"],
            (
                _id_bytes(kind, event_id), child_key, row, sequence, header["occurred_at"], header["recorded_at"],
                self._schema_row(db, kind), datum,
            ),
        )  # fmt: skip
        db.execute(SQL["insert_outbox"], (cursor.lastrowid, row, child_key))
        return RecordedEvent(event_id, child_key, source.name, sequence, header["recorded_at"])

    def _check_amendment(self, db: sqlite3.Connection, event_input: EventInput) -> None:
        """Raises ContractError for what would amend nothing by what this desk holds, and nobody would notice.

        That is itself; for a correction an event about events, and for an unmerge all but merges; for a correction or
        a retraction an event of another child's key, which no merge need tie to its own.
        """
        kind = event_input.event_type
        if (field := _AMENDED_EVENT_FIELDS.get(kind.name)) is None:
            return
        named = _id_bytes(kind, event_input.body.get(field), field)
        own_id = event_input.header.get("event_id")
        if own_id is not None and named == _id_bytes(kind, own_id):
            raise ContractError(f"{kind.name}.{field}", "names this event itself; name an earlier one")
        stored = db.execute(SQL["event_by_id"], (named,)).fetchone()
        if stored is None:
            return
        named_type = event_type_from_text(stored["schema"]).short_name
        if field == "corrects_event_id" and named_type in codec.META_EVENTS:
            rule = "which is not corrected but retracted, or undone, and told anew"
            raise ContractError(f"{kind.name}.{field}", f"names an event of type {named_type}, {rule}")
        if field == "unmerges_event_id":
            if named_type != "ChildKeysMerged":
                raise ContractError(f"{kind.name}.{field}", f"names an event of type {named_type}, which is no merge")
        elif stored["child_key"] != event_input.header.get("child_key"):
            raise ContractError(
                f"{kind.name}.header.child_key",
                f"is not the key under which this desk recorded the event that {field} names; give that key",
            )

    def _duplicate_result(self, event_input: EventInput, agency: str, stored: sqlite3.Row) -> RecordedEvent:
        """The answer to an event whose id is known; the same content is a caller that lost the answer.

        It is compared under the schema that it was recorded in, which may be an earlier release's.
        """
        header = {"agency": agency, "recorded_at": stored["recorded_at"], **event_input.header}
        if event_input.new_child:
            header["child_key"] = stored["child_key"]
        if not self._is_same_event(event_input, header, stored):
            raise ContractError(
                f"{event_input.event_type.name}.header.event_id",
                "is recorded here with other content; leave it out for an event of its own",
            )
        recorded = {name: stored[name] for name in ("child_key", "source", "sequence", "recorded_at")}
        return RecordedEvent(header["event_id"], **recorded, duplicate=True)

    def _is_same_event(self, event_input: EventInput, header: Datum, stored: sqlite3.Row) -> bool:
        """Whether a draft is the event that is held. Raises ContractError where no release would record it."""
        kind = event_type_from_text(stored["schema"])
        if kind.name != event_input.event_type.name:
            return False
        profile = codec.decode(kind, stored["datum"])["header"]["agreement_profile"]
        source_and_sequence = stored["source"], stored["sequence"]
        try:
            return self._encode(with_schema(event_input, kind), header, *source_and_sequence, profile) == bytes(
                stored["datum"]
            )
        except ContractError:
            # Where the schema of today would take it, it tells what that of then did not know.
            self._encode(event_input, header, *source_and_sequence, profile)
            return False

    def _encode(
        self, event_input: EventInput, header: Datum, source: str, sequence: int, profile: str = AGREEMENT_PROFILE
    ) -> bytes:
        kind = event_input.event_type
        self.publisher.check_type(kind)
        filled = {"source": source, "sequence": sequence, "agreement_profile": profile}
        content = event_input.content(header.get("child_key"), self._corrected_header(event_input))
        datum = codec.encode(kind, {"header": {**header, **filled}, **content})
        self.publisher.check_size(kind, datum)
        return datum

    def _corrected_header(self, event_input: EventInput) -> Datum | None:
        """The header of the event that a draft corrects; None where this desk has not recorded it."""
        if event_input.corrected is None:
            return None
        named = _id_bytes(event_input.event_type, event_input.body.get("corrects_event_id"), "corrects_event_id")
        stored = self.db.execute(SQL["event_by_id"], (named,)).fetchone()
        if stored is None:
            return None
        recorded_type = event_type_from_text(stored["schema"])
        header: Datum = codec.read_exact(recorded_type.raw_schema, stored["datum"], recorded_type.name)["header"]
        return header

    def _next_sequence(self, db: sqlite3.Connection, child_key: object, source: OutboxSource) -> int:
        """The child's next number; of what is no child key any will do, for it is refused."""
        if source.row is None or not isinstance(child_key, str) or not child_key.isascii():
            return 1
        return int(db.execute(SQL["next_sequence"], (child_key, source.row)).fetchone()[0])

    def _source_for(self, db: sqlite3.Connection, agency: str) -> OutboxSource:
        """The source under which an agency's facts are numbered here: minted when it first tells one."""
        if agency not in self._sources:
            row = db.execute(SQL["active_source"], (agency,)).fetchone()
            if row is None:
                return OutboxSource(f"{agency.lower().replace('_', '-')}-desk-{random_token(8)}")
            self._sources[agency] = OutboxSource(row["name"], row["id"])
        return self._sources[agency]

    def _source_row(self, db: sqlite3.Connection, source: OutboxSource, agency: str) -> int:
        if source.row is not None:
            return source.row
        db.execute(SQL["insert_source"], (source.name, agency, "minted"))
        row = int(db.execute(SQL["source_row"], (source.name,)).fetchone()[0])
        self._sources[agency] = OutboxSource(source.name, row)
        return row

    def _schema_row(self, db: sqlite3.Connection, kind: EventType) -> int:
        if kind.fingerprint not in self._schema_rows:
            db.execute(SQL["insert_schema"], (kind.fingerprint, kind.canonical_json))
            row = db.execute(SQL["schema_row"], (kind.fingerprint,)).fetchone()
            self._schema_rows[kind.fingerprint] = int(row[0])
        return self._schema_rows[kind.fingerprint]


def _id_bytes(kind: EventType, event_id: object, field: str = "header.event_id") -> bytes:
    try:
        return uuid.UUID(event_id if isinstance(event_id, str) else "").bytes
    except ValueError:
        raise ContractError(f"{kind.name}.{field}", "is no UUID") from None
