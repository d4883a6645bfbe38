"""Redrive: parked records judged again by decision, in one transaction, beside a reader at work."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, Catalogue, EventType, load_catalogue
from casefeed.contract.outcomes import Applied, Parked
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.decisions import Decision, DecisionResult, list_decisions
from casefeed.read.event_log import NewEvent
from casefeed.read.heartbeats import source_statuses
from casefeed.read.parked import ParkedFilter, ParkedState, parked_record
from casefeed.read.queries import uncertain_children, uncertain_counts
from casefeed.read.redrive import ParkedRecordResult, close_parked, plan_redrive, redrive
from casefeed.read.store import Handler, SharedStore, SqliteStore
from casefeed.runtime.errors import RegistryUnavailable
from casefeed.store import StoreError
from tests.events import classified, raw, received
from tests.feedkit import child_key
from tests.unit.read.helpers import RECEIVED_MS, bytes_of, count, moved, nothing, take
from tests.unit.read.test_heartbeats import beat
from tests.unit.read.test_heartbeats import record as heartbeat

REGISTRY = "http://127.0.0.1:1/apis/ccompat/v7"
TRANSFER = "ChildTransferred"
LATER_MS = RECEIVED_MS + 3_600_000
UNKNOWN = Parked(ParkedReason.UNKNOWN_SCHEMA_ID, "schema id 1")
ALL = ParkedFilter()


def decision(choice: ParkedFilter = ALL) -> Decision[ParkedFilter]:
    """Somebody's decision about a choice of records."""
    return Decision("J. Doe", "the schema is registered now", choice)


@pytest.fixture
def beside(store: SqliteStore) -> Iterator[SharedStore]:
    """The same file, while the reader has it."""
    with SharedStore(store.path, now=lambda: LATER_MS) as opened:
        yield opened


def registry(texts: dict[int, str] | None) -> Callable[[int], Any]:
    """A registry that answers from a dict; None: it is away."""

    async def ask(number: int) -> str | None:
        if texts is None:
            raise RegistryUnavailable("away")
        return texts.get(number)

    return ask


def again(
    beside: SharedStore,
    *,
    choice: ParkedFilter = ALL,
    texts: dict[int, str] | None = None,
    catalogue: Catalogue | None = None,
    handler: Handler = nothing,
    keep: bool = True,
) -> DecisionResult[ParkedRecordResult, dict[str, int]]:
    """Redrive a choice; the witness counts what is uncertain."""
    trial = asyncio.run(plan_redrive(beside, choice, catalogue or load_catalogue(), REGISTRY, registry(texts)))
    return redrive(beside, trial, decision(choice), handler, uncertain_counts, commit=keep)


def counts(made: DecisionResult[ParkedRecordResult, Any]) -> dict[str, int]:
    """How many records became what."""
    return dict(Counter(each.state.value for each in made.results))


def park(store: SqliteStore, record: ReceivedRecord, why: Parked = UNKNOWN) -> ReceivedRecord:
    """Park a record as a reader does."""
    take(store, (record, why))
    return record


def test_what_applies_now_is_taken_in_as_if_it_had_been_read(store: SqliteStore, beside: SharedStore) -> None:
    """The log, the handler and the gaps have it; the record has ended, and the child is certain again."""
    seen: list[NewEvent] = []

    def handler(db: sqlite3.Connection, held: Sequence[NewEvent]) -> None:
        assert db.in_transaction
        seen.extend(held)

    record = park(store, received(TRANSFER, raw(TRANSFER, 1, 1), offset=7))
    take(store, classified("AgedOut", received("AgedOut", raw("AgedOut", 1, 2), offset=8)))
    made = again(beside, texts={1: load_catalogue().by_name(TRANSFER).canonical_json}, handler=handler)
    assert counts(made) == {"redriven": 1}
    assert (made.before, made.after) == (
        {"children": 1, "parked": 1, "gaps": 1},
        {"children": 0, "parked": 0, "gaps": 0},
    )
    assert [each.record for each in seen] == [record]
    row = store.db.execute('SELECT "offset", published_at, received_at FROM event WHERE sequence = 1').fetchone()
    assert tuple(row) == (7, record.published_at, LATER_MS)
    parked = parked_record(store.db, 1)
    assert parked is not None
    assert (parked.state, parked.ended_by, parked.tried_by) == (
        ParkedState.REDRIVEN,
        made.decision_id,
        made.decision_id,
    )
    assert uncertain_children(store.db, [child_key(1)]) == frozenset()


