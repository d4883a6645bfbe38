"""The best peer: a plain confluent-kafka `consume(5000)` loop with fastavro, the pydantic model and sqlite3."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.peers.record import EVENT_COLUMNS, FACT_COLUMNS, LISTED_COLUMNS, TABLES, PeerRecord, read_record
from benchmarks.peers.report import BATCH, PeerConfig, load_config, print_result
from casefeed.case.casefile import CaseFile
from casefeed.case.facts import Fact
from casefeed.contract.catalogue import EventType
from casefeed.ledger.projection import affected_children, compute_changes
from casefeed.store.sqlite import PRAGMAS

CHUNK_SIZE = 500


def insert(table: str, columns: Sequence[str]) -> str:
    """An INSERT of these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


INSERT_EVENT = insert("event", EVENT_COLUMNS)
INSERT_FACT = insert("fact", FACT_COLUMNS)
INSERT_LIST_ROW = insert("listed", LISTED_COLUMNS)
ADD_FIGURE_STEP = (
    "INSERT INTO figure_step (figure, day_true, day_known, amount) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (figure, day_true, day_known) DO UPDATE SET amount = amount + excluded.amount"
)
SET_POSITION = (
    "INSERT INTO position VALUES (?, ?, ?) "
    "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset"
)


def execute_in_chunks(db: sqlite3.Connection, sql: str, values: Sequence[str]) -> Iterator[Any]:
    """The rows of a statement with one IN (...), asked for some values at a time."""
    for begin in range(0, len(values), CHUNK_SIZE):
        some = values[begin : begin + CHUNK_SIZE]
        yield from db.execute(sql.replace("(*)", f"({','.join('?' * len(some))})"), some)


def new_records(db: sqlite3.Connection, batch: Iterable[PeerRecord]) -> list[PeerRecord]:
    """The records whose event is not held yet, each event once."""
    distinct = {each.event_id: each for each in batch}
    held = {
        row[0] for row in execute_in_chunks(db, "SELECT event_id FROM event WHERE event_id IN (*)", list(distinct))
    }
    return [each for event_id, each in distinct.items() if event_id not in held]


def load_cases(db: sqlite3.Connection, children: Sequence[str]) -> dict[str, CaseFile]:
    """The cases of these children as they are held."""
    facts: dict[str, list[Fact]] = {key: [] for key in children}
    asked = f"SELECT {', '.join(FACT_COLUMNS)} FROM fact WHERE child_key IN (*) ORDER BY 1, 2, 3, 4"
    for key, *row in execute_in_chunks(db, asked, children):
        facts[key].append(Fact.from_row(row))
    return {key: CaseFile(tuple(held)) for key, held in facts.items()}


def commit_batch(db: sqlite3.Connection, batch: Sequence[PeerRecord], reached: Mapping[tuple[str, int], int]) -> int:
    """One transaction: log, facts, counters, lists and position; how many events were new."""
    db.execute("BEGIN IMMEDIATE")
    fresh = new_records(db, batch)
    new: dict[str, list[Fact]] = {}
    for each in fresh:
        new.setdefault(each.child_key, []).append(each.fact)
    change = compute_changes(load_cases(db, affected_children(new)), new)
    db.executemany(INSERT_EVENT, [each.row for each in fresh])
    db.executemany(INSERT_FACT, [(each.child_key, *each.fact.to_row()) for each in fresh])
    db.executemany("DELETE FROM listed WHERE list = ? AND child_key = ?", change.deleted_rows)
    db.executemany(INSERT_LIST_ROW, change.inserted_rows)
    db.executemany(ADD_FIGURE_STEP, sorted((*key, amount) for key, amount in change.steps.items() if amount))
    db.executemany(SET_POSITION, [(*partition, offset) for partition, offset in reached.items()])
    db.execute("COMMIT")
    return len(fresh)


def open_store(config: PeerConfig) -> sqlite3.Connection:
    """An empty store with the ledger's settings."""
    db = sqlite3.connect(config.ledger, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(pragma)
    db.executescript(TABLES)
    return db


def parse_message(types: Mapping[int, EventType], message: Message) -> PeerRecord:
    """One message, read and held to the contract."""
    place = (str(message.topic()), int(message.partition() or 0), int(message.offset() or 0))
    return read_record(types, message.key(), message.value() or b"", place, message.timestamp()[1])


def run() -> int:
    """Read both topics to their ends; how many events were new."""
    given = load_config()
    types, db, held = given.types, open_store(given), 0
    consumer = Consumer({"bootstrap.servers": given.bootstrap, "group.id": "peer", "enable.auto.commit": False})
    ends = {(name.rpartition("/")[0], int(name.rpartition("/")[2])): end for name, end in given.ends.items()}
    consumer.assign([TopicPartition(*partition, 0) for partition in ends])
    reached = dict.fromkeys(ends, 0)
    while any(reached[partition] < end for partition, end in ends.items()):
        batch = []
        for message in consumer.consume(BATCH, timeout=1.0):
            if message.error():
                raise RuntimeError(str(message.error()))
            each = parse_message(types, message)
            reached[each.row[8], each.row[9]] = each.row[10] + 1
            batch.append(each)
        if batch:
            held += commit_batch(db, batch, reached)
    consumer.close()
    db.close()
    return held


if __name__ == "__main__":
    began = time.perf_counter()
    print_result(began, run())
