"""The log: which events of a batch are new, and their rows; a batch costs a handful of statements.

An event is held once, by its id. Loss could happen here only if a record had no place in the answer: each of a batch
is either held or has an outcome that says why not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from casefeed.contract.outcomes import Applied, Duplicate, Outcome, Parked
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import Classified, DecodedEvent, ReadableSchema
from casefeed.read.statements import SQL
from casefeed.store import execute_in_chunks

_APPLIED = Applied()

_EventRow = tuple[Any, ...]


class NewEvent(NamedTuple):
    """An event that is new to this store, handed to the handler inside the transaction that holds it.

    `seq` is its number in the log, `child` the number of its child in the table `child`.
    """

    seq: int
    child: int
    record: ReceivedRecord
    event: DecodedEvent


def event_id_bytes(event: DecodedEvent) -> bytes:
    """An event's id as the log has it."""
    return bytes.fromhex(event.body["header"]["event_id"].replace("-", ""))


def last_seq(db: sqlite3.Connection) -> int:
    """The place of the last event in the log; 0 where there is none."""
    return int(db.execute(SQL["last_seq"]).fetchone()[0])


def append_events(
    db: sqlite3.Connection,
    classified: Sequence[tuple[ReceivedRecord, Classified]],
    received_at: int,
    source_id: Callable[[sqlite3.Connection, str], int],
    schema_id: Callable[[sqlite3.Connection, ReadableSchema], int],
) -> tuple[list[NewEvent], list[Outcome]]:
    """Write the new events of a batch into the log: those held, in order, and what became of each of the batch."""
    outcomes: list[Outcome] = []
    events: list[tuple[int, bytes, ReceivedRecord, DecodedEvent]] = []
    for position, (record, result) in enumerate(classified):
        if isinstance(result, DecodedEvent):
            events.append((position, event_id_bytes(result), record, result))
            outcomes.append(_APPLIED)
        else:
            outcomes.append(result)
    stored_hashes = dict(execute_in_chunks(db, SQL["event_hashes"], [event_id for _, event_id, _, _ in events]))
    fresh = []
    for each in events:
        position, event_id, _, event = each
        if event_id not in stored_hashes:
            stored_hashes[event_id] = event.hash
            fresh.append(each)
        else:
            same = stored_hashes[event_id] == event.hash
            outcomes[position] = Duplicate() if same else Parked(ParkedReason.SAME_ID_OTHER_BYTES)
    children = child_ids(db, [event.body["header"]["child_key"] for _, _, _, event in fresh])
    sources = {name: source_id(db, name) for name in {each[3].body["header"]["source"] for each in fresh}}
    schemas_by_fingerprint = {each[3].fingerprint: each[3].schema for each in fresh}
    schemas = {fingerprint: schema_id(db, schema) for fingerprint, schema in schemas_by_fingerprint.items()}
    seq = last_seq(db)
    new_events: list[NewEvent] = []
    rows: list[_EventRow] = []
    for _, event_id, record, event in fresh:
        seq += 1
        schema, body, datum, event_hash = event
        header = body["header"]
        child = children[header["child_key"]]
        topic, partition, offset, published_at, _, _, _ = record
        new_events.append(NewEvent(seq, child, record, event))
        rows.append(
            (
                seq, event_id, child, sources[header["source"]], header["sequence"], schemas[schema.fingerprint],
                header["occurred_at"], header["recorded_at"], published_at, received_at, topic, partition, offset,
                event_hash, datum,
            )
        )  # fmt: skip
    conflicts = _insert_rows(db, rows)
    appended = [each for index, each in enumerate(new_events) if index not in conflicts]
    rejected: dict[bytes, int] = {}
    for index in conflicts:
        position, event_id, _, event = fresh[index]
        detail = f"sequence {event.header['sequence']} of {event.header['source']}"
        outcomes[position] = Parked(ParkedReason.SEQUENCE_TAKEN, detail)
        rejected[event_id] = position
    # What came later with the id of one that could not be written is judged as if in a batch of its own.
    for position, event_id, _, _ in events:
        if position > rejected.get(event_id, position):
            more, (outcomes[position],) = append_events(db, [classified[position]], received_at, source_id, schema_id)
            appended += more
    return appended, outcomes


def _insert_rows(db: sqlite3.Connection, rows: Sequence[_EventRow]) -> set[int]:
    """Write log rows whose ids are new; the places of those whose number of child and source is taken."""
    db.execute("SAVEPOINT log")
    conflicts: set[int] = set()
    try:
        db.executemany(SQL["insert_event"], rows)
    except sqlite3.IntegrityError:
        db.execute("ROLLBACK TO log")
        conflicts = {index for index, row in enumerate(rows) if not _insert_row(db, row)}
    db.execute("RELEASE log")
    return conflicts


def _insert_row(db: sqlite3.Connection, row: _EventRow) -> bool:
    try:
        db.execute(SQL["insert_event"], row)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorname != "SQLITE_CONSTRAINT_UNIQUE":
            raise
        return False
    return True


def child_ids(db: sqlite3.Connection, child_keys: Sequence[str]) -> dict[str, int]:
    """The number of each child; one not heard of before gets the next."""
    distinct = list(dict.fromkeys(child_keys))
    known: dict[str, int] = dict(execute_in_chunks(db, SQL["child_ids"], distinct))
    last = int(db.execute(SQL["last_child_id"]).fetchone()[0])
    new = {key: child_id for child_id, key in enumerate((k for k in distinct if k not in known), start=last + 1)}
    db.executemany(SQL["insert_child"], ((child_id, key) for key, child_id in new.items()))
    return known | new
