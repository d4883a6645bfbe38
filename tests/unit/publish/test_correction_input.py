"""A correction as a person gives it to a desk: the event as it should have been, without what the desk has."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract import codec
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.errors import ContractError
from casefeed.publish.desk import Desk, RecordedEvent
from casefeed.publish.event_input import event_input
from tests.desk_helpers import NOW_MS, desk_input, orr_desk, record
from tests.feedkit import PERSONAL, Raw, child_key, event_id, make_event

CORRECTION = load_catalogue().by_name("EventCorrected")


def correcting(named: str, restated: Any) -> Raw:
    """A correction of the event `named`, as somebody gives it."""
    at = "2020-09-13T12:26:41Z"
    return {
        "type": "EventCorrected",
        "header": {"child_key": child_key(1), "occurred_at": at, "synthetic": True},
        "corrects_event_id": named,
        "reason": "DETAIL_LEARNED",
        "restated": restated,
    }


def located(**header: Any) -> Raw:
    """A return as it should have been told."""
    event = make_event("ChildLocated", 1, 1, located_by="FAMILY")
    return {**event, "type": "ChildLocated", "header": header}


def recorded(desk: Desk) -> tuple[Any, Raw]:
    """The last event of the desk, restated: its type and content."""
    row = desk.db.execute("SELECT datum FROM outbox_event ORDER BY number DESC LIMIT 1").fetchone()
    return codec.corrected_event(CORRECTION, codec.decode(CORRECTION, row["datum"]))


def refusal(desk: Desk, event: Raw) -> str:
    """Why the desk does not take an event."""
    try:
        (answer,) = desk.record([event_input(event, desk.publisher.topic)], "ORR", NOW_MS)
    except ContractError as fault:
        return str(fault)
    assert not isinstance(answer, RecordedEvent)
    return str(answer)


def test_what_the_desk_holds_is_not_typed_again(tmp_path: Path) -> None:
    """Header fields that are left out are those of the corrected event; those given are in their place."""
    with orr_desk(tmp_path) as desk:
        (first,) = record(desk, desk_input("ChildLocated", 1))
        record(desk, correcting(first.event_id, located(occurred_at="2020-09-13T12:00:00Z")))
        kind, event = recorded(desk)
    header = event["header"]
    assert (kind.short_name, event["located_by"]) == ("ChildLocated", "FAMILY")
    assert (header["event_id"], header["child_key"]) == (first.event_id, child_key(1))
    assert (header["source"], header["sequence"]) == (first.source, first.sequence)
    assert header["occurred_at"] == 1_599_998_400_000


@pytest.mark.parametrize("event_type", ["EventCorrected", "EventRetracted"])
def test_an_event_is_amended_under_its_own_key_alone(tmp_path: Path, event_type: str) -> None:
    """Under another child's key the desk refuses it and says so: it would amend nothing."""
    with orr_desk(tmp_path) as desk:
        (first,) = record(desk, desk_input("ChildLocated", 2))
        amendment = correcting(first.event_id, located())
        if event_type == "EventRetracted":
            amendment = {
                "type": event_type,
                "header": amendment["header"],
                "retracts_event_id": first.event_id,
                "reason": "OTHER_CHILD",
            }
        right = copy.deepcopy(amendment)
        right["header"]["child_key"] = child_key(2)
        assert "header.child_key: is not the key under which this desk recorded" in refusal(desk, amendment)
        record(desk, right)


def merging() -> Raw:
    """A merge of the key of child 2 into that of child 1, as somebody gives it."""
    header = correcting("", None)["header"]
    return {"type": "ChildKeysMerged", "header": header, "merged_child_key": child_key(2), "basis": "DOCUMENTS"}


def naming(short: str, named: str, **header: Any) -> Raw:
    """An event of child 1 that takes back, undoes or corrects the event `named`, as somebody gives it."""
    correction = correcting(named, located())
    event = {"type": short, "header": correction["header"] | header}
    match short:
        case "EventRetracted":
            return event | {"retracts_event_id": named, "reason": "NEVER_HAPPENED"}
        case "ChildKeysUnmerged":
            return event | {"unmerges_event_id": named, "reason": "WRONG_KEY"}
        case _:
            return correction | event


