"""What can be asked of a store, and that each question is answered through an index."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, load_catalogue
from casefeed.contract.outcomes import Parked
from casefeed.contract.reasons import ParkedReason, Repairer
from casefeed.contract.validation import is_child_key
from casefeed.read.classify import ReadableSchema
from casefeed.read.parked import ParkedFilter, ParkedState, parked_record, parked_records
from casefeed.read.queries import (
    end_offsets_checked_at,
    stored_events,
    uncertain_children,
    uncertain_counts,
    uncertainty_of,
)
from casefeed.read.statements import SQL
from casefeed.read.store import SqliteStore
from casefeed.store import StoreError
from tests.events import classified, raw, received
from tests.feedkit import child_key
from tests.unit.read.helpers import RECEIVED_MS, nothing, take

TRANSFER = "ChildTransferred"
UNDECODABLE = Parked(ParkedReason.UNDECODABLE, "casefeed.NtaServed: does not decode under its schema")


def hold(store: SqliteStore, child: int, *sequences: int, source: str = "orr-test", at: int = RECEIVED_MS) -> None:
    """Take in a child's events with these numbers, received at a time."""
    store.now = lambda: at
    for number in sequences:
        event = raw("AgedOut", child, number, source=source, days=number)
        assert (
            take(store, classified("AgedOut", received("AgedOut", event, offset=child * 100 + number))).applied == 1
        )


@pytest.mark.parametrize(
    "text", ["", "A000123456", "abcdefghijklmno", "abcdefghijklmnop1", "ABCDEFGHIJKLMNOP", "ä" * 16]
)
def test_what_is_no_child_key(text: str) -> None:
    """A child key is sixteen of a-z and 2-7."""
    assert not is_child_key(text)
    assert is_child_key(child_key(7))


def test_the_events_of_a_child_are_read_back_whole(store: SqliteStore) -> None:
    """Every event as it was told, with its clocks and place, in order of when it came about; no other child's."""
    later, earlier, other = raw(TRANSFER, 1, 1, days=3), raw("AgedOut", 1, 2), raw(TRANSFER, 2, 1)
    take(
        store,
        classified(TRANSFER, received(TRANSFER, later, offset=5)),
        classified("AgedOut", received("AgedOut", earlier, offset=6)),
        classified(TRANSFER, received(TRANSFER, other, offset=7)),
    )
    found = stored_events(store.db, child_key(1))
    assert [each.body for each in found] == [earlier, later]
    assert [(each.partition, each.offset) for each in found] == [
        (("orr.case-events", 0), 6),
        (("orr.case-events", 0), 5),
    ]
    assert (found[0].source, found[0].sequence, found[0].agency) == ("orr-test", 2, "ORR")
    assert found[1].received_at == RECEIVED_MS
    assert stored_events(store.db, child_key(3)) == []


def test_an_event_of_a_later_version_is_read_back_by_resolution(store: SqliteStore) -> None:
    """The log keeps the schema it was written under, and reads it as the version known here."""
    kind = load_catalogue().by_name("NtaIssued")
    item = {"name": "note_code", "type": ["null", "string"], "default": None, "doc": "Later.", "sensitivity": "CT"}
    later = {**kind.schema, "fields": [*kind.schema["fields"], item]}
    event = raw("NtaIssued", 1, 1, source="ice-test")
    record = received("NtaIssued", event)
    record = record._replace(value=(record.value or b"") + b"\x00")
    take(store, classified("NtaIssued", record, ReadableSchema(kind, b"f" * 32, later)))
    assert [each.body for each in stored_events(store.db, child_key(1))] == [event]


def test_an_event_that_can_no_longer_be_read_is_said(store: SqliteStore) -> None:
    """A type that this release does not know: the sentence names the event, not what it holds."""
    hold(store, 1, 1)
    store.db.execute("UPDATE schema SET name = 'casefeed.Gone'")
    with pytest.raises(StoreError, match="use the release that took it in"):
        stored_events(store.db, child_key(1))


