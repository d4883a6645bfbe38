"""An event as a caller gives it: what is converted, what may be left out, and what is no event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.contract.errors import ContractError
from casefeed.publish.event_input import event_input, parse_json
from tests.desk_helpers import desk_input
from tests.feedkit import PERSONAL


def test_times_may_be_text_or_numbers() -> None:
    """RFC 3339 with any offset is ms UTC, an ISO day is a day number, and a number stays what it is."""
    event = desk_input("ChildTransferred", 1)
    event["header"]["occurred_at"] = "2020-09-13T08:26:40.250-04:00"
    event["apprehended_at"] = "2020-09-12t12:26:40z"
    event["child"] = {**event["child"], "birth_date": "2005-08-05"}
    made = event_input(event, ORR_TOPIC)
    assert made.header["occurred_at"] == 1_600_000_000_250
    assert made.body["apprehended_at"] == 1_599_913_600_000
    assert made.body["child"]["birth_date"] == 13_000
    assert made.body["uac_determined_at"] == desk_input("ChildTransferred", 1)["uac_determined_at"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("occurred_at", "2020-09-13"),
        ("occurred_at", "2020-09-13T08:26:40"),
        ("occurred_at", "2020-09-13T08:26:40.2501Z"),
        ("occurred_at", "2020-13-13T08:26:40Z"),
        ("occurred_at", "Quillfeather"),
        ("birth_date", "20050805"),
        ("birth_date", "2005-02-30"),
        ("birth_date", "2005-08-05T00:00:00Z"),
    ],
)
def test_a_time_that_may_be_read_two_ways_is_refused(field: str, text: str) -> None:
    """No offset, no day, finer than a millisecond, no such day: refused with the field's name and no value."""
    event = desk_input("ChildTransferred", 1)
    event["child"] = dict(event["child"])
    (event["header"] if field == "occurred_at" else event["child"])[field] = text
    with pytest.raises(ContractError, match=rf"ChildTransferred\.\w+\.{field}: is neither") as caught:
        event_input(event, ORR_TOPIC)
    assert text not in str(caught.value)


def test_what_may_be_null_may_be_left_out() -> None:
    """Optional fields come to be null, in the header, in parts and beside them; nothing else is made up."""
    event = desk_input("SponsorPlacement", 1)
    address = {name: value for name, value in event["child"]["address"].items() if name != "secondary_unit"}
    event["child"] = {**event["child"], "address": address}
    del event["address_checked_at"], event["header"]["causation_id"], event["prs_ordered"]
    event["header"]["recorded_at"] = None
    made = event_input(event, ORR_TOPIC)
    assert made.body["address_checked_at"] is None
    assert made.body["child"]["address"]["secondary_unit"] is None
    assert made.header["causation_id"] is None
    assert "recorded_at" not in made.header
    assert "prs_ordered" not in made.body


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not JSON"),
        (b'{"type": ', "line 1, column 10 cannot be read"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "is not JSON"),
        (b'{"type": "A", "type": "B"}', "has a field twice"),
        (b'"' + b"x" * 1024 * 1024 + b'"', "is longer than 1 MiB"),
    ],
)
def test_what_is_no_json_is_no_event(text: bytes, said: str) -> None:
    """Cut, not text, too deep, too long, a field twice: a sentence each."""
    with pytest.raises(ContractError, match=said):
        parse_json(text)


@pytest.mark.parametrize("event", [None, 1, [], {}, {"header": []}, {"type": "ChildLocated"}])
def test_what_has_no_header_is_no_event(event: Any) -> None:
    """The sentence shows the form."""
    with pytest.raises(ContractError, match=r'is no record \{"type": ..., "header"'):
        event_input(event, ORR_TOPIC)


@pytest.mark.parametrize("name", ["NtaServed", "Quillfeather", None, 7, ["ChildLocated"]])
def test_a_type_of_another_topic_is_refused(name: Any) -> None:
    """The types that may be recorded here are named, what was given is not."""
    with pytest.raises(ContractError, match=r"type: is no event type of orr.case-events; there are Absent") as caught:
        event_input(desk_input("ChildLocated", 1) | {"type": name}, ORR_TOPIC)
    assert "Quillfeather" not in str(caught.value)


@pytest.mark.parametrize("field", ["source", "sequence", "agreement_profile"])
def test_what_the_desk_gives_is_left_out(field: str) -> None:
    """A caller cannot choose a source, a number or a profile."""
    event = desk_input("ChildLocated", 1)
    event["header"][field] = "x"
    with pytest.raises(ContractError, match=f"header.{field}: is given by the desk"):
        event_input(event, ORR_TOPIC)


def test_a_new_child_has_no_key_yet() -> None:
    """Where the desk gives the key the caller does not."""
    with pytest.raises(ContractError, match=r"header.child_key: is given by the desk"):
        event_input(desk_input("ChildLocated", 1), ORR_TOPIC, new_child=True)


def test_no_refusal_repeats_a_value() -> None:
    """JSON cut anywhere gives an error that holds nothing of it."""
    text = json.dumps(desk_input("SponsorPlacement", 1)).encode()
    for at in range(0, len(text), 7):
        with pytest.raises(ContractError) as caught:
            event_input(parse_json(text[:at]), ORR_TOPIC)
        assert [each for each in PERSONAL if each in str(caught.value)] == []
