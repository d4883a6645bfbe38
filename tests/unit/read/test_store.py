"""The store: effect once, everything or nothing, one reader a file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import DecodedEvent
from casefeed.read.event_log import NewEvent
from casefeed.read.store import Position, PositionConflict, SqliteStore, record_digest
from casefeed.store import StoreError, StoreLocked, connect
from tests.events import classified, raw, received
from tests.feedkit import Raw
from tests.unit.read.helpers import RECEIVED_MS, bytes_of, count, moved, nothing, take

TRANSFER = "ChildTransferred"
NOBODY = 65534


def transfer(offset: int = 0, **over: object) -> ReceivedRecord:
    """The record of a child's transfer."""
    return received(TRANSFER, raw(TRANSFER, 1, 1, **over), offset=offset)  # type: ignore[arg-type]


def again(event: Raw, offset: int) -> ReceivedRecord:
    """The same event at another offset."""
    return received(TRANSFER, event, offset=offset)


def test_an_event_has_its_effect_once(store: SqliteStore) -> None:
    """The same bytes again, in the batch or later, are held already; the handler sees the event once."""
    event, seen = raw(TRANSFER, 1, 1), list[NewEvent]()

    def handler(_: sqlite3.Connection, held: Sequence[NewEvent]) -> None:
        seen.extend(held)

    first = take(store, classified(TRANSFER, again(event, 0)), classified(TRANSFER, again(event, 1)), handler=handler)
    second = take(store, classified(TRANSFER, again(event, 2)), handler=handler)
    assert (first.applied, first.duplicates, second.applied, second.duplicates) == (1, 1, 0, 1)
    assert [each.event.header["event_id"] for each in seen] == [event["header"]["event_id"]]
    assert [row["seq"] for row in store.db.execute("SELECT seq FROM event")] == [each.seq for each in seen]


def test_the_file_is_for_its_owner_only(store: SqliteStore) -> None:
    """Bodies hold personal parts, so nobody else on the machine may read the file or what SQLite puts beside it."""
    take(store, classified(TRANSFER, transfer()))
    files = [file for file in store.path.parent.iterdir() if file.suffix != ".lock"]
    assert {file.suffix for file in files} == {".db", ".db-wal", ".db-shm"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_every_clock_and_place_is_kept(store: SqliteStore) -> None:
    """The log holds when the event occurred, was recorded, published and received, and where it lay."""
    record = transfer(7, days=2, late=1)
    take(store, classified(TRANSFER, record))
    row = store.db.execute(
        'SELECT recorded_at - occurred_at, published_at, received_at, topic, partition, "offset", datum FROM event'
    ).fetchone()
    assert tuple(row)[:6] == (86_400_000, record.published_at, RECEIVED_MS, ORR_TOPIC, 0, 7)
    assert record.value is not None
    assert row["datum"] == record.value[5:]


def test_an_id_whose_first_telling_could_not_be_held_is_judged_anew(store: SqliteStore) -> None:
    """Its number was taken: what comes with the id after it ends the same in one batch as in a batch each."""
    held, clash = raw(TRANSFER, 1, 1), raw(TRANSFER, 1, 1)
    free = {**clash, "header": {**clash["header"], "sequence": 2}}
    records = [again(held, 0), again(clash, 1), again(clash, 2), again(free, 3), again(free, 4)]
    seen = list[NewEvent]()
    tally = take(store, *(classified(TRANSFER, each) for each in records), handler=lambda _, held: seen.extend(held))
    assert (tally.applied, tally.duplicates, dict(tally.parked)) == (2, 1, {"sequence-taken": 2})
    assert [(each.event.header["sequence"], each.record.offset) for each in seen] == [(1, 0), (2, 3)]


def test_the_same_id_with_other_bytes_is_parked(store: SqliteStore) -> None:
    """An event never changes: the first stays, the other is kept aside."""
    event = raw(TRANSFER, 1, 1)
    other = {**event, "releasing_area": "ELP"}
    tally = take(store, classified(TRANSFER, again(event, 0)), classified(TRANSFER, again(other, 1)))
    assert (tally.applied, dict(tally.parked)) == (1, {"same-id-other-bytes": 1})
    held = classified(TRANSFER, again(event, 0))[1]
    assert isinstance(held, DecodedEvent)
    assert store.db.execute("SELECT hash FROM event").fetchone()[0] == held.hash


def test_a_number_that_is_taken_parks_the_later_event(store: SqliteStore) -> None:
    """Two events cannot have one number of a child and source; other sources and children have their own."""
    tally = take(
        store,
        classified(TRANSFER, transfer(0)),
        classified(TRANSFER, transfer(1)),
        classified(TRANSFER, transfer(2, source="orr-other")),
        classified(TRANSFER, received(TRANSFER, raw(TRANSFER, 2, 1), offset=3)),
    )
    assert (tally.applied, dict(tally.parked)) == (3, {"sequence-taken": 1})


def test_what_is_parked_twice_is_parked_once(store: SqliteStore) -> None:
    """The same bytes are one problem however often they come; its bytes and headers are kept as they came."""
    record = transfer(0)
    parked = Parked(ParkedReason.UNDECODABLE, "why")
    take(store, (record, parked))
    take(store, (transfer(5, header={"event_id": raw(TRANSFER, 1, 1)["header"]["event_id"]}), parked))
    again_ = ReceivedRecord(record.topic, 0, 9, record.published_at, record.key, record.value, record.headers)
    take(store, (again_, parked))
    rows = store.db.execute('SELECT "offset", key, value, reason, child_key FROM parked ORDER BY id').fetchall()
    assert [row["offset"] for row in rows] == [0, 5]
    assert tuple(rows[0])[1:] == (record.key, record.value, "undecodable", "baaaaaaaaaaaaaaa")


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"Maria Lopez", b"A000123456"])
def test_a_key_that_is_no_child_key_names_no_child(store: SqliteStore, key: bytes | None) -> None:
    """Whatever the Kafka key holds, only a child key is taken for one."""
    record = ReceivedRecord(ORR_TOPIC, 0, 0, 0, key, None, ())
    take(store, (record, Parked(ParkedReason.EMPTY_VALUE)))
    assert store.db.execute("SELECT child_key FROM parked").fetchone()[0] is None


