"""What a desk writes down: once, under the next number, whole or not at all."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from casefeed.contract import catalogue, codec
from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.publish import event_input as drafts
from casefeed.publish.desk import AGREEMENT_PROFILE, Desk, RecordedEvent
from casefeed.publish.event_input import event_input
from casefeed.publish.jsonl import record_lines
from casefeed.runtime.errors import UsageError
from casefeed.store import StoreError
from tests.desk_helpers import ICE, NOW_MS, desk_input, event_inputs, orr_desk, record
from tests.feedkit import BODIES, PERSONAL, START_MS, Raw, child_key, event_id


def rows(desk: Desk, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in desk.db.execute(sql)]


def refusal(desk: Desk, event: dict[str, Any], **over: Any) -> ContractError | RefusedError:
    """Why the desk does not take an event; nothing of it may have been written."""
    before = rows(desk, "SELECT count(*) FROM outbox_event UNION ALL SELECT count(*) FROM outbox_source")
    (answer,) = desk.record([event_input(event, desk.publisher.topic)], over.get("agency", "ORR"), NOW_MS)
    assert not isinstance(answer, RecordedEvent)
    assert rows(desk, "SELECT count(*) FROM outbox_event UNION ALL SELECT count(*) FROM outbox_source") == before
    return answer


def test_an_event_its_number_and_its_outbox_row_are_one(tmp_path: Path) -> None:
    """The datum holds what was given and what the desk fills in, and waits in the outbox under a running number."""
    with orr_desk(tmp_path) as desk:
        first, second, other = record(
            desk, desk_input("SponsorPlacement", 1), desk_input("ChildLocated", 1), desk_input("ChildLocated", 2)
        )
        assert (first.sequence, second.sequence, other.sequence) == (1, 2, 1)
        assert first.source == second.source == other.source
        assert rows(desk, "SELECT number, running, sent_at FROM outbox") == [(1, 1, None), (2, 2, None), (3, 3, None)]
        (datum,) = desk.db.execute("SELECT datum FROM outbox_event WHERE number = 1").fetchone()
        event = codec.decode(catalogue.load_catalogue().by_name("SponsorPlacement"), datum)
    assert event["header"] == {
        **desk_input("SponsorPlacement", 1)["header"],
        "event_id": first.event_id,
        "agency": "ORR",
        "source": first.source,
        "sequence": 1,
        "agreement_profile": AGREEMENT_PROFILE,
    }
    assert event["sponsor"] == desk_input("SponsorPlacement", 1)["sponsor"]


def test_a_desk_has_a_source_of_its_own(tmp_path: Path) -> None:
    """The id is minted when an agency first tells something, kept for ever, and no two desks have the same."""
    sources = set()
    for name in ("a", "b"):
        for _ in range(2):
            with Desk(tmp_path / f"{name}.db", ICE) as desk:
                (ero,) = record(desk, desk_input("NtaIssued", 1), agency="ICE_ERO")
                event = desk_input("NtaServed", 1)
                event["header"]["agency"] = "EOIR_ADAPTER"
                (court,) = record(desk, event, agency="ICE_ERO")
                sources |= {ero.source, court.source}
                assert ero.sequence == court.sequence
    assert sorted(each.rpartition("-")[0] for each in sources) == ["eoir-adapter-desk"] * 2 + ["ice-ero-desk"] * 2


def test_the_desk_gives_id_and_time_where_the_caller_did_not(tmp_path: Path) -> None:
    """A UUIDv7 and the desk's clock; a paper form typed later keeps the time it was written down."""
    event, paper = desk_input("ChildLocated", 1), desk_input("ChildLocated", 1)
    del event["header"]["event_id"], event["header"]["recorded_at"]
    paper["header"]["recorded_at"] = START_MS + 5
    with orr_desk(tmp_path) as desk:
        minted, typed = record(desk, event, paper)
    assert (minted.event_id[14], minted.recorded_at, typed.recorded_at) == ("7", NOW_MS, START_MS + 5)


def test_the_same_event_again_is_held(tmp_path: Path) -> None:
    """A caller that lost the answer gets it: the same number and time, and nothing is written twice."""
    event = desk_input("ChildLocated", 1)
    del event["header"]["recorded_at"]
    with orr_desk(tmp_path) as desk:
        (first,) = record(desk, _copy(event))
        record(desk, desk_input("ChildLocated", 1))
        (again,) = record(desk, _copy(event), now_ms=NOW_MS + 99)
        assert again.duplicate
        assert not first.duplicate
        assert (again.sequence, again.recorded_at) == (first.sequence, first.recorded_at)
        assert rows(desk, "SELECT count(*) FROM outbox") == [(2,)]
    with orr_desk(tmp_path) as desk:
        one, two = record(desk, _copy(event), _copy(event))
        assert (one.duplicate, two.duplicate) == (True, True)