def test_a_child_is_uncertain_for_what_is_parked_and_what_is_missing(store: SqliteStore) -> None:
    """Each parked record and each gap by source, and since when; what comes later closes it."""
    hold(store, 1, 1)
    assert not uncertainty_of(store.db, child_key(1))
    hold(store, 1, 4, at=RECEIVED_MS + 5)
    assert uncertain_children(store.db, [child_key(1), child_key(2)]) == {child_key(1)}
    hold(store, 1, 7, at=RECEIVED_MS + 9)
    hold(store, 1, 2, source="ice-test", at=RECEIVED_MS + 7)
    take(store, (received("NtaServed", raw("NtaServed", 1, 9, source="ice-test"), offset=900), UNDECODABLE))
    found = uncertainty_of(store.db, child_key(1))
    assert [(gap.source, gap.first, gap.last, gap.since) for gap in found.gaps] == [
        ("ice-test", 1, 1, RECEIVED_MS + 7),
        ("orr-test", 2, 3, RECEIVED_MS + 5),
        ("orr-test", 5, 6, RECEIVED_MS + 9),
    ]
    assert uncertain_counts(store.db) == {"children": 1, "parked": 1, "gaps": 3}
    assert [each.reason for each in found.parked] == [ParkedReason.UNDECODABLE]
    assert found.since == RECEIVED_MS + 5
    hold(store, 1, 2, 3, 5, 6)
    hold(store, 1, 1, source="ice-test")
    assert uncertainty_of(store.db, child_key(1)).gaps == ()
    assert uncertain_children(store.db, [child_key(1), child_key(2)]) == {child_key(1)}


def test_a_parked_record_that_was_applied_since_leaves_nothing_uncertain(store: SqliteStore) -> None:
    """Its schema came to be known and the topic was read again: the record stays listed, the child is certain."""
    record = received(TRANSFER, raw(TRANSFER, 1, 1), offset=3)
    take(store, (record, Parked(ParkedReason.UNKNOWN_SCHEMA_ID)))
    assert uncertain_children(store.db, [child_key(1)]) == {child_key(1)}
    take(store, classified(TRANSFER, record))
    assert not uncertainty_of(store.db, child_key(1))
    assert uncertain_children(store.db, [child_key(1)]) == frozenset()
    ((parked,), _) = parked_records(store.db, ParkedFilter())
    assert parked.state is ParkedState.APPLIED


def test_the_same_event_sent_again_elsewhere_heals_what_was_parked(store: SqliteStore) -> None:
    """At another offset, of a topic made anew or not, it is the same datum; another event there heals nothing."""
    record = received(TRANSFER, raw(TRANSFER, 1, 1), offset=3)
    take(store, (record, Parked(ParkedReason.UNKNOWN_SCHEMA_ID)))
    take(store, classified(TRANSFER, received(TRANSFER, raw(TRANSFER, 1, 2), offset=3)))
    assert uncertain_children(store.db, [child_key(1)]) == {child_key(1)}
    take(store, classified(TRANSFER, record._replace(offset=90)))
    assert uncertain_children(store.db, [child_key(1)]) == frozenset()


def test_a_key_of_another_child_leaves_both_uncertain(store: SqliteStore) -> None:
    """The child of the body misses a fact, whoever's the key is; the fact under its own key heals both."""
    record = received(TRANSFER, raw(TRANSFER, 1, 1), offset=3)
    both = [child_key(1), child_key(2)]
    take(store, classified(TRANSFER, record._replace(key=child_key(2).encode())))
    assert uncertain_children(store.db, both) == set(both)
    assert uncertainty_of(store.db, child_key(1)).parked[0].reason is ParkedReason.KEY_MISMATCH
    assert [each.id for each in parked_records(store.db, ParkedFilter(child_keys=(child_key(1),)))[0]] == [1]
    take(store, classified(TRANSFER, record._replace(offset=4)))
    assert uncertain_children(store.db, both) == frozenset()