def test_refused_keeps_no_byte_of_the_record(store: SqliteStore) -> None:
    """Topic, offset, digest and reason are all that is kept of what may not be here."""
    record = ReceivedRecord(ORR_TOPIC, 0, 4, 0, b"keykeykeykey", b"valuevaluevalue", (("ce_id", b"headerheader"),))
    tally = take(store, (record, Refused(RefusedReason.NOT_SYNTHETIC, "x.header.synthetic")))
    assert dict(tally.refused) == {"not-synthetic": 1}
    row = store.db.execute('SELECT topic, partition, "offset", digest, reason FROM refused').fetchone()
    assert tuple(row) == (ORR_TOPIC, 0, 4, record_digest(record), "not-synthetic")
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = bytes_of(store.path)
    assert record_digest(record) in held
    assert not any(secret in held for secret in (b"keykeykey", b"valuevalue", b"headerheader"))


def test_the_digest_tells_no_value_from_an_empty_one() -> None:
    """Records that differ in any byte of key or value, or in having one, have different digests."""
    pairs = [(None, None), (None, b""), (b"", None), (b"", b""), (b"a", b"b"), (b"ab", b""), (b"", b"ab")]
    assert len({record_digest(ReceivedRecord("t", 0, 0, 0, *pair, ())) for pair in pairs}) == len(pairs)


def test_a_position_moves_with_the_events(store: SqliteStore) -> None:
    """Position, last offset and its digest stand where the batch ended; a batch of control records only moves on."""
    record = transfer(3)
    take(store, classified(TRANSFER, record), moves=moved(4, last=record))
    assert store.positions()[ORR_TOPIC, 0] == Position(4, 3, record_digest(record), 0)
    take(store, moves=moved(6, before=4))
    assert store.positions()[ORR_TOPIC, 0] == Position(6, 3, record_digest(record), 0)
    store.record_end_offsets({(ORR_TOPIC, 0): 9})
    assert store.positions()[ORR_TOPIC, 0].end_offset == 9


def test_a_reader_that_was_overtaken_keeps_nothing(store: SqliteStore) -> None:
    """A position that somebody else moved refuses the whole batch: events, handler's rows and all."""
    store.db.execute("CREATE TABLE mine (x)")
    take(store, moves=moved(5))

    def handler(db: sqlite3.Connection, _: Sequence[NewEvent]) -> None:
        db.execute("INSERT INTO mine VALUES (1)")

    with pytest.raises(PositionConflict, match="moved by another reader"):
        take(store, classified(TRANSFER, transfer()), handler=handler, moves=moved(1))
    assert (count(store, "event"), count(store, "mine")) == (0, 0)
    assert store.positions()[ORR_TOPIC, 0].next_offset == 5


def test_a_handler_that_fails_leaves_nothing(store: SqliteStore) -> None:
    """Nothing of the batch is kept; the same batch later is taken whole, its source and schema too."""

    def handler(_: sqlite3.Connection, __: Sequence[NewEvent]) -> None:
        raise RuntimeError("no")

    record = transfer()
    with pytest.raises(RuntimeError):
        take(store, classified(TRANSFER, record), handler=handler, moves=moved(1, last=record))
    assert [count(store, table) for table in ("event", "source", "schema")] == [0, 0, 0]
    assert store.positions()[ORR_TOPIC, 0].next_offset == 0
    assert take(store, classified(TRANSFER, record), moves=moved(1, last=record)).applied == 1
    assert [count(store, table) for table in ("event", "source", "schema")] == [1, 1, 1]


def test_a_second_reader_on_the_file_is_refused(store: SqliteStore) -> None:
    """One reader a file; the other is told what to do, and the first goes on."""
    with pytest.raises(StoreLocked, match="end it first, or give this one a file of its own"):
        SqliteStore(store.path, now=lambda: 0).open()
    assert take(store, classified(TRANSFER, transfer())).applied == 1


