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
from casefeed.contract.errors import ContractError, Forbidden
from casefeed.publish.event_input import Draft, under
from casefeed.publish.publisher import Publisher
from casefeed.runtime.errors import WrongUse
from casefeed.store import WAITS_FOR_OTHERS, StoreFault, StoreFile, statements

ROOM = "casefeed.publish"
SQL = statements(ROOM, "outbox.sql")
# The narrowest profile until an agreement says more (design: default withhold).
AGREEMENT_PROFILE = "narrowest"
# What speaks of an earlier event, and the field that names it.
_AMENDS = {
    "casefeed.EventCorrected": "corrects_event_id",
    "casefeed.EventRetracted": "retracts_event_id",
    "casefeed.ChildKeysUnmerged": "unmerges_event_id",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a desk answers. `held`: the same event was recorded before, under this very number."""

    event_id: str
    child_key: str
    source: str
    sequence: int
    recorded_at: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A recording store by its name; `row` is None until something was recorded under it."""

    name: str
    row: int | None = None


def token(size_bytes: int) -> str:
    """So many random bytes as lower-case base32."""
    return base64.b32encode(secrets.token_bytes(size_bytes)).decode().rstrip("=").lower()


def process_name() -> str:
    """What this process is called in rows that it leaves at a desk; no other is called so, nor will be."""
    return f"{os.getpid()}-{token(5)}"


@cache
def type_of(text: str) -> EventType:
    """The event type of a schema as a desk kept it."""
    return EventType.of(json.loads(text))


def new_child_key() -> str:
    """A key that stands for a child of whom nobody has told yet."""
    return token(10)


class NoDesk(StoreFault):
    """There is no desk at the path in force, or none yet."""

    @property
    def may_pass(self) -> bool:
        """Whoever records makes one."""
        return True


class Desk(StoreFile):
    """One agency's desk in its file. Other processes may write it too: another desk, a relay, an intake."""

    AFTER_A_FAULT = (
        "nothing of it was kept; try again when another process is writing it (SQLITE_BUSY), free space "
        "(SQLITE_FULL), or make the file writable"
    )

    def __init__(self, path: Path, publisher: Publisher) -> None:
        super().__init__(path, (ROOM,))
        self.publisher = publisher
        self._sources: dict[str, Source] = {}
        self._schemas: dict[bytes, int] = {}

    def open(self) -> Self:
        """As a store's file is opened, and synced at every commit.

        Raises StoreFault, and WrongUse where the file is another agency's desk.
        """
        super().open()
        try:
            self._own()
        except BaseException:
            self.close()
            raise
        return self

    def _own(self) -> None:
        with self.reading() as db:
            db.execute("PRAGMA synchronous = FULL")
            owner = db.execute(SQL["topic"]).fetchone()
        if owner is None:
            with self.transaction() as db:
                db.execute(SQL["keep_topic"], (self.publisher.topic,))
                owner = db.execute(SQL["topic"]).fetchone()
        if owner[0] != self.publisher.topic:
            raise WrongUse(
                f"{self.path} is the desk of another agency, whose facts go to {owner[0]}; name the file of "
                f"{self.publisher.agency}'s desk."
            )

    def forget(self) -> None:
        """Rows made in a transaction that was undone are gone."""
        self._sources.clear()
        self._schemas.clear()

    def record(
        self, drafts: Sequence[Draft], agency: str, now_ms: int
    ) -> list[Recorded | ContractError | Forbidden]:
        """Write down what holds to the contract; an answer for each, in order, once all of it is on disk.

        `agency` told what does not say who did. Raises StoreFault when the file cannot be written; then nothing of
        it was recorded.
        """
        for _ in range(WAITS_FOR_OTHERS - 1):
            try:
                return self._recorded(drafts, agency, now_ms)
            except StoreFault as fault:
                if not fault.held_by_another:
                    raise
        return self._recorded(drafts, agency, now_ms)

    def _recorded(
        self, drafts: Sequence[Draft], agency: str, now_ms: int
    ) -> list[Recorded | ContractError | Forbidden]:
        answers: list[Recorded | ContractError | Forbidden] = []
        with self.transaction() as db:
            for each in drafts:
                try:
                    answers.append(self._one(db, each, agency, now_ms))
                except (ContractError, Forbidden) as fault:
                    answers.append(fault)
        return answers

    def _one(self, db: sqlite3.Connection, draft: Draft, agency: str, now_ms: int) -> Recorded:
        kind, given = draft.event_type, draft.header
        event_id = given.get("event_id")
        if event_id is None:
            event_id = str(uuid_utils.uuid7())
        else:
            held = db.execute(SQL["held"], (_id_bytes(kind, event_id),)).fetchone()
            if held is not None:
                return self._again(draft, agency, held)
        self._refuse_meaningless(db, draft)
        for clock in ("recorded_at", "occurred_at"):
            if _later(given.get(clock), now_ms):
                raise ContractError(f"{kind.name}.header.{clock}", "lies after the time by the desk's clock")
        teller = given.get("agency", agency)
        self.publisher.check_agency(kind, teller)
        source = self._source(db, teller)
        child_key = new_child_key() if draft.new_child else given.get("child_key", "")
        sequence = self._next(db, child_key, source)
        header = {"event_id": event_id, "agency": agency, "recorded_at": now_ms, **given}
        if draft.new_child:
            header["child_key"] = child_key
        datum = self._encoded(draft, header, source.name, sequence)
        # All that may be refused was refused above: from here on it is written.
        row = self._source_row(db, source, teller)
        done = db.execute(
            SQL["record"],
            (
                _id_bytes(kind, event_id), child_key, row, sequence, header["occurred_at"], header["recorded_at"],
                self._schema_row(db, kind), datum,
            ),
        )  # fmt: skip
        db.execute(SQL["put_out"], (done.lastrowid, row, child_key))
        return Recorded(event_id, child_key, source.name, sequence, header["recorded_at"])

    def _refuse_meaningless(self, db: sqlite3.Connection, draft: Draft) -> None:
        """Raises ContractError for what would amend nothing by what this desk holds, and nobody would notice.

        That is itself; for a correction an event about events, and for an unmerge all but merges; for a correction or
        a retraction an event of another child's key, which no merge need tie to its own.
        """
        kind = draft.event_type
        if (field := _AMENDS.get(kind.name)) is None:
            return
        named = _id_bytes(kind, draft.body.get(field), field)
        own = draft.header.get("event_id")
        if own is not None and named == _id_bytes(kind, own):
            raise ContractError(f"{kind.name}.{field}", "names this event itself; name an earlier one")
        held = db.execute(SQL["held"], (named,)).fetchone()
        if held is None:
            return
        what = type_of(held["schema"]).short
        if field == "corrects_event_id" and what in codec.ABOUT_EVENTS:
            rule = "which is not corrected but retracted, or undone, and told anew"
            raise ContractError(f"{kind.name}.{field}", f"names an event of type {what}, {rule}")
        if field == "unmerges_event_id":
            if what != "ChildKeysMerged":
                raise ContractError(
                    f"{kind.name}.{field}", f"names an event of type {what}, which is no merge"
                )
        elif held["child_key"] != draft.header.get("child_key"):
            raise ContractError(
                f"{kind.name}.header.child_key",
                f"is not the key under which this desk recorded the event that {field} names; give that key",
            )

    def _again(self, draft: Draft, agency: str, held: sqlite3.Row) -> Recorded:
        """The answer to an event whose id is known; the same content is a caller that lost the answer.

        It is compared under the schema that it was recorded in, which may be an earlier release's.
        """
        header = {"agency": agency, "recorded_at": held["recorded_at"], **draft.header}
        if draft.new_child:
            header["child_key"] = held["child_key"]
        if not self._is_that(draft, header, held):
            raise ContractError(
                f"{draft.event_type.name}.header.event_id",
                "is recorded here with other content; leave it out for an event of its own",
            )
        return Recorded(
            header["event_id"],
            held["child_key"],
            held["source"],
            held["sequence"],
            held["recorded_at"],
            held=True,
        )

    def _is_that(self, draft: Draft, header: Datum, held: sqlite3.Row) -> bool:
        """Whether a draft is the event that is held. Raises ContractError where no release would record it."""
        kind = type_of(held["schema"])
        if kind.name != draft.event_type.name:
            return False
        profile = codec.decode(kind, held["datum"])["header"]["agreement_profile"]
        number = held["source"], held["sequence"]
        try:
            return self._encoded(under(draft, kind), header, *number, profile) == bytes(held["datum"])
        except ContractError:
            # Where the schema of today would take it, it tells what that of then did not know.
            self._encoded(draft, header, *number, profile)
            return False

    def _encoded(
        self, draft: Draft, header: Datum, source: str, sequence: int, profile: str = AGREEMENT_PROFILE
    ) -> bytes:
        kind = draft.event_type
        self.publisher.check_type(kind)
        filled = {"source": source, "sequence": sequence, "agreement_profile": profile}
        content = draft.content(header.get("child_key"), self._header_held(draft))
        datum = codec.encode(kind, {"header": {**header, **filled}, **content})
        self.publisher.check_size(kind, datum)
        return datum

    def _header_held(self, draft: Draft) -> Datum | None:
        """The header of the event that a draft corrects; None where this desk has not recorded it."""
        if draft.restated is None:
            return None
        named = _id_bytes(draft.event_type, draft.body.get("corrects_event_id"), "corrects_event_id")
        held = self.db.execute(SQL["held"], (named,)).fetchone()
        if held is None:
            return None
        written = type_of(held["schema"])
        header: Datum = codec.read_exactly(written.raw, held["datum"], written.name)["header"]
        return header

    def _next(self, db: sqlite3.Connection, child_key: object, source: Source) -> int:
        """The child's next number; of what is no child key any will do, for it is refused."""
        if source.row is None or not isinstance(child_key, str) or not child_key.isascii():
            return 1
        return int(db.execute(SQL["next_sequence"], (child_key, source.row)).fetchone()[0])

    def _source(self, db: sqlite3.Connection, agency: str) -> Source:
        """The source under which an agency's facts are numbered here: minted when it first tells one."""
        if agency not in self._sources:
            row = db.execute(SQL["source_in_use"], (agency,)).fetchone()
            if row is None:
                return Source(f"{agency.lower().replace('_', '-')}-desk-{token(8)}")
            self._sources[agency] = Source(row["name"], row["id"])
        return self._sources[agency]

    def _source_row(self, db: sqlite3.Connection, source: Source, agency: str) -> int:
        if source.row is not None:
            return source.row
        db.execute(SQL["keep_source"], (source.name, agency, "minted"))
        row = int(db.execute(SQL["source_row"], (source.name,)).fetchone()[0])
        self._sources[agency] = Source(source.name, row)
        return row

    def _schema_row(self, db: sqlite3.Connection, kind: EventType) -> int:
        if kind.fingerprint not in self._schemas:
            db.execute(SQL["keep_schema"], (kind.fingerprint, kind.text))
            found = db.execute(SQL["schema_row"], (kind.fingerprint,)).fetchone()
            self._schemas[kind.fingerprint] = int(found[0])
        return self._schemas[kind.fingerprint]


def _later(time: object, now_ms: int) -> bool:
    return isinstance(time, int) and time > now_ms


def _id_bytes(kind: EventType, event_id: object, field: str = "header.event_id") -> bytes:
    try:
        return uuid.UUID(event_id if isinstance(event_id, str) else "").bytes
    except ValueError:
        raise ContractError(f"{kind.name}.{field}", "is no UUID") from None
