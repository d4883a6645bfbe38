"""The log: which events of a batch are new, and their rows; a batch costs a handful of statements.

An event is held once, by its id. Loss could happen here only if a record had no place in the answer: each of a batch
is either held or has an outcome that says why not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from casefeed.contract.outcomes import AlreadyHeld, Applied, Outcome, Parked
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import Received
from casefeed.read.classify import Event, Examined, Known
from casefeed.store import among, statements

SQL = statements("casefeed.read", "store.sql")
_APPLIED = Applied()

Row = tuple[Any, ...]


class Held(NamedTuple):
    """An event that is new to this store, handed to the handler inside the transaction that holds it.

    `seq` is its number in the log, `child` the number of its child in the table `child`.
    """

    seq: int
    child: int
    record: Received
    event: Event


def event_id_of(event: Event) -> bytes:
    """An event's id as the log has it."""
    return bytes.fromhex(event.body["header"]["event_id"].replace("-", ""))


def last_place(db: sqlite3.Connection) -> int:
    """The place of the last event in the log; 0 where there is none."""
    return int(db.execute(SQL["last_event"]).fetchone()[0])


def hold(
    db: sqlite3.Connection,
    judged: Sequence[tuple[Received, Examined]],
    received_at: int,
    source_row: Callable[[sqlite3.Connection, str], int],
    schema_row: Callable[[sqlite3.Connection, Known], int],
) -> tuple[list[Held], list[Outcome]]:
    """Write the new events of a batch into the log: those held, in order, and what became of each of the batch."""
    outcomes: list[Outcome] = []
    events: list[tuple[int, bytes, Received, Event]] = []
    for place, (record, examined) in enumerate(judged):
        if isinstance(examined, Event):
            events.append((place, event_id_of(examined), record, examined))
            outcomes.append(_APPLIED)
        else:
            outcomes.append(examined)
    known = dict(among(db, SQL["held_among"], [event_id for _, event_id, _, _ in events]))
    fresh = []
    for each in events:
        place, event_id, _, event = each
        if event_id not in known:
            known[event_id] = event.hash
            fresh.append(each)
        else:
            same = known[event_id] == event.hash
            outcomes[place] = AlreadyHeld() if same else Parked(ParkedReason.SAME_ID_OTHER_BYTES)
    children = numbered(db, [event.body["header"]["child_key"] for _, _, _, event in fresh])
    sources = {name: source_row(db, name) for name in {each[3].body["header"]["source"] for each in fresh}}
    written_under = {each[3].fingerprint: each[3].schema for each in fresh}
    schemas = {fingerprint: schema_row(db, schema) for fingerprint, schema in written_under.items()}
    seq = last_place(db)
    held: list[Held] = []
    rows: list[Row] = []
    for _, event_id, record, event in fresh:
        seq += 1
        schema, body, datum, proof = event
        header = body["header"]
        child = children[header["child_key"]]
        topic, partition, offset, published_at, _, _, _ = record
        held.append(Held(seq, child, record, event))
        rows.append(
            (
                seq, event_id, child, sources[header["source"]], header["sequence"], schemas[schema.fingerprint],
                header["occurred_at"], header["recorded_at"], published_at, received_at, topic, partition, offset,
                proof, datum,
            )
        )  # fmt: skip
    taken = _write(db, rows)
    kept = [each for index, each in enumerate(held) if index not in taken]
    refused: dict[bytes, int] = {}
    for index in taken:
        place, event_id, _, event = fresh[index]
        which = f"sequence {event.header['sequence']} of {event.header['source']}"
        outcomes[place] = Parked(ParkedReason.SEQUENCE_TAKEN, which)
        refused[event_id] = place
    # What came later with the id of one that could not be written is judged as if in a batch of its own.
    for place, event_id, _, _ in events:
        if place > refused.get(event_id, place):
            more, (outcomes[place],) = hold(db, [judged[place]], received_at, source_row, schema_row)
            kept += more
    return kept, outcomes


def _write(db: sqlite3.Connection, rows: Sequence[Row]) -> set[int]:
    """Write log rows whose ids are new; the places of those whose number of child and source is taken."""
    db.execute("SAVEPOINT log")
    taken: set[int] = set()
    try:
        db.executemany(SQL["hold"], rows)
    except sqlite3.IntegrityError:
        db.execute("ROLLBACK TO log")
        taken = {index for index, row in enumerate(rows) if not _written(db, row)}
    db.execute("RELEASE log")
    return taken


def _written(db: sqlite3.Connection, row: Row) -> bool:
    try:
        db.execute(SQL["hold"], row)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorname != "SQLITE_CONSTRAINT_UNIQUE":
            raise
        return False
    return True


def numbered(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    """The number of each child; one not heard of before gets the next."""
    distinct = list(dict.fromkeys(keys))
    found: dict[str, int] = dict(among(db, SQL["children_among"], distinct))
    last = int(db.execute(SQL["last_child"]).fetchone()[0])
    new = {key: number for number, key in enumerate((k for k in distinct if k not in found), start=last + 1)}
    db.executemany(SQL["keep_child"], ((number, key) for key, number in new.items()))
    return found | new