@pytest.mark.parametrize("short", sorted(codec.META_EVENTS - {"EventsRequested"}))
def test_an_event_about_events_is_not_corrected(tmp_path: Path, short: str) -> None:
    """It can be taken back and told anew; a correction would put an event of another kind in its place."""
    with orr_desk(tmp_path) as desk:
        (located_, merge) = record(desk, desk_input("ChildLocated", 1), merging())
        named = {"ChildKeysMerged": merge, "ChildKeysUnmerged": merge}.get(short, located_)
        about = merge if short == "ChildKeysMerged" else record(desk, naming(short, named.event_id))[0]
        said = f"corrects_event_id: names an event of type {short}, which is not corrected but retracted"
        assert said in refusal(desk, naming("EventCorrected", about.event_id))
        record(desk, naming("EventRetracted", about.event_id))


def test_nothing_but_a_merge_is_undone(tmp_path: Path) -> None:
    """An unmerge of something else undoes nothing; one of a merge is recorded under either of its keys."""
    with orr_desk(tmp_path) as desk:
        (located_, merge) = record(desk, desk_input("ChildLocated", 1), merging())
        said = "unmerges_event_id: names an event of type ChildLocated, which is no merge"
        assert said in refusal(desk, naming("ChildKeysUnmerged", located_.event_id))
        record(desk, naming("ChildKeysUnmerged", merge.event_id, child_key=child_key(2)))


@pytest.mark.parametrize("short", ["EventCorrected", "EventRetracted", "ChildKeysUnmerged"])
def test_no_event_amends_itself(tmp_path: Path, short: str) -> None:
    """Whoever names the event's own id has taken the wrong one."""
    with orr_desk(tmp_path) as desk:
        named = event_id()
        event = naming(short, named, event_id=named)
        assert "names this event itself; name an earlier one" in refusal(desk, event)


def test_an_event_that_the_desk_does_not_hold_is_corrected_with_a_whole_header(tmp_path: Path) -> None:
    """What is missing of the header is named, with where to find it; with it the correction is recorded."""
    told = make_event("ChildLocated", 1, 4, source="orr-other")
    header = {name: value for name, value in told["header"].items() if name not in ("event_id", "child_key")}
    with orr_desk(tmp_path) as desk:
        answer = refusal(desk, correcting(event_id(), located()))
        assert "restated.header: lacks source, agency, sequence" in answer
        assert "`casefeed tail` shows it" in answer
        record(desk, correcting(told["header"]["event_id"], located(**header)))
        assert recorded(desk)[1]["header"]["source"] == "orr-other"


def test_the_same_correction_again_is_held(tmp_path: Path) -> None:
    """Whoever lost the answer asks again with the same id, and gets the same number."""
    with orr_desk(tmp_path) as desk:
        (first,) = record(desk, desk_input("ChildLocated", 1))
        again = []
        for _ in range(2):
            event = correcting(first.event_id, located())
            event["header"]["event_id"] = "0190a5b0-0000-7000-8000-0000000000aa"
            again += record(desk, event)
    assert [each.duplicate for each in again] == [False, True]
    assert again[0].sequence == again[1].sequence == 2


@pytest.mark.parametrize(
    ("restated", "said"),
    [
        ({"type": "NtaServed"}, "EventCorrected.restated.type: is no event type of orr.case-events"),
        ({"header": []}, "EventCorrected.restated: is no record"),
        ({"type": "EventRetracted", "retracts_event_id": event_id(), "reason": "NEVER_HAPPENED"}, "restated"),
        ({"type": "ChildLocated", "located_by": "Quillfeather"}, "ChildLocated"),
    ],
)
def test_what_is_no_event_of_the_desk_is_refused(tmp_path: Path, restated: Raw, said: str) -> None:
    """Another agency's type, no record, an event about events, a broken field: a sentence, and no value."""
    with orr_desk(tmp_path) as desk:
        (first,) = record(desk, desk_input("ChildLocated", 1))
        said_by_desk = refusal(desk, correcting(first.event_id, restated))
    assert said in said_by_desk
    assert [each for each in (*PERSONAL, "Quillfeather") if each in said_by_desk] == []