def test_a_known_id_with_other_content_is_refused(tmp_path: Path) -> None:
    """Another field, another child, another type under the same id: refused, and the first stays as it was."""
    event = desk_input("ChildLocated", 1)
    others = [
        _copy(event) | {"located_by": "SELF"},
        desk_input("ChildLocated", 2, header={"event_id": event["header"]["event_id"]}),
        desk_input("RunawayFromCustody", 1, header={"event_id": event["header"]["event_id"]}),
    ]
    with orr_desk(tmp_path) as desk:
        record(desk, _copy(event))
        for other in others:
            assert "is recorded here with other content" in str(refusal(desk, other))


def without_a_field(schema: Raw) -> Raw:
    """The schema as a release had it before its last field, which may be null, was added."""
    return {**schema, "fields": schema["fields"][:-1]}


def with_a_field(schema: Raw) -> Raw:
    """The schema as a later release may have it."""
    note = {"name": "note_code", "type": ["null", "string"], "default": None, "doc": "Later.", "sensitivity": "CT"}
    return {**schema, "fields": [*schema["fields"], note]}


@pytest.mark.parametrize("change", [without_a_field, with_a_field])
def test_a_retry_across_a_release_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Raw], Raw]
) -> None:
    """The answer was lost, then the schema changed: the same content is the same event, other content is not."""
    event, now = desk_input("ChildLocated", 1), load_catalogue().by_name("ChildLocated")
    event.pop("closes_event_id")
    then = EventType.from_schema(change(now.schema))
    with orr_desk(tmp_path) as desk:
        with monkeypatch.context() as patched:
            patched.setattr(drafts, "_types_on_topic", lambda topic: {"ChildLocated": then})
            (first,) = record(desk, _copy(event))
        assert rows(desk, "SELECT fingerprint FROM outbox_schema") == [(then.fingerprint,)]
        (again,) = record(desk, _copy(event), now_ms=NOW_MS + 99)
        assert (again.duplicate, again.sequence) == (True, first.sequence)
        for other in ({"closes_event_id": event_id(7)}, {"located_by": "SELF"}):
            assert "is recorded here with other content" in str(refusal(desk, _copy(event) | other))
        assert "located_by: must be one of" in str(refusal(desk, _copy(event) | {"located_by": "NOBODY"}))


def test_a_file_is_one_agencys_desk(tmp_path: Path) -> None:
    """ORR's desk opened as ICE's is wrong use: its facts would go out in another's name."""
    with orr_desk(tmp_path) as desk:
        record(desk, desk_input("ChildLocated", 1))
    with pytest.raises(UsageError, match=r"desk.db is the desk of another agency, whose facts go to orr.case-events"):
        Desk(tmp_path / "desk.db", ICE).open()


PLACES: list[tuple[str, ...]] = [("header", name) for name in desk_input("SponsorPlacement", 1)["header"]]
PLACES += [("type",), ("header",), ("child",), ("sponsor",), ("child", "address"), ("child", "address", "zip")]
PLACES += [("address_checked_at",), ("prs_ordered",), ("sponsor", "relationship"), ("header", "agency")]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300)
@given_by(st.sampled_from(PLACES), ANYTHING)
def test_whatever_is_given_has_an_answer(place: tuple[str, ...], value: Any) -> None:
    """Any JSON value in any place is recorded or refused: it never stops the desk, nor what shares its commit."""
    event = json.loads(json.dumps(desk_input("SponsorPlacement", 1)))
    part = event
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    spoilt = json.dumps(event).encode()
    with tempfile.TemporaryDirectory() as folder, orr_desk(Path(folder)) as desk:
        good = json.dumps(desk_input("ChildLocated", 1)).encode()
        (told,) = record_lines(desk, "ORR", iter([[good, spoilt, spoilt, good]]), lambda: NOW_MS)
    first, second, third, last = map(json.loads, told)
    assert (first["held"], last["held"]) == (False, True)
    assert set(second) in ({"error"}, {"event_id", "source", "sequence", "recorded_at", "held"})
    assert set(third) == set(second)