def test_a_file_that_was_let_go_can_be_taken(tmp_path: Path) -> None:
    """What one reader held, the next one holds; migrations run once."""
    for _ in range(2):
        with SqliteStore(tmp_path / "x.db", now=lambda: 0) as opened:
            opened.initialize_positions("c", {(ORR_TOPIC, 0): 0})
            take(opened, classified(TRANSFER, transfer(header={"event_id": "0190a5b0-0000-7000-8000-000000000001"})))
            assert count(opened, "event") == 1


def test_a_file_of_a_newer_release_is_refused_and_let_go(tmp_path: Path) -> None:
    """A migration that this release does not have: the file is not touched, and can be taken again at once."""
    path = tmp_path / "x.db"
    with SqliteStore(path, now=lambda: 0) as opened:
        opened.db.execute("INSERT INTO migration VALUES ('casefeed.read', 9999, '9999_later.sql')")
    for _ in range(2):
        with pytest.raises(StoreError, match="newer release") as refused:
            SqliteStore(path, now=lambda: 0).open()
        assert not isinstance(refused.value, StoreLocked)


def test_a_file_that_is_no_store_is_said(tmp_path: Path) -> None:
    """Another kind of file is neither used nor changed."""
    path = tmp_path / "x.db"
    path.write_text("Maria Lopez, A000123456" * 1000)
    with pytest.raises(StoreError, match=r"x\.db") as fault:
        SqliteStore(path, now=lambda: 0).open()
    assert "Maria" not in fault.value.message
    assert path.read_text().startswith("Maria")


def test_a_full_disk_keeps_nothing_of_the_batch(store: SqliteStore) -> None:
    """The sentence says that nothing was kept; with room again the same batch is taken."""
    pages = store.db.execute("PRAGMA page_count").fetchone()[0]
    store.db.execute(f"PRAGMA max_page_count = {pages + 3}")
    batch = [classified(TRANSFER, received(TRANSFER, raw(TRANSFER, child, 1), offset=child)) for child in range(300)]
    with pytest.raises(StoreError, match=r"SQLITE_FULL.*nothing of the batch was kept"):
        take(store, *batch, moves=moved(300))
    assert count(store, "event") == 0
    assert store.positions()[ORR_TOPIC, 0].next_offset == 0
    store.db.execute("PRAGMA max_page_count = 1000000")
    assert take(store, *batch, moves=moved(300)).applied == 300


@contextmanager
def somebody_else() -> Iterator[None]:
    """Files that only root may write cannot be written: root itself steps down while this is open."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def open_up(path: Path) -> None:
    """Let everybody reach a test's folder, which only its maker may otherwise."""
    for folder in (path, *list(path.parents)[:3]):
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o755)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_where_nothing_may_be_written_is_said(tmp_path: Path, what: str) -> None:
    """A folder or a file that may not be written is said in a sentence that names it."""
    open_up(tmp_path)
    path = tmp_path / "held" / "x.db"
    with SqliteStore(path, now=lambda: 0):
        pass
    if what == "folder":
        path.unlink()
    path.parent.chmod(0o555)
    for each in path.parent.iterdir():
        each.chmod(0o444)
    with somebody_else(), pytest.raises(StoreError, match=r"x\.db"):
        SqliteStore(path, now=lambda: 0).open()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="its folder exists and may be written"):
        SqliteStore(tmp_path / "file" / "x.db", now=lambda: 0).open()


def test_a_store_that_may_not_be_written_any_more_is_said(store: SqliteStore) -> None:
    """A write that fails in the middle of a life is a StoreError with the name of the error."""
    store.db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="SQLITE_READONLY"):
        take(store, classified(TRANSFER, transfer()))


def test_questions_can_be_asked_while_a_reader_writes(store: SqliteStore) -> None:
    """A read-only connection sees what is committed, and cannot write."""
    take(store, classified(TRANSFER, transfer()))
    db = connect(store.path, read_only=True)
    try:
        assert db.execute("SELECT count(*) FROM event").fetchone()[0] == 1
        with pytest.raises(sqlite3.OperationalError):
            db.execute("DELETE FROM event")
    finally:
        db.close()


@pytest.mark.parametrize("name", ["a b.db", "a?b.db", "a#b.db", "a%20b.db", "ä.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Characters that mean something in a URI are part of the name."""
    with SqliteStore(tmp_path / name, now=lambda: 0) as opened:
        opened.commit_batch([], {}, nothing)
    assert (tmp_path / name).is_file()


def test_reading_again_from_the_start_keeps_what_is_held(store: SqliteStore) -> None:
    """A rewind sets positions back and forgets the last record, and the log stays."""
    record = transfer(0)
    take(store, classified(TRANSFER, record), moves=moved(1, last=record))
    store.initialize_positions("cluster-2", {(ORR_TOPIC, 0): 0, (ORR_TOPIC, 1): 5}, rewind=True)
    assert store.cluster_id() == "cluster-2"
    assert store.positions()[ORR_TOPIC, 0] == Position(0, None, None, 0)
    assert store.positions()[ORR_TOPIC, 1].next_offset == 5
    assert take(store, classified(TRANSFER, record), moves=moved(1, last=record)).duplicates == 1
