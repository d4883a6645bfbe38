"""The intake's handler: cases, counters and lists, whatever order the events come in."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.case.casefile import fold_facts
from casefeed.case.facts import fact_of
from casefeed.case.figures import figure_steps, post_merged_changes
from casefeed.ledger.projection import LISTS, apply_events, load_cases
from casefeed.read.classify import DecodedEvent
from casefeed.read.event_log import NewEvent
from tests.events import classified, corrected, merged, raw, received
from tests.feedkit import START_MS, Raw, child_key, key_number
from tests.unit.case.known_by import groups, in_force, key_of, shown_under
from tests.unit.case.random_histories import Told, amended, histories
from tests.unit.ledger.ledger_fixture import full_child

TABLES = (
    files("casefeed.read") / "migrations" / "0001_what_a_reader_keeps.sql",
    files("casefeed.ledger") / "migrations" / "0001_facts_figures_and_lists.sql",
    files("casefeed.ledger") / "migrations" / "0002_amendments_and_merged_keys.sql",
)


def empty() -> sqlite3.Connection:
    """The reader's tables and ICE's, in memory."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    for tables in TABLES:
        db.executescript(tables.read_text(encoding="utf-8"))
    children = ((number, child_key(number)) for number in range(1, 9))
    db.executemany("INSERT INTO child (id, child_key) VALUES (?, ?)", children)
    return db


def child_number(event: Raw) -> int:
    """A child's number in the store, the same wherever the child is met first."""
    return key_number(event["header"]["child_key"])


def new_events(events: Sequence[tuple[str, Raw]]) -> list[NewEvent]:
    """The events as the store hands them to a handler."""
    found = []
    for number, (short, event) in enumerate(events):
        record, examined = classified(short, received(short, event))
        assert isinstance(examined, DecodedEvent)
        found.append(NewEvent(number, child_number(event), record, examined))
    return found