def test_a_new_child_gets_a_key(tmp_path: Path) -> None:
    """The key is random and of the contract's form; the same event again is the same child."""
    event = desk_input("ChildTransferred", 1)
    del event["header"]["child_key"]
    with orr_desk(tmp_path) as desk:
        answers = [
            desk.record([event_input(_copy(each), desk.publisher.topic, new_child=True)], "ORR", NOW_MS)[0]
            for each in (event, event, event | {"header": event["header"] | {"event_id": event_id()}})
        ]
    keys = [each.child_key for each in answers if isinstance(each, RecordedEvent)]
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "not synthetic": (
        desk_input("ChildLocated", 1, header={"synthetic": False}),
        "header.synthetic: The record is not",
    ),
    "a real number": (
        {
            **desk_input("ChildTransferred", 1),
            "child": {**BODIES["ChildTransferred"]["child"], "a_number": "A204999888"},
        },
        "child.a_number: The record is not marked synthetic, or holds",
    ),
    "a field too many": (desk_input("ChildLocated", 1, Quillfeather=1), "is not a field of this event type"),
    "a value of no symbol": (
        desk_input("ChildLocated", 1, located_by="Quillfeather"),
        "located_by: must be one of POLICE, ORR",
    ),
    "no child": (desk_input("ChildLocated", 1, header={"child_key": None}), "header.child_key: must be a string"),
    "a key of another kind": (
        desk_input("ChildLocated", 1, header={"child_key": ["x"]}),
        "header.child_key: must be",
    ),
    "an id that is none": (
        desk_input("ChildLocated", 1, header={"event_id": "Quillfeather"}),
        "event_id: is no UUID",
    ),
    "an id in capitals": (
        desk_input("ChildLocated", 1, header={"event_id": event_id(99).upper().replace("0000-7", "ABCD-7")}),
        "event_id: does not match",
    ),
    "another agency": (desk_input("ChildLocated", 1, header={"agency": "ICE_ERO"}), "is ICE_ERO; ORR sends what ORR"),
    "no agency": (
        desk_input("ChildLocated", 1, header={"agency": ["Quillfeather"]}),
        "agency: is no agency; ORR sends",
    ),
    "written down too early": (desk_input("ChildLocated", 1, header={"recorded_at": 5}), "is before occurred_at"),
    "sealed by hand": (
        {**desk_input("ChildLocated", 1), "child": {"key_id": "k", "nonce": "n", "ciphertext": "Quillfeather"}},
        "must be bytes",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_breaks_the_contract_is_not_written(tmp_path: Path, name: str) -> None:
    """Each is refused with field and rule, no value is repeated, and not even a source comes of it."""
    event, said = BAD[name]
    with orr_desk(tmp_path) as desk:
        fault = str(refusal(desk, _copy(event)))
    assert said in fault
    assert [each for each in (*PERSONAL, "A204999888") if each in fault] == []


def test_half_a_character_is_no_child_key(tmp_path: Path) -> None:
    """What JSON can say and no store can hold is refused like any other key."""
    with orr_desk(tmp_path) as desk:
        record(desk, desk_input("ChildLocated", 1))
        fault = refusal(desk, desk_input("ChildLocated", 1, header={"child_key": "\ud800"}))
    assert "header.child_key: is not text" in str(fault)


def test_what_lies_in_the_future_is_said_so(tmp_path: Path) -> None:
    """Nothing can have happened, or been written down on paper, after the desk's clock."""
    event = desk_input("ChildLocated", 1, header={"occurred_at": NOW_MS + 1})
    del event["header"]["recorded_at"]
    with orr_desk(tmp_path) as desk:
        assert "header.occurred_at: lies after the time by the desk's clock" in str(refusal(desk, event))
        paper = desk_input("ChildLocated", 1, header={"recorded_at": NOW_MS + 1})
        assert "header.recorded_at: lies after the time by the desk's clock" in str(refusal(desk, paper))


def test_a_bad_event_among_good_ones_is_refused_alone(tmp_path: Path) -> None:
    """What shares a commit with it is recorded, and no number is left out."""
    events = [
        desk_input("ChildLocated", 1),
        desk_input("ChildLocated", 1, located_by="x"),
        desk_input("ChildLocated", 1),
    ]
    with orr_desk(tmp_path) as desk:
        answers = desk.record([event_input(each, desk.publisher.topic) for each in events], "ORR", NOW_MS)
        assert [getattr(each, "sequence", None) for each in answers] == [1, None, 2]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO outbox_event SELECT 9, x'00000000000000000000000000000001', child_key, source, sequence + 2,"
        " occurred_at, recorded_at, schema, datum FROM outbox_event WHERE number = 2",
        "INSERT INTO outbox_event SELECT 9, x'00000000000000000000000000000001', child_key, source, sequence,"
        " occurred_at, recorded_at, schema, datum FROM outbox_event WHERE number = 2",
        "UPDATE outbox_event SET datum = x'00' WHERE number = 1",
        "UPDATE outbox SET sent_at = 1 WHERE number = 1",
        "UPDATE outbox SET claimed_by = 'x' WHERE number = 1",
        "UPDATE outbox SET sent_at = 1, partition = 0, claimed_by = 'x', leased_until = 1 WHERE number = 1",
        "DELETE FROM outbox_event WHERE number = 1",
        "INSERT INTO outbox_source (name, agency, kind) VALUES ('orr-desk-other', 'ORR', 'minted')",
    ],
)
def test_the_file_itself_refuses_what_cannot_be(tmp_path: Path, statement: str) -> None:
    """A gap, a number twice, a changed event, sent to nowhere, half a claim, a second source: not even by hand."""
    with orr_desk(tmp_path) as desk:
        record(desk, desk_input("ChildLocated", 1), desk_input("ChildLocated", 1))
        with pytest.raises(sqlite3.IntegrityError):
            desk.db.execute(statement)