def test_a_decision_is_recorded_with_what_came_of_it(store: SqliteStore, beside: SharedStore) -> None:
    """When, who, why, which and how many; a second redrive of the same changes nothing and is none."""
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    park(store, received(TRANSFER, raw(TRANSFER, 2, 1), offset=1, headers=(), value=b"\0\0\0\0\1x"))
    choice = ParkedFilter(cause=ParkedReason.UNKNOWN_SCHEMA_ID)
    first = again(beside, choice=choice, texts={1: load_catalogue().by_name(TRANSFER).canonical_json})
    (kept,) = list_decisions(store.db)
    assert (kept.id, kept.what, kept.at, kept.by) == (first.decision_id, "redrive", LATER_MS, "J. Doe")
    assert (kept.reason, kept.filter) == ("the schema is registered now", {"cause": "unknown-schema-id"})
    assert (kept.applied, kept.held, kept.closed, kept.refused, kept.parked) == (1, 0, 0, 0, 1)
    before = "\n".join(store.db.iterdump())
    one = ParkedFilter(id=1)
    second = again(beside, choice=one, texts={1: load_catalogue().by_name(TRANSFER).canonical_json})
    assert (second.decision_id, second.results) == (None, [])
    assert "\n".join(store.db.iterdump()) == before


def test_what_stays_parked_says_why_now_beside_the_first_reason(store: SqliteStore, beside: SharedStore) -> None:
    """The first reason is what the record was parked for; the last one is what it needs."""
    record = received(TRANSFER, raw(TRANSFER, 1, 1), headers=())
    park(store, record._replace(value=(record.value or b"")[:-3]))
    made = again(beside, texts={1: load_catalogue().by_name(TRANSFER).canonical_json})
    parked = parked_record(store.db, 1)
    assert parked is not None
    assert (parked.state, parked.reason) == (ParkedState.OPEN, ParkedReason.UNKNOWN_SCHEMA_ID)
    assert (parked.reason_now, parked.tried_by) == (ParkedReason.UNDECODABLE, made.decision_id)
    assert "does not decode" in (parked.detail_now or "")
    assert uncertain_children(store.db, [child_key(1)]) == {child_key(1)}


def test_a_dry_run_tells_the_same_and_changes_nothing(store: SqliteStore, beside: SharedStore) -> None:
    """It is really done, and undone: the same verdicts and difference, the file as it was, to the last row."""
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))

    def handler(db: sqlite3.Connection, held: Sequence[NewEvent]) -> None:
        assert len(held) == 1
        db.execute("UPDATE position SET seen_at = 5")

    before = "\n".join(store.db.iterdump())
    texts = {1: load_catalogue().by_name(TRANSFER).canonical_json}
    tried = again(beside, texts=texts, handler=handler, keep=False)
    assert tried.decision_id is None
    assert "\n".join(store.db.iterdump()) == before
    done = again(beside, texts=texts, handler=handler)
    assert counts(tried) == counts(done)
    assert (tried.before, tried.after) == (done.before, done.after)
    assert [each.outcome for each in tried.results] == [Applied()]


def test_a_handler_that_fails_leaves_every_record_parked(store: SqliteStore, beside: SharedStore) -> None:
    """One transaction: nothing of it is kept, not the decision either; without the fault it is done."""
    for child in (1, 2):
        park(store, received(TRANSFER, raw(TRANSFER, child, 1), offset=child))

    def handler(_: sqlite3.Connection, held: Sequence[NewEvent]) -> None:
        raise RuntimeError(f"at {len(held)}")

    before = "\n".join(store.db.iterdump())
    texts = {1: load_catalogue().by_name(TRANSFER).canonical_json}
    with pytest.raises(RuntimeError, match="at 2"):
        again(beside, texts=texts, handler=handler)
    assert "\n".join(store.db.iterdump()) == before
    assert counts(again(beside, texts=texts)) == {"redriven": 2}