def test_parked_records_by_reason_topic_and_child(store: SqliteStore) -> None:
    """Each filter narrows; the count is of all that pass, whatever the limit."""
    for child in range(1, 4):
        record = received(TRANSFER, raw(TRANSFER, child, 1), offset=child)
        take(store, (record, Parked(ParkedReason.EMPTY_VALUE if child == 1 else ParkedReason.UNDECODABLE)))
    served = received("NtaServed", raw("NtaServed", 1, 1, source="ice-test"))
    take(store, (served, UNDECODABLE))

    def ids(**filters: object) -> list[int]:
        return [each.id for each in parked_records(store.db, ParkedFilter(**filters))[0]]  # type: ignore[arg-type]

    assert ids() == [1, 2, 3, 4]
    assert ids(cause=ParkedReason.UNDECODABLE) == [2, 3, 4]
    assert ids(topic=ICE_TOPIC) == [4]
    assert ids(child_keys=(child_key(1),)) == [1, 4]
    assert ids(repairer=Repairer.SENDER, topic=ICE_TOPIC) == [4]
    assert ids(repairer=Repairer.OPERATOR) == []
    assert ids(since=RECEIVED_MS + 1) == []
    assert (ids(open=True), ids(open=False)) == ([1, 2, 3, 4], [])
    found, count = parked_records(store.db, ParkedFilter(cause=ParkedReason.UNDECODABLE), limit=1)
    assert ([each.id for each in found], count) == ([2], 3)


def test_a_parked_record_is_told_without_its_bytes(store: SqliteStore) -> None:
    """Where it lay, its clocks, sizes and headers; None for a number that is not parked."""
    record = received("NtaServed", raw("NtaServed", 1, 1, source="ice-test"), offset=4)
    take(store, (record, UNDECODABLE))
    found = parked_record(store.db, 1)
    assert found is not None
    assert (found.partition, found.offset) == ((ICE_TOPIC, 0), 4)
    assert (found.key_bytes, found.value_bytes) == (16, len(record.value or b""))
    assert found.headers == record.headers
    assert (found.detail, found.reason) == (UNDECODABLE.detail, ParkedReason.UNDECODABLE)
    assert parked_record(store.db, 2) is None


def test_when_the_ends_were_seen_is_that_of_the_stalest_partition(store: SqliteStore) -> None:
    """None before every partition was looked at."""
    assert end_offsets_checked_at(store.db) is None
    store.record_end_offsets({("orr.case-events", 0): 3})
    assert end_offsets_checked_at(store.db) is None
    store.record_end_offsets({("ice.case-events", 0): 3})
    assert end_offsets_checked_at(store.db) == RECEIVED_MS


KEYS = json.dumps([child_key(1)])
INDEXED = {
    "events_of_child": (child_key(1),),
    "schema_by_id": (1,),
    "gaps_of_child": (child_key(1),),
    "sequence_numbers": (1, 1),
    "sequences_to_check": (1,),
    "uncertain_children": (KEYS,),
    "parked_of_child": (child_key(1),),
    "parked_by_id": (1,),
    "event_hashes": (b"x" * 16,),
    "child_ids": (child_key(1),),
}


def plan(store: SqliteStore, name: str) -> Iterator[str]:
    """How SQLite answers a statement."""
    asked = SQL[name].replace(":many", "?")
    for row in store.db.execute(f"EXPLAIN QUERY PLAN {asked}", INDEXED[name]):
        yield row["detail"]


@pytest.mark.parametrize("name", INDEXED)
def test_a_question_about_a_child_reads_no_table_whole(store: SqliteStore, name: str) -> None:
    """With 448,000 children each answer still comes through an index."""
    store.commit_batch([], {}, nothing)
    whole = [step for step in plan(store, name) if step.startswith("SCAN") and "json_each" not in step]
    assert [step for step in whole if any(table in step for table in (" e", " p", "event", "parked"))] == []