def test_a_desk_that_another_writes_is_said_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked for longer than it waits: a sentence and nothing recorded; free again, the same event is taken."""
    monkeypatch.setattr("casefeed.store.sqlite.BUSY_TIMEOUT_SECONDS", 0.02)
    with orr_desk(tmp_path) as desk, orr_desk(tmp_path) as other:
        record(desk, desk_input("ChildLocated", 1))
        other.db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"SQLITE_BUSY.*nothing of it was kept; try again"):
            record(desk, desk_input("ChildLocated", 1))
        other.db.execute("ROLLBACK")
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 2


def test_a_desk_waits_for_one_that_takes_in_all_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another holds the file for longer than one wait: it is recorded all the same, once."""
    monkeypatch.setattr("casefeed.store.sqlite.BUSY_TIMEOUT_SECONDS", 0.2)
    with orr_desk(tmp_path) as desk, closing(sqlite3.connect(desk.path, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.5, other.rollback).start()
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 1
        assert rows(desk, "SELECT count(*) FROM outbox") == [(1,)]


def test_a_full_disk_at_the_commit_leaves_nothing_half(tmp_path: Path) -> None:
    """No page is left: a sentence, neither event nor number nor outbox row; with space again it goes on."""
    with orr_desk(tmp_path) as desk:
        record(desk, *event_inputs(20, 5))
        pages = desk.db.execute("PRAGMA page_count").fetchone()[0]
        desk.db.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match=r"SQLITE_FULL.*nothing of it was kept.*free space"):
            record(desk, *event_inputs(50, 10))
        assert rows(desk, "SELECT count(*) FROM outbox_event UNION ALL SELECT count(*) FROM outbox") == [
            (100,),
            (100,),
        ]
        desk.db.execute("PRAGMA max_page_count = 1000000")
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 6


def test_a_desk_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    """Read-only: a sentence with what to do, nothing recorded, and it goes on when it may be written again."""
    with orr_desk(tmp_path) as desk:
        desk.db.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match=r"SQLITE_READONLY.*make the file writable"):
            record(desk, desk_input("ChildLocated", 1))
        desk.db.execute("PRAGMA query_only = OFF")
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 1


def test_every_commit_is_synced(tmp_path: Path) -> None:
    """What was answered is on disk: a desk syncs each commit, where a reader's store need not."""
    with orr_desk(tmp_path) as desk:
        assert rows(desk, "PRAGMA synchronous") == [(2,)]


WRITES = """
import sys
from pathlib import Path
from tests.desk_helpers import orr_desk, desk_input, record
with orr_desk(Path(sys.argv[1])) as desk:
    for number in range(60):
        event = desk_input("ChildLocated", number % 3)
        del event["header"]["event_id"]
        record(desk, event)
"""


def test_several_desks_on_one_file_number_without_a_gap(tmp_path: Path) -> None:
    """Three processes record the same children at once: one source, each number once and none left out."""
    processes = [subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path)]) for _ in range(3)]
    assert [each.wait(timeout=120) for each in processes] == [0, 0, 0]
    with orr_desk(tmp_path) as desk:
        numbers = rows(desk, "SELECT source, child_key, sequence FROM outbox_event ORDER BY child_key, sequence")
        running = rows(desk, "SELECT running FROM outbox ORDER BY running")
    assert numbers == [
        (1, key, number) for key in sorted(child_key(each) for each in range(3)) for number in range(1, 61)
    ]
    assert running == [(number,) for number in range(1, 181)]
    assert Counter(key for _, key, _ in numbers).most_common(1)[0][1] == 60


def _copy(event: dict[str, Any]) -> dict[str, Any]:
    """The desk takes what it is given over."""
    return {**event, "header": dict(event["header"])}