def test_the_registry_may_be_away(store: SqliteStore, beside: SharedStore) -> None:
    """What the record names or the store knows is enough; the rest stays parked, and it is said. One question is
    enough to know that the registry is away.
    """
    asked: list[int] = []

    async def away(number: int) -> str | None:
        asked.append(number)
        raise RegistryUnavailable("away")

    park(store, received(TRANSFER, raw(TRANSFER, 1, 1), offset=1))
    for child in (2, 3):
        park(store, received(TRANSFER, raw(TRANSFER, child, 1), offset=child, headers=()))
    trial = asyncio.run(plan_redrive(beside, ALL, load_catalogue(), REGISTRY, away))
    made = redrive(beside, trial, decision(), nothing, uncertain_counts, commit=True)
    assert counts(made) == {"redriven": 1, "open": 2}
    assert len(asked) == 1
    parked = parked_record(store.db, 2)
    assert parked is not None
    assert parked.detail_now == "schema id 1; the registry does not answer"


def test_a_registry_that_forgot_the_number_is_helped_by_the_header(store: SqliteStore, beside: SharedStore) -> None:
    """The number stands for nothing any more; the schema that the record names is packaged, and it reads whole."""
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    assert counts(again(beside, texts={})) == {"redriven": 1}


def later_catalogue() -> tuple[Catalogue, EventType]:
    """A catalogue of a later release: NtaIssued has a field more."""
    kind = load_catalogue().by_name("NtaIssued")
    item = {
        "name": "note_code", "type": ["null", "string"], "default": None, "doc": "Later.", "sensitivity": "CT",
        "niem": None,
    }  # fmt: skip
    grown = EventType.from_schema({**kind.schema, "fields": [*kind.schema["fields"], item]})
    return Catalogue({**load_catalogue().record_types, kind.name: grown}), grown


@pytest.mark.finding("OIG-25-21/data-review")
@pytest.mark.parametrize("reason", [ParkedReason.UNKNOWN_SCHEMA_ID, ParkedReason.UNREADABLE_VERSION])
def test_a_record_parked_under_one_release_is_applied_by_a_later_one(
    store: SqliteStore, beside: SharedStore, reason: ParkedReason
) -> None:
    """The bytes are kept: the topic may have forgotten them. A later catalogue knows the schema, and reads them."""
    catalogue, grown = later_catalogue()
    event = {**raw("NtaIssued", 1, 1, source="ice-test"), "note_code": "N-7"}
    value = framing.frame(9, codec.encode(grown, event))
    headers = framing.cloud_event_headers(grown, event)
    record = received("NtaIssued", raw("NtaIssued", 1, 1), topic=ICE_TOPIC)
    park(store, record._replace(value=value, headers=headers), Parked(reason))
    assert counts(again(beside, texts={}, keep=False)) == {"open": 1}
    made = again(beside, texts=None, catalogue=catalogue)
    assert counts(made) == {"redriven": 1}
    assert made.results[0].event is not None
    assert made.results[0].event.body == event


def test_a_statement_is_heard_and_is_no_event_of_a_child(store: SqliteStore, beside: SharedStore) -> None:
    """A heartbeat that was parked among events: the log has the event, and its source was heard."""
    park(store, heartbeat(beat(7, minute=1)))
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    made = again(beside, texts=None)
    assert counts(made) == {"redriven": 2}
    assert {each.event.header["sequence"] for each in made.results if each.event is not None} == {1}
    assert [each.sent for each in source_statuses(store.db)] == [7]
    assert count(store, "event") == 1


