"""The processes that are killed at every step: each with a small world in which every kind of its steps occurs."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from casefeed.contract import codec
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, STATEMENT_TOPICS, load_catalogue
from casefeed.contract.framing import cloud_event_headers, frame, kafka_key
from casefeed.contract.outcomes import Parked
from casefeed.contract.reasons import ParkedReason
from casefeed.ledger.projection import apply_events
from casefeed.read.store import SqliteStore
from tests.broker.test_bad_input import altered, framed
from tests.crash.kill_runner import KilledProcess
from tests.desk_helpers import desk_input, orr_desk, record
from tests.events import classified, corrected, merged, raw, received
from tests.feedkit import START_MS, FeedEnv, KafkaRecord, Raw, event_id, fresh_topics
from tests.relay_processes import json_lines
from tests.restarts import environment
from tests.seed_records import decode_envelope, kafka_record, seeds
from tests.topic_records import end_offsets, event_ids, first_arrivals, topic_records
from tests.unit.read.test_heartbeats import beat

# Numbers given in the order of arrival, this machine's clocks, and where a relay's last sending happened to land: of
# these only counts whether there is one.
RUN_SPECIFIC = frozenset(
    (
        "id", "seq", "received_at", "seen_at", "rule.since", "outbox.leased_until", "outbox.sent_at", "outbox.offset",
    )
)  # fmt: skip
# Since when a partition was not read to its end, as last looked at: whether a life looks once more differs.
UNCOMPARED_COLUMNS = frozenset(("position.behind_since",))
# A row for each life of a relay: what the dead had promised stays.
UNCOMPARED_TABLES = frozenset(("outbox_promise",))
# A number of another table's row, and what that row is whatever its number.
ROW_NAMES = {
    "child": "SELECT id, child_key FROM child",
    "schema": "SELECT id, fingerprint FROM schema",
    "source": "SELECT id, name FROM source",
}
StoreContent = dict[str, list[tuple[str, ...]]]


def store_content(path: Path, run_specific: frozenset[str] = frozenset()) -> StoreContent:
    """Every table of a store, its rows in an order of their own; of what is of one run only whether it is there."""
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        named = {column: dict(db.execute(sql).fetchall()) for column, sql in ROW_NAMES.items() if column in tables}
        run_specific |= RUN_SPECIFIC
        return {
            table: sorted(_rows(db, table, named, run_specific)) for table in tables if table not in UNCOMPARED_TABLES
        }


def _rows(
    db: sqlite3.Connection, table: str, named: Mapping[str, Mapping[Any, Any]], run_specific: frozenset[str]
) -> list[tuple[str, ...]]:
    def told(column: str, value: object) -> str:
        if {column, f"{table}.{column}"} & run_specific:
            return f"{column}: {'none' if value is None else 'one'}"
        return f"{column}: {named.get(column, {}).get(value, value)!r}"

    rows = db.execute(f'SELECT * FROM "{table}"')
    columns = [each[0] for each in rows.description]
    compared = [each for each in columns if f"{table}.{each}" not in UNCOMPARED_COLUMNS]
    return [
        tuple(told(column, value) for column, value in zip(columns, row, strict=True) if column in compared)
        for row in rows
    ]


class IceIntake(KilledProcess):
    """ICE's intake, into a ledger that does not exist yet; whole lives, every kind of fault, and heartbeats."""

    args = ("ice", "intake", "--until-caught-up")
    required_calls = frozenset(
        (
            "COMMIT", "ROLLBACK TO", "update_position", "insert_event", "insert_parked", "insert_refused",
            "upsert_registered_schema", "insert_fact", "add_figure_step",
            "insert_list_row", "delete_list_rows", "upsert_heartbeat", "GET registry", "FetchRequest",
            "OffsetCommitRequest",
        )
    )  # fmt: skip

    def __init__(self, feed_env: FeedEnv, home: Path) -> None:
        self.env = environment(feed_env, home)
        self._ledger = feed_env.path
        statements = STATEMENT_TOPICS[ORR_TOPIC]
        fresh_topics(feed_env.bootstrap, (statements,), feed_env.partitions)
        beats = [beat(number, minute=number) for number in range(3)]
        heard = [record_of(feed_env, statements, "SourceHeartbeat", each) for each in beats]
        feed_env.send(*_small_feed(feed_env), *heard)

    def reset(self) -> None:
        """No ledger."""
        _remove_store(self._ledger)

    def state(self) -> StoreContent:
        """The whole ledger."""
        return store_content(self._ledger)