def content(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """What the tables say; counters that came to nothing say nothing."""
    return {
        "cases": [tuple(row) for row in db.execute("SELECT * FROM fact")],
        "steps": [tuple(row) for row in db.execute("SELECT * FROM figure_step WHERE amount != 0 ORDER BY 1, 2, 3")],
        "listed": [tuple(row) for row in db.execute("SELECT * FROM listed ORDER BY 1, 4, 5")],
        "bundles": [tuple(row) for row in db.execute("SELECT * FROM bundle")],
    }


def rebuilt(db: sqlite3.Connection) -> dict[tuple[str, int, int], int]:
    """The counters from all cases."""
    total: Counter[tuple[str, int, int]] = Counter()
    children = [child for (child,) in db.execute("SELECT DISTINCT child FROM fact")]
    for case in load_cases(db, children).values():
        total.update(figure_steps(case))
    return {key: amount for key, amount in total.items() if amount}


def rebuilt_merged(db: sqlite3.Connection) -> dict[tuple[str, int, int], int]:
    """The counters from all facts, as if all children were one bundle: keys that nothing ties count apart."""
    total: Counter[tuple[str, int, int]] = Counter()
    children = [child for (child,) in db.execute("SELECT DISTINCT child FROM fact")]
    facts = {child_key(child): case.facts for child, case in load_cases(db, children).items()}
    if facts:
        post_merged_changes(total, {}, facts, [fact for each in facts.values() for fact in each])
    return {key: amount for key, amount in total.items() if amount}


def stored_steps(db: sqlite3.Connection) -> dict[tuple[str, int, int], int]:
    """The counters that say something."""
    rows = db.execute("SELECT * FROM figure_step WHERE amount != 0")
    return {(row["figure"], row["day_true"], row["day_known"]): row["amount"] for row in rows}


MOVING = (
    "ChildTransferred", "ChildTransferred", "SponsorPlacement", "RunawayFromCustody", "AbsentFromSponsor",
    "ChildLocated", "FailureToAppear", "NtaServed", "HearingScheduled",
)  # fmt: skip
NAMING = ("previous_address_event_id", "closes_event_id")


def events_of_child(events: list[Told], child: int) -> list[tuple[str, Raw]]:
    """The history as that of child number `child`, with event ids of its own."""

    def own(event_id: str | None) -> str | None:
        return event_id and event_id.replace("0190a5b0", f"0190a5{child:02x}")

    moved = []
    for each in events:
        header = {**each.event["header"], "child_key": child_key(child)}
        header["event_id"] = own(header["event_id"])
        named = {name: own(each.event[name]) for name in NAMING if name in each.event}
        moved.append((each.short, {**each.event, **named, "header": header}))
    return moved


@settings(max_examples=60, deadline=None)
@given(st.lists(histories(), min_size=1, max_size=3), st.data())
def test_any_cut_and_order_of_the_events_give_one_ledger(children: list[list[Told]], data: st.DataObject) -> None:
    """Batches cut and ordered at will leave the same cases, counters and lists as one batch in order."""
    told = [each for number, history in enumerate(children) for each in events_of_child(history, number + 1)]
    mixed = data.draw(st.permutations(told))
    with closing(empty()) as whole, closing(empty()) as cut:
        apply_events(whole, new_events(told))
        while mixed:
            size = data.draw(st.integers(1, len(mixed)))
            apply_events(cut, new_events(mixed[:size]))
            mixed = mixed[size:]
        assert content(cut) == content(whole)
        assert stored_steps(cut) == rebuilt(cut)


@pytest.mark.parametrize("late", [1, 2])
def test_a_later_batch_counts_with_the_merged_child(late: int) -> None:
    """An event told under either key, long after the merge was taken in, moves the one child's figures and list."""
    with closing(empty()) as db:
        apply_events(db, new_events([("ChildTransferred", raw("ChildTransferred", 1, 1)), merged(1, 2, 2, days=3)]))
        left = ("RunawayFromCustody", raw("RunawayFromCustody", late, 3, days=9))
        apply_events(db, new_events([left]))
        (row,) = db.execute("SELECT list, child, about FROM listed")
        assert tuple(row) == ("absences", 1, left[1]["header"]["event_id"])
        assert sum(n for (figure, _, _), n in stored_steps(db).items() if figure == "runaway_from_custody_open") == 1
        assert stored_steps(db) == rebuilt_merged(db)


def test_a_merge_with_a_key_that_is_merged_already_ties_all_of_them() -> None:
    """Of the bundle that it names nothing else comes in the batch, nor does the one that names know of it."""
    left = ("RunawayFromCustody", raw("RunawayFromCustody", 3, 2, days=5))
    with closing(empty()) as db:
        apply_events(
            db, new_events([("ChildTransferred", raw("ChildTransferred", 3, 1)), left, merged(2, 3, 1, days=9)])
        )
        apply_events(db, new_events([("ChildTransferred", raw("ChildTransferred", 1, 1))]))
        apply_events(db, new_events([merged(1, 2, 2, days=12)]))
        assert [tuple(row) for row in db.execute("SELECT child, shown FROM bundle ORDER BY child")] == [
            (1, 1), (2, 1), (3, 1),
        ]  # fmt: skip
        assert [row[0] for row in db.execute("SELECT child FROM listed")] == [1]
        assert stored_steps(db) == rebuilt_merged(db)


def test_an_event_that_comes_after_its_correction_changes_nothing_but_its_place() -> None:
    """It moves no figure by itself, and yet the case is read: its correction may have made another fact of it."""
    hearing = ("HearingScheduled", raw("HearingScheduled", 1, 2, days=1))
    told = [
        ("ChildTransferred", raw("ChildTransferred", 1, 1)),
        corrected(3, hearing, as_type="SponsorPlacement", late=9),
    ]
    with closing(empty()) as db, closing(empty()) as whole:
        apply_events(db, new_events(told))
        apply_events(db, new_events([hearing]))
        apply_events(whole, new_events([*told, hearing]))
        assert content(db) == content(whole)
        assert stored_steps(db) == rebuilt_merged(db)


@settings(max_examples=60, deadline=None)
@given(amended(3, MOVING), st.data())
def test_any_cut_and_order_of_amendments_and_merges_give_one_ledger(told: list[Told], data: st.DataObject) -> None:
    """The same with corrections, retractions, merges and unmerges among them, late, or before what they speak of."""
    events = [(each.short, each.event) for each in told]
    mixed = data.draw(st.permutations(events))
    with closing(empty()) as whole, closing(empty()) as cut:
        apply_events(whole, new_events(events))
        while mixed:
            size = data.draw(st.integers(1, len(mixed)))
            apply_events(cut, new_events(mixed[:size]))
            mixed = mixed[size:]
        assert content(cut) == content(whole)
        assert stored_steps(cut) == rebuilt_merged(cut)


@settings(max_examples=60, deadline=None)
@given(amended(3, MOVING))
def test_the_lists_are_those_of_the_children_believed_in(told: list[Told]) -> None:
    """Each child's rows stand under the key that it is shown under, as the events in force say; no others do."""
    with closing(empty()) as db:
        apply_events(db, new_events([(each.short, each.event) for each in told]))
        rows, disagreements = [], []
        for keys in groups(told):
            shown, disagree = shown_under(keys, told)
            child = key_number(shown)
            disagreements += [child] if disagree else []
            believed = in_force([each for each in told if key_of(each) in keys])
            case = fold_facts(fact_of(each.short, each.event) for each in believed)
            rows += [row[:6] for each in LISTS.values() for row in each.rows(child, case)]
        listed = [tuple(row)[:6] for row in db.execute("SELECT * FROM listed")]
        assert sorted(row for row in listed if row[0] != "disagreements") == sorted(rows)
        assert sorted(row[3] for row in listed if row[0] == "disagreements") == sorted(disagreements)


@settings(max_examples=40, deadline=None)
@given(histories())
def test_the_ledger_holds_the_case_and_the_lists_that_the_events_fold_to(told: list[Told]) -> None:
    """The case is the fold of the events, and the lists are what it says; nothing else is listed."""
    db = empty()
    events = events_of_child(told, 1)
    apply_events(db, new_events(events))
    case = fold_facts(fact_of(short, event) for short, event in events)
    child = child_number(events[0][1]) if events else 0
    assert load_cases(db, [child])[child] == case
    listed = [tuple(row) for row in db.execute("SELECT * FROM listed ORDER BY 1, 3, 5")]
    rows = [row for each in LISTS.values() for row in each.rows(child, case)]
    assert listed == sorted(rows, key=lambda row: (row[0], row[2], row[4]))
    db.close()


@pytest.mark.finding("OIG-24-46/rec-2", "OIG-25-21/addresses", "cause/not-told-of-location")
def test_what_is_listed_of_a_child_to_whom_everything_happened() -> None:
    """Two absences, one missed hearing told twice, one address that mail cannot reach even once corrected."""
    db = empty()
    told = full_child()
    apply_events(db, new_events(told))
    day = 86_400_000
    rows = {
        (row["list"], row["what"]): (row["area"], row["since"], row["recorded_at"], row["ended"])
        for row in db.execute("SELECT * FROM listed")
    }
    assert rows == {
        ("absences", "from ORR custody"): ("HLG", START_MS + 5 * day, START_MS + 5 * day, START_MS + 8 * day),
        ("absences", "from sponsor"): ("SNA", START_MS + 90 * day, START_MS + 100 * day, None),
        ("failures", "admin closed FTA"): ("SNA", START_MS + 70 * day, START_MS + 71 * day, None),
        ("addresses", "undeliverable"): ("SNA", START_MS + 20 * day, START_MS + 29 * day, None),
    }
    db.close()


@pytest.mark.finding("OIG-25-21/addresses", "OIG-24-46/rec-1")
def test_a_correction_takes_an_address_off_the_list_and_a_move_does_not() -> None:
    """A release address is listed until a correction makes it good; its area is that of the corrected address."""
    db = empty()
    placed = raw("SponsorPlacement", 1, 1, address_quality="BLANK")
    about = {"previous_address_event_id": placed["header"]["event_id"]}
    apply_events(
        db,
        new_events(
            [("SponsorPlacement", placed), ("PlacementAddressChanged", raw("PlacementAddressChanged", 1, 2, **about))]
        ),
    )
    worse = raw(
        "PlacementAddressChanged", 1, 3, reason="CORRECTION", address_quality="BLANK", owning_area="CHI",
        late=2, **about,
    )  # fmt: skip
    apply_events(db, new_events([("PlacementAddressChanged", worse)]))
    assert [row["area"] for row in db.execute("SELECT area FROM listed")] == ["CHI"]
    good = raw("PlacementAddressChanged", 1, 4, reason="CORRECTION", late=5, **about)
    apply_events(db, new_events([("PlacementAddressChanged", good)]))
    assert db.execute("SELECT count(*) FROM listed").fetchone()[0] == 0
    db.close()


def test_no_personal_value_is_in_the_tables() -> None:
    """The case, the counters and the lists hold none; only the log's bytes do."""
    from tests.events import SECRETS

    db = empty()
    apply_events(db, new_events(full_child()))
    text = repr(content(db))
    assert [secret for secret in SECRETS if secret in text] == []
    db.close()