def test_what_is_held_already_ends_as_held(store: SqliteStore, beside: SharedStore) -> None:
    """The same datum parked twice, under two numbers of its schema: it is applied once."""
    record = park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    assert record.value is not None
    park(store, record._replace(value=b"\0\0\0\0\2" + record.value[5:], offset=1))
    text = load_catalogue().by_name(TRANSFER).canonical_json
    assert counts(again(beside, texts={1: text, 2: text})) == {"redriven": 1, "held": 1}
    assert count(store, "event") == 1


@pytest.mark.parametrize("meanwhile", [False, True])
def test_what_healed_by_itself_is_left_alone(store: SqliteStore, beside: SharedStore, meanwhile: bool) -> None:
    """An event whose number was taken and that came under its own: neither redrive nor close judges it once more.

    Not by any choice, nor where it came between the judging and the doing: it would be found to contradict the one
    that healed it.
    """
    take(store, classified(TRANSFER, received(TRANSFER, raw(TRANSFER, 1, 1))))
    clash = raw("AgedOut", 1, 1)
    take(store, classified("AgedOut", received("AgedOut", clash, offset=1)))
    texts = {1: load_catalogue().by_name("AgedOut").canonical_json}
    trial = asyncio.run(plan_redrive(beside, ALL, load_catalogue(), REGISTRY, registry(texts)))
    assert len(trial.records) == 1
    right = {**clash, "header": {**clash["header"], "sequence": 2}}
    take(store, classified("AgedOut", received("AgedOut", right, offset=2)))
    if meanwhile:
        made = redrive(beside, trial, decision(), nothing, uncertain_counts, commit=True)
    else:
        made = again(beside, choice=ParkedFilter(id=1), texts=texts)
        assert again(beside, texts=texts).results == []
    assert (made.decision_id, made.results) == (None, [])
    assert close_parked(beside, decision(), uncertain_counts, commit=True).results == []
    assert heals(store)


def test_nobody_closes_what_nobody_was_shown(store: SqliteStore, beside: SharedStore) -> None:
    """A record that was parked between the look and the decision waits still."""
    for offset in range(2):
        park(store, received("AgedOut", raw("AgedOut", 1, offset + 1), offset=offset))
    made = close_parked(beside, decision(), uncertain_counts, commit=True, up_to_id=1)
    assert [each.parked.id for each in made.results] == [1]
    assert uncertain_counts(store.db)["parked"] == 1


def test_what_contradicts_the_log_stays_until_it_is_closed(store: SqliteStore, beside: SharedStore) -> None:
    """Other bytes under one id, or a number that is taken: no redrive can apply them; a decision can close them."""
    event = raw(TRANSFER, 1, 1)
    take(store, classified(TRANSFER, received(TRANSFER, event)))
    take(store, classified(TRANSFER, received(TRANSFER, {**event, "releasing_area": "ELP"}, offset=1)))
    take(store, classified(TRANSFER, received(TRANSFER, raw(TRANSFER, 1, 1), offset=2)))
    assert counts(again(beside, texts={1: load_catalogue().by_name(TRANSFER).canonical_json})) == {"open": 2}
    assert uncertain_children(store.db, [child_key(1)]) == {child_key(1)}
    made = close_parked(beside, decision(ParkedFilter(child_keys=(child_key(1),))), uncertain_counts, commit=True)
    assert counts(made) == {"closed": 2}
    assert uncertain_children(store.db, [child_key(1)]) == frozenset()
    assert count(store, "event") == 1
    assert [each.what for each in list_decisions(store.db)] == ["close", "redrive"]
    assert close_parked(beside, decision(), uncertain_counts, commit=True).decision_id is None


def test_what_was_closed_by_mistake_can_be_redriven_by_its_number(store: SqliteStore, beside: SharedStore) -> None:
    """Its bytes are kept; a redrive of a cause leaves what was closed alone."""
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    close_parked(beside, decision(), uncertain_counts, commit=True)
    texts = {1: load_catalogue().by_name(TRANSFER).canonical_json}
    assert again(beside, texts=texts).results == []
    assert counts(again(beside, choice=ParkedFilter(id=1), texts=texts)) == {"redriven": 1}
    parked = parked_record(store.db, 1)
    assert parked is not None
    assert parked.state is ParkedState.REDRIVEN