def _small_feed(feed_env: FeedEnv) -> list[KafkaRecord]:
    """All that the seeds tell of a few children, who have every kind of event; and each kind of fault."""
    told = {topic: seeds(topic) for topic in (ORR_TOPIC, ICE_TOPIC)}
    kinds: dict[str, set[str]] = {}
    for envelopes in told.values():
        for each in envelopes:
            kinds.setdefault(each.key, set()).add(decode_envelope(each)[0].name)
    every, children = set().union(*kinds.values()), list[str]()
    while every:
        children.append(max(sorted(kinds), key=lambda key: len(kinds[key] & every)))
        every -= kinds[children[-1]]
    records = [
        kafka_record(feed_env, topic, each)
        for topic, envelopes in told.items()
        for each in envelopes
        if each.key in children
    ]
    first = next(each for each in told[ORR_TOPIC] if each.key == children[0])
    return [*records, *_faults(feed_env, kafka_record(feed_env, ORR_TOPIC, first), *decode_envelope(first))]


def _faults(feed_env: FeedEnv, good: KafkaRecord, kind: Any, raw: Raw) -> list[KafkaRecord]:
    """A record that came before, and what a careless sender makes of it."""

    def other(**header: object) -> KafkaRecord:
        return altered(good, framed(feed_env, kind.short_name, raw | {"header": raw["header"] | header}), headers=[])

    assert good.value is not None
    return [
        good,
        other(occurred_at=raw["header"]["occurred_at"] - 1),
        other(event_id=event_id()),
        other(event_id=event_id(), synthetic=False),
        altered(good, frame(999_999, good.value[5:])),
        altered(good, good.value[:-3]),
    ]


def record_of(feed_env: FeedEnv, topic: str, short: str, event: Raw) -> KafkaRecord:
    """An event or a statement as its sender puts it on a topic."""
    kind = load_catalogue().by_name(short)
    value = frame(feed_env.schema_ids[kind.name], codec.encode(kind, event))
    return KafkaRecord(topic, kafka_key(kind, event).encode(), value, list(cloud_event_headers(kind, event)))


class IceRedrive(KilledProcess):
    """A redrive of all that waits: what applies, a correction and a merge among it; is held; may not be here."""

    args = ("ice", "parked", "redrive", "--all", "--reason", "it is known now", "--by", "J. Doe")
    required_calls = frozenset(
        (
            "COMMIT", "ROLLBACK", "insert_decision", "update_decision_counts", "upsert_registered_schema",
            "insert_event", "insert_gap", "delete_gaps",
            "insert_fact", "add_figure_step", "insert_list_row", "upsert_key_group", "resolve_parked",
            "insert_refused", "erase_parked", "GET registry",
        )
    )  # fmt: skip
    # When it was decided, by this machine's clock.
    RUN_SPECIFIC = frozenset(("decision.at",))

    def __init__(self, feed_env: FeedEnv, home: Path) -> None:
        self.env = environment(feed_env, home)
        self._ledger, self._kept = feed_env.path, home / "parked.db"
        with SqliteStore(self._kept, now=lambda: START_MS, packages=("casefeed.ledger",)) as store:
            unknown = Parked(ParkedReason.UNKNOWN_SCHEMA_ID)
            held, waiting = _some_cases()
            store.commit_batch([classified(short, received(short, event)) for short, event in held], {}, apply_events)
            parked = [received(short, event, value=framed(feed_env, short, event)) for short, event in waiting]
            short, event = "ChildTransferred", raw("ChildTransferred", 4, 1)
            unmarked = event | {"header": event["header"] | {"synthetic": False}}
            parked.append(received(short, event, value=framed(feed_env, short, unmarked)))
            store.commit_batch([(each, unknown) for each in parked], {}, apply_events)

    def reset(self) -> None:
        """The ledger as it was before the decision."""
        _remove_store(self._ledger)
        shutil.copy(self._kept, self._ledger)

    def state(self) -> StoreContent:
        """The whole ledger: that a decision was made once is a part of it."""
        return store_content(self._ledger, self.RUN_SPECIFIC)


