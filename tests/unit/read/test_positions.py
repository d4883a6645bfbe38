"""How far a store is, in records and in time, and what it keeps aside."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.outcomes import Parked
from casefeed.contract.reasons import ParkedReason
from casefeed.read.positions import Stand, applied_last, parked_now, stands
from casefeed.read.store import SqliteStore
from tests.events import PUBLISHED_AFTER_MS, judged, raw, received
from tests.feedkit import START_MS
from tests.unit.read.helpers import PARTITIONS, RECEIVED_MS, moved, take

MINUTE_MS = 60_000


def hold(store: SqliteStore, *offsets: int) -> None:
    """Apply an event a day at these offsets of ORR's partition."""
    records = [
        received("ChildLocated", raw("ChildLocated", 1, offset + 1, days=offset, late=0.5), offset=offset)
        for offset in offsets
    ]
    step = moved(offsets[-1] + 1, before=offsets[0], last=records[-1])
    take(store, *(judged("ChildLocated", record) for record in records), moves=step)


def orr(store: SqliteStore) -> Stand:
    """Where ORR's partition stands."""
    (found,) = [each for each in stands(store.db) if each.topic == ORR_TOPIC]
    return found


def test_a_partition_keeps_the_clocks_of_what_it_gave_last(store: SqliteStore) -> None:
    """All four, from the last applied event; a record that is parked has none."""
    hold(store, 0, 1)
    hold(store, 2)
    recorded = START_MS + int(2.5 * 24 * 60 * MINUTE_MS)
    assert orr(store).applied == {
        "occurred": START_MS + 2 * 24 * 60 * MINUTE_MS,
        "recorded": recorded,
        "published": recorded + PUBLISHED_AFTER_MS,
        "received": RECEIVED_MS,
    }
    spoilt = received("ChildLocated", raw("ChildLocated", 1, 9, days=9), offset=3)
    take(store, (spoilt, Parked(ParkedReason.UNDECODABLE, "")), moves=moved(4, before=3, last=spoilt))
    assert orr(store).applied["recorded"] == recorded
    assert applied_last(stands(store.db)) == orr(store).applied


def test_what_is_behind_is_late_since_it_was_last_known_to_be_read_to_its_end(store: SqliteStore) -> None:
    """Looks at the ends note it; a reader that was off for an hour is an hour late, one that caught up is not."""
    at = RECEIVED_MS
    store.now = lambda: at
    store.see_ends(PARTITIONS)
    assert (orr(store).lag, orr(store).behind_since, orr(store).late_ms(at + MINUTE_MS)) == (0, None, 0)
    at = RECEIVED_MS + 60 * MINUTE_MS
    store.see_ends({(ORR_TOPIC, 0): 3, (ICE_TOPIC, 0): 0})
    assert (orr(store).lag, orr(store).late_ms(at)) == (3, 60 * MINUTE_MS)
    hold(store, 0, 1, 2)
    store.see_ends({(ORR_TOPIC, 0): 3, (ICE_TOPIC, 0): 0})
    assert (orr(store).lag, orr(store).behind_since) == (0, None)


def test_a_reader_that_keeps_up_with_a_stream_is_not_late() -> None:
    """Always a few records behind, it is late by the age of what it applied last, not since its last rest."""
    stand = Stand((ORR_TOPIC, 0), 5, 9, 1_000_000, 0, {"published": 999_000})
    assert stand.late_ms(1_000_000) == 1000
    assert stand.with_end(5).late_ms(1_000_000) == 0


def test_an_end_that_somebody_else_saw_counts_since_the_reader_looked() -> None:
    """The reader was at the end when it looked last: what came since waits no longer than that."""
    stand = Stand((ORR_TOPIC, 0), 5, 5, 700_000, None, {"published": 1000})
    assert stand.with_end(6).late_ms(1_000_000) == 300_000


def test_what_is_parked_is_counted_by_reason(store: SqliteStore) -> None:
    """Every reason with its count; none where nothing is parked."""
    assert parked_now(store.db) == {}
    spoilt = [
        (received("ChildLocated", raw("ChildLocated", 1, number), offset=number), Parked(reason, ""))
        for number, reason in enumerate(
            (ParkedReason.UNDECODABLE, ParkedReason.KEY_MISMATCH, ParkedReason.UNDECODABLE), start=1
        )
    ]
    take(store, *spoilt)
    assert parked_now(store.db) == {"key-mismatch": 1, "undecodable": 2}


def test_a_ledger_of_the_first_release_learns_its_clocks(tmp_path: Path) -> None:
    """A store without them gets those of the last event of each partition when it is opened."""
    path = tmp_path / "reader.db"
    with SqliteStore(path, now=lambda: RECEIVED_MS) as store:
        store.begin("cluster-1", PARTITIONS)
        hold(store, 0, 1)
        expected = orr(store).applied
    columns = ("behind_since", "occurred_at", "recorded_at", "published_at", "received_at")
    with sqlite3.connect(path) as db:
        for column in columns:
            db.execute(f"ALTER TABLE position DROP COLUMN {column}")
        db.execute("DELETE FROM migration WHERE name = '0004_a_position_in_time.sql'")
    db.close()
    with SqliteStore(path, now=lambda: RECEIVED_MS) as store:
        assert orr(store).applied == expected