def test_what_may_not_be_here_by_todays_rules_loses_its_bytes(store: SqliteStore, beside: SharedStore) -> None:
    """A guard that learnt more refuses it: its place and digest stay, no byte of it, in no file of the store."""
    event = raw(TRANSFER, 1, 1)
    record = received(TRANSFER, event)
    value = (record.value or b"").replace(b"A000123456", b"A123456789")
    # Among others and long enough that what is written in its place does not cover it by chance.
    for child in (2, 3):
        park(store, received("AgedOut", raw("AgedOut", child, 1), headers=()), Parked(ParkedReason.WRONG_TOPIC))
    park(store, record._replace(value=value, headers=(("x", b"y" * 2000),)))
    assert b"A123456789" in bytes_of(store.path)
    made = again(beside, choice=ParkedFilter(id=3), texts={1: load_catalogue().by_name(TRANSFER).canonical_json})
    assert counts(made) == {"refused": 1}
    assert count(store, "refused") == 1
    for opened in (beside, store):
        opened.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"A123456789" not in bytes_of(store.path)
    assert uncertain_counts(store.db) == {"children": 2, "parked": 2, "gaps": 0}


def test_records_are_taken_in_by_place(store: SqliteStore, beside: SharedStore) -> None:
    """By topic, partition and offset, whatever order they were parked in: a child's come as they were sent."""
    for offset in (5, 3, 4):
        park(store, received("AgedOut", raw("AgedOut", 1, offset), offset=offset))
    park(store, received("NtaIssued", raw("NtaIssued", 1, 1, source="ice-test"), offset=9))
    made = again(beside, texts=None)
    where = [(each.parked.partition[0], each.parked.offset) for each in made.results]
    assert where == [(ICE_TOPIC, 9), (ORR_TOPIC, 3), (ORR_TOPIC, 4), (ORR_TOPIC, 5)]


def test_a_reader_at_work_is_not_put_out(store: SqliteStore, beside: SharedStore) -> None:
    """Between two of its batches events, a child, a source and a schema appear: the next batch is held as ever."""
    take(store, classified(TRANSFER, received(TRANSFER, raw(TRANSFER, 1, 1))), moves=moved(1))
    park(store, received("AgedOut", raw("AgedOut", 2, 1, source="orr-other"), offset=1))
    assert counts(again(beside, texts=None)) == {"redriven": 1}
    batch = [
        classified("AgedOut", received("AgedOut", raw("AgedOut", child, number, source=source), offset=2 + child))
        for child, number, source in ((2, 2, "orr-other"), (3, 1, "orr-third"), (1, 2, "orr-test"))
    ]
    tally = take(store, *batch, moves=moved(9, before=1))
    assert (tally.applied, dict(tally.parked)) == (3, {})
    assert uncertain_counts(store.db) == {"children": 0, "parked": 0, "gaps": 0}
    seqs = [row[0] for row in store.db.execute("SELECT seq FROM event ORDER BY seq")]
    assert seqs == [1, 2, 3, 4, 5]


def test_a_record_that_another_decision_ended_is_left_to_it(store: SqliteStore, beside: SharedStore) -> None:
    """Between the judging and the doing somebody else closed it: it stays closed."""
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    trial = asyncio.run(plan_redrive(beside, ALL, load_catalogue(), REGISTRY, registry(None)))
    close_parked(beside, decision(), uncertain_counts, commit=True)
    made = redrive(beside, trial, decision(), nothing, uncertain_counts, commit=True)
    assert (made.decision_id, made.results) == (None, [])
    assert count(store, "event") == 0


def test_a_reader_that_holds_the_file_for_long_is_said(store: SqliteStore, beside: SharedStore) -> None:
    """The write lock is waited for, and then it is a sentence; nothing was kept."""
    park(store, received(TRANSFER, raw(TRANSFER, 1, 1)))
    beside.db.execute("PRAGMA busy_timeout = 50")
    with store.transaction(), pytest.raises(StoreError, match=r"SQLITE_BUSY.*nothing of it was kept"):
        again(beside, texts=None)