def _some_cases() -> tuple[list[tuple[str, Raw]], list[tuple[str, Raw]]]:
    """What a ledger holds, with gaps, and what waits parked beside it and may be here."""
    transfer, other = raw("ChildTransferred", 1, 1), raw("ChildTransferred", 2, 1)
    left = raw("RunawayFromCustody", 1, 2, days=2)
    held = [("ChildTransferred", transfer), ("ChildTransferred", other), ("AgedOut", raw("AgedOut", 1, 6, days=9))]
    waiting = [
        ("ChildTransferred", other),
        ("RunawayFromCustody", left),
        ("ChildLocated", raw("ChildLocated", 1, 4, days=3)),
        corrected(5, ("RunawayFromCustody", left), owning_area="MIA"),
        merged(1, 2, 3, days=4),
        ("SponsorPlacement", raw("SponsorPlacement", 3, 2, days=5, address_quality="UNDELIVERABLE")),
    ]
    return held, waiting


class OrrRecord(KilledProcess):
    """ORR's desk, which does not exist yet, taking in lines; who lost its answers gives it the same lines again."""

    args = ("orr", "record", "--lines")
    required_calls = frozenset(("COMMIT", "insert_event", "insert_outbox", "CREATE TABLE"))
    # It mints its source, and its clock is in the event.
    RUN_SPECIFIC = frozenset(("outbox_source.name", "recorded_at", "datum", "outbox.since"))

    def __init__(self, home: Path) -> None:
        self.env = {**os.environ, "CASEFEED_HOME": str(home), "CASEFEED_DESK_URL": f"sqlite:///{home / 'desk.db'}"}
        self._desk = home / "desk.db"
        self.stdin_file = home / "lines"
        self.stdin_file.write_bytes(json_lines(_story()))

    def reset(self) -> None:
        """No desk."""
        _remove_store(self._desk)

    def state(self) -> StoreContent:
        """The whole desk, but for its own clock and name."""
        return store_content(self._desk, self.RUN_SPECIFIC)


def _story() -> list[Raw]:
    """A few events of each of a few children, as a caller gives them to a desk."""
    kinds = ("ChildTransferred", "SponsorPlacement", "RunawayFromCustody", "ChildLocated", "ChildLocated")
    return [desk_input(kind, child) for kind in kinds for child in range(8)]


def _remove_store(store: Path) -> None:
    """A store's file and what lies beside it."""
    for each in store.parent.glob(f"{store.name}*"):
        each.unlink()


class OrrRelay(KilledProcess):
    """ORR's relay, on a desk with events of every child waiting; what it sends is all that comes on the topic."""

    args = ("orr", "relay", "--until-empty")
    required_calls = frozenset(
        ("COMMIT", "bind_cluster", "claim", "mark_sent", "release_claims", "POST registry", "ProduceRequest")
    )

    def __init__(self, feed_env: FeedEnv, home: Path) -> None:
        self.env = environment(feed_env, home)
        self._feed_env = feed_env
        self._desk = home / "desk.db"
        self._kept = home / "recorded"
        with orr_desk(self._kept) as desk:
            self.recorded = record(desk, *_story())
        self._since = end_offsets(feed_env.bootstrap)

    def reset(self) -> None:
        """The desk as it was before anything was sent; the topic goes on."""
        _remove_store(self._desk)
        shutil.copy(self._kept / "desk.db", self._desk)
        self._since = end_offsets(self._feed_env.bootstrap)

    def expire_leases(self) -> None:
        """The lease of what a relay held runs out; nobody waits for it here."""
        with closing(sqlite3.connect(self._desk, isolation_level=None)) as db:
            db.execute("UPDATE outbox SET leased_until = 0 WHERE leased_until IS NOT NULL")

    def state(self) -> tuple[StoreContent, dict[bytes | None, list[str]], dict[str, set[object]]]:
        """The whole desk; by child the ids in the order in which each first came; by id the bytes that came."""
        rows = topic_records(self._feed_env.bootstrap, since=self._since)
        came: dict[str, set[object]] = {}
        for row, each in zip(rows, event_ids(rows), strict=True):
            came.setdefault(each, set()).add((row.key, row.value, tuple(row.headers)))
        return store_content(self._desk), first_arrivals(rows), came
