"""The best peer: a plain confluent-kafka `consume(5000)` loop with fastavro, the pydantic model and sqlite3."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.peers.record import EVENT_COLUMNS, FACT_COLUMNS, LISTED_COLUMNS, TABLES, Taken, take
from benchmarks.peers.report import BATCH, Told, tell, told
from casefeed.case.casefile import CaseFile
from casefeed.case.facts import Fact
from casefeed.contract.catalogue import EventType
from casefeed.store.sqlite import PRAGMAS
from ice_caseload.cases import changed, moved_by

MANY = 500


def insert(table: str, columns: Sequence[str]) -> str:
    """An INSERT of these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


KEEP_EVENT = insert("event", EVENT_COLUMNS)
KEEP_FACT = insert("fact", FACT_COLUMNS)
LIST = insert("listed", LISTED_COLUMNS)
POST = (
    "INSERT INTO figure_step (figure, day_true, day_known, amount) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (figure, day_true, day_known) DO UPDATE SET amount = amount + excluded.amount"
)
MOVE = (
    "INSERT INTO position VALUES (?, ?, ?) "
    "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset"
)


def among(db: sqlite3.Connection, sql: str, values: Sequence[str]) -> Iterator[Any]:
    """The rows of a statement with one IN (...), asked for some values at a time."""
    for begin in range(0, len(values), MANY):
        some = values[begin : begin + MANY]
        yield from db.execute(sql.replace("(*)", f"({','.join('?' * len(some))})"), some)


def new_ones(db: sqlite3.Connection, batch: Iterable[Taken]) -> list[Taken]:
    """The records whose event is not held yet, each event once."""
    distinct = {each.event_id: each for each in batch}
    held = {row[0] for row in among(db, "SELECT event_id FROM event WHERE event_id IN (*)", list(distinct))}
    return [each for event_id, each in distinct.items() if event_id not in held]


def cases_of(db: sqlite3.Connection, children: Sequence[str]) -> dict[str, CaseFile]:
    """The cases of these children as they are held."""
    facts: dict[str, list[Fact]] = {key: [] for key in children}
    asked = f"SELECT {', '.join(FACT_COLUMNS)} FROM fact WHERE child_key IN (*) ORDER BY 1, 2, 3, 4"
    for key, *row in among(db, asked, children):
        facts[key].append(Fact.from_row(row))
    return {key: CaseFile(tuple(held)) for key, held in facts.items()}


def store(db: sqlite3.Connection, batch: Sequence[Taken], reached: Mapping[tuple[str, int], int]) -> int:
    """One transaction: log, facts, counters, lists and position; how many events were new."""
    db.execute("BEGIN IMMEDIATE")
    fresh = new_ones(db, batch)
    new: dict[str, list[Fact]] = {}
    for each in fresh:
        new.setdefault(each.child_key, []).append(each.fact)
    change = changed(cases_of(db, moved_by(new)), new)
    db.executemany(KEEP_EVENT, [each.row for each in fresh])
    db.executemany(KEEP_FACT, [(each.child_key, *each.fact.to_row()) for each in fresh])
    db.executemany("DELETE FROM listed WHERE list = ? AND child_key = ?", change.unlisted)
    db.executemany(LIST, change.listed)
    db.executemany(POST, sorted((*key, amount) for key, amount in change.steps.items() if amount))
    db.executemany(MOVE, [(*partition, offset) for partition, offset in reached.items()])
    db.execute("COMMIT")
    return len(fresh)


def opened(given: Told) -> sqlite3.Connection:
    """An empty store with the ledger's settings."""
    db = sqlite3.connect(given.ledger, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(pragma)
    db.executescript(TABLES)
    return db


def taken(types: Mapping[int, EventType], message: Message) -> Taken:
    """One message, read and held to the contract."""
    place = (str(message.topic()), int(message.partition() or 0), int(message.offset() or 0))
    return take(types, message.key(), message.value() or b"", place, message.timestamp()[1])


def run() -> int:
    """Read both topics to their ends; how many events were new."""
    given = told()
    types, db, held = given.types, opened(given), 0
    consumer = Consumer(
        {"bootstrap.servers": given.bootstrap, "group.id": "peer", "enable.auto.commit": False}
    )
    ends = {(name.rpartition("/")[0], int(name.rpartition("/")[2])): end for name, end in given.ends.items()}
    consumer.assign([TopicPartition(*partition, 0) for partition in ends])
    reached = dict.fromkeys(ends, 0)
    while any(reached[partition] < end for partition, end in ends.items()):
        batch = []
        for message in consumer.consume(BATCH, timeout=1.0):
            if message.error():
                raise RuntimeError(str(message.error()))
            each = taken(types, message)
            reached[each.row[8], each.row[9]] = each.row[10] + 1
            batch.append(each)
        if batch:
            held += store(db, batch, reached)
    consumer.close()
    db.close()
    return held


if __name__ == "__main__":
    began = time.perf_counter()
    tell(began, run())
