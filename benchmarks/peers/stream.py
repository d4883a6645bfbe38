"""A peer on a framework: FastStream's batch subscriber with fastavro, the pydantic model and SQLAlchemy Core."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage, TopicPartition
from sqlalchemy import Engine, MetaData, Table, bindparam, create_engine, delete, event, select
from sqlalchemy.dialects.sqlite import insert

from benchmarks.peers.record import EVENT_COLUMNS, FACT_COLUMNS, LISTED_COLUMNS, TABLES, PeerRecord, read_record
from benchmarks.peers.report import BATCH, PeerConfig, load_config, print_result
from casefeed.case.casefile import CaseFile
from casefeed.case.facts import Fact
from casefeed.ledger.projection import affected_children, compute_changes
from casefeed.store.sqlite import PRAGMAS


class PeerStore:
    """The peer's tables, by SQLAlchemy Core."""

    def __init__(self, config: PeerConfig) -> None:
        self.engine = _engine(config)
        raw = self.engine.raw_connection()
        raw.driver_connection.executescript(TABLES)  # type: ignore[union-attr]
        raw.close()
        meta = MetaData()
        meta.reflect(self.engine)
        self.events, self.facts, self.steps = (meta.tables[name] for name in ("event", "fact", "figure_step"))
        self.listed, self.positions = meta.tables["listed"], meta.tables["position"]
        self.select_stored_ids = _select_in(self.events, "event_id", ("event_id",))
        self.select_facts = _select_in(self.facts, "child_key", FACT_COLUMNS).order_by(
            *(self.facts.c[name] for name in FACT_COLUMNS[:4])
        )
        self.delete_list_rows = delete(self.listed).where(
            self.listed.c.list == bindparam("of"), self.listed.c.child_key == bindparam("child")
        )
        posted = insert(self.steps)
        self.add_figure_step = posted.on_conflict_do_update(
            index_elements=["figure", "day_true", "day_known"],
            set_={"amount": self.steps.c.amount + posted.excluded.amount},
        )
        moved = insert(self.positions)
        self.set_position = moved.on_conflict_do_update(
            index_elements=["topic", "partition"], set_={"next_offset": moved.excluded.next_offset}
        )

    def commit_batch(self, batch: Sequence[PeerRecord], reached: dict[tuple[str, int], int]) -> int:
        """One transaction: log, facts, counters, lists and position; how many events were new."""
        with self.engine.begin() as db:
            distinct = {each.event_id: each for each in batch}
            held = set(db.scalars(self.select_stored_ids, {"many": list(distinct)}))
            fresh = [each for event_id, each in distinct.items() if event_id not in held]
            new: dict[str, list[Fact]] = {}
            for each in fresh:
                new.setdefault(each.child_key, []).append(each.fact)
            facts: dict[str, list[Fact]] = {key: [] for key in affected_children(new)}
            for key, *row in db.execute(self.select_facts, {"many": list(facts)}):
                facts[key].append(Fact.from_row(row))
            change = compute_changes({key: CaseFile(tuple(each)) for key, each in facts.items()}, new)

            def run(statement: Any, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
                if rows:
                    db.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])

            run(self.events.insert(), EVENT_COLUMNS, [each.row for each in fresh])
            run(self.facts.insert(), FACT_COLUMNS, [(each.child_key, *each.fact.to_row()) for each in fresh])
            run(self.delete_list_rows, ("of", "child"), list(change.deleted_rows))
            run(self.listed.insert(), LISTED_COLUMNS, list(change.inserted_rows))
            steps = sorted((*key, amount) for key, amount in change.steps.items() if amount)
            run(self.add_figure_step, ("figure", "day_true", "day_known", "amount"), list(steps))
            places = [(*partition, offset) for partition, offset in reached.items()]
            run(self.set_position, ("topic", "partition", "next_offset"), places)
        return len(fresh)


def _select_in(table: Table, column: str, columns: Sequence[str]) -> Any:
    return select(*(table.c[name] for name in columns)).where(table.c[column].in_(bindparam("many", expanding=True)))


def _engine(config: PeerConfig) -> Engine:
    engine = create_engine(f"sqlite:///{config.ledger}")

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(pragma)

    return engine


async def run() -> int:
    """Read both topics to their ends; how many events were new."""
    given = load_config()
    types, store = given.types, PeerStore(given)
    ends = {(name.rpartition("/")[0], int(name.rpartition("/")[2])): end for name, end in given.ends.items()}
    reached, held = dict.fromkeys(ends, 0), 0
    broker = KafkaBroker(given.bootstrap, logger=None)
    app = FastStream(broker, logger=logging.getLogger("peer"))

    async def as_it_is(message: KafkaMessage) -> Any:
        return message.body

    @broker.subscriber(
        partitions=[TopicPartition(*partition) for partition in ends],
        batch=True,
        max_records=BATCH,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
        decoder=as_it_is,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
    )
    async def handle(bodies: list[bytes], message: KafkaMessage) -> None:
        nonlocal held
        batch = []
        for record, body in zip(message.raw_message, bodies, strict=True):
            place = (record.topic, record.partition, record.offset)
            batch.append(read_record(types, record.key, body, place, record.timestamp))
            reached[record.topic, record.partition] = record.offset + 1
        held += store.commit_batch(batch, reached)
        if all(reached[partition] >= end for partition, end in ends.items()):
            app.exit()

    await app.run()
    store.engine.dispose()
    return held


if __name__ == "__main__":
    began = time.perf_counter()
    print_result(began, asyncio.run(run()))