def heals(store: SqliteStore, child: int = 1) -> bool:
    """Whether a child is certain."""
    return not uncertain_children(store.db, [child_key(child)])


@pytest.mark.finding("OIG-25-21/data-review")
def test_a_corrupt_record_heals_when_the_event_it_says_it_is_comes_whole(store: SqliteStore) -> None:
    """Its bytes tell nothing, its `ce_id` does; another event of the child heals nothing."""
    event = raw(TRANSFER, 1, 1)
    record = received(TRANSFER, event)
    park(store, record._replace(value=(record.value or b"")[:-4]), Parked(ParkedReason.UNDECODABLE))
    take(store, classified("AgedOut", received("AgedOut", raw("AgedOut", 1, 2), offset=1)))
    assert not heals(store)
    take(store, classified(TRANSFER, record._replace(offset=2)))
    assert heals(store)
    parked = parked_record(store.db, 1)
    assert parked is not None
    assert parked.state is ParkedState.APPLIED


def test_a_corrupt_record_that_names_no_event_stays_though_no_number_is_missing(store: SqliteStore) -> None:
    """It may have been the child's last: whole numbers below it say nothing of it."""
    record = received(TRANSFER, raw(TRANSFER, 1, 3), headers=())
    park(store, record._replace(value=(record.value or b"")[:-4]), Parked(ParkedReason.UNDECODABLE))
    for number in (1, 2, 3):
        take(store, classified("AgedOut", received("AgedOut", raw("AgedOut", 1, number), offset=number)))
    assert not heals(store)


def test_an_event_of_another_child_heals_nothing(store: SqliteStore) -> None:
    """A header may name anything: an event that is another child's is not this one's fact."""
    other = raw(TRANSFER, 2, 1)
    record = received(TRANSFER, other)
    park(store, record._replace(key=child_key(1).encode(), value=b"\0\0\0\0\1x"), Parked(ParkedReason.UNDECODABLE))
    take(store, classified(TRANSFER, record._replace(offset=1)))
    assert not heals(store)


def test_a_contradiction_does_not_heal_by_the_event_it_contradicts(store: SqliteStore) -> None:
    """The id is held, with other bytes: which are right somebody has to say."""
    event = raw(TRANSFER, 1, 1)
    take(store, classified(TRANSFER, received(TRANSFER, event)))
    take(store, classified(TRANSFER, received(TRANSFER, {**event, "releasing_area": "ELP"}, offset=1)))
    assert not heals(store)


def test_an_event_whose_number_was_taken_heals_when_it_comes_under_its_own(store: SqliteStore) -> None:
    """The sender gave it the right number and kept its id."""
    take(store, classified(TRANSFER, received(TRANSFER, raw(TRANSFER, 1, 1))))
    clash = raw("AgedOut", 1, 1)
    take(store, classified("AgedOut", received("AgedOut", clash, offset=1)))
    assert not heals(store)
    right = {**clash, "header": {**clash["header"], "sequence": 2}}
    take(store, classified("AgedOut", received("AgedOut", right, offset=2)))
    assert heals(store)


def test_ten_thousand_records_of_one_cause_park_and_end_in_seconds(store: SqliteStore, beside: SharedStore) -> None:
    """Parked, counted by cause and redriven, each in one go; the time is for a busy machine."""
    records = [
        (received("AgedOut", raw("AgedOut", number, 1, days=number % 90), offset=number), UNKNOWN)
        for number in range(1, 10_001)
    ]
    for begin in range(0, len(records), 5000):
        take(store, *records[begin : begin + 5000])
    assert uncertain_counts(store.db) == {"children": 10_000, "parked": 10_000, "gaps": 0}
    made = again(beside, texts={1: load_catalogue().by_name("AgedOut").canonical_json})
    assert counts(made) == {"redriven": 10_000}
    assert made.after == {"children": 0, "parked": 0, "gaps": 0}
