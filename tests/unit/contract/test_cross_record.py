"""Rules that bind one record of an event to another: what a correction restates, a merge of two keys."""

from __future__ import annotations

import pytest
from hypothesis import given

from casefeed.contract import codec
from casefeed.contract.catalogue import EventType, load
from casefeed.contract.codec import ABOUT_EVENTS, Datum
from casefeed.contract.errors import ContractError, Forbidden
from casefeed.contract.generated.codecs import FORMS
from casefeed.contract.reasons import ParkedReason
from tests.events import correction, raw
from tests.feedkit import child_key
from tests.strategies import Raw, datums

CORRECTED, MERGED = load().named("EventCorrected"), load().named("ChildKeysMerged")
ON_EITHER_SIDE = pytest.mark.parametrize("way", ["encode", "decode"])


def through(way: str, event: Datum, event_type: EventType = CORRECTED) -> Datum:
    """The event once the codec has taken it, writing or reading; what it reads was written without the rules."""
    if way == "encode":
        return codec.decode(event_type, codec.encode(event_type, event))
    form = FORMS[event_type.fingerprint]
    return codec.decode(event_type, form.write(event))


def corrected(kind: str = "SponsorPlacement", **over: object) -> Datum:
    """A correction of an event of child 1; `over` replaces its fields."""
    return raw("EventCorrected", 1, 2, days=3) | correction(kind, raw(kind, 1, 1)) | over


@given(datums(CORRECTED))
def test_a_correction_gives_the_event_it_restates(event: Raw) -> None:
    """What `restated` gives is the whole event that was put in, whatever its type."""
    kind, found = codec.restated(CORRECTED, codec.decode(CORRECTED, codec.encode(CORRECTED, event)))
    assert kind.dataschema == event["restated_dataschema"]
    assert codec.encode(kind, found) == event["restated"]


@ON_EITHER_SIDE
@pytest.mark.parametrize("field", ["event_id", "child_key"])
def test_a_correction_is_of_the_event_and_the_child_it_names(way: str, field: str) -> None:
    """Another event's id, or another child's key inside, is an invalid field."""
    event = corrected()
    if field == "event_id":
        event["corrects_event_id"] = raw("NtaIssued", 1, 3)["header"]["event_id"]
    else:
        event["header"] = event["header"] | {"child_key": child_key(2)}
    with pytest.raises(ContractError, match=rf"restated\.header\.{field}: is not that") as raised:
        through(way, event)
    assert raised.value.reason is ParkedReason.INVALID_FIELD


@ON_EITHER_SIDE
def test_what_a_correction_restates_is_held_to_the_contract(way: str) -> None:
    """Bytes that are no event, with the reason of what is wrong with them."""
    event = corrected()
    for spoilt, reason in (
        (event["restated"] + b"x", ParkedReason.TRAILING_BYTES),
        (event["restated"][:-3], ParkedReason.UNDECODABLE),
    ):
        with pytest.raises(ContractError, match="restated: holds no event") as raised:
            through(way, event | {"restated": spoilt})
        assert raised.value.reason is reason


@ON_EITHER_SIDE
def test_a_restated_event_that_is_not_synthetic_is_forbidden(way: str) -> None:
    """Also where the rest of it does not decode."""
    event = corrected("ChildLocated")
    inner = raw("ChildLocated", 1, 1)
    kind = load().named("ChildLocated")
    right = codec.encode(kind, inner)
    # `synthetic` is the last field of the header; the part of a person follows it.
    at = right.index(b"\x08narrow-1"[1:]) + len(b"narrow-1")
    assert right[at] == 1
    wrong = right[:at] + b"\x00" + right[at + 1 :]
    for datum in (wrong, wrong + b"x"):
        with pytest.raises(Forbidden):
            through(way, event | {"restated": datum})


@ON_EITHER_SIDE
def test_a_restated_event_of_an_unknown_schema_waits_for_a_later_release(way: str) -> None:
    """It is the receiver who can repair it."""
    later = CORRECTED.dataschema.replace("EventCorrected", "SponsorPlacement")
    with pytest.raises(ContractError, match="does not know") as raised:
        through(way, corrected(restated_dataschema=later))
    assert raised.value.reason is ParkedReason.UNREADABLE_VERSION


@ON_EITHER_SIDE
@pytest.mark.parametrize("short", sorted(ABOUT_EVENTS - {"EventCorrected"}))
def test_events_about_events_are_not_restated(way: str, short: str) -> None:
    """They are taken back and told anew."""
    with pytest.raises(ContractError, match=f"of type {short}, which is corrected by retracting it"):
        through(way, corrected() | correction(short, raw(short, 1, 1)))


@ON_EITHER_SIDE
def test_a_key_is_not_merged_with_itself(way: str) -> None:
    """The two keys of a merge differ."""
    event = raw("ChildKeysMerged", 1, 1, merged_child_key=child_key(1))
    with pytest.raises(ContractError, match=r"merged_child_key: is the same as header\.child_key"):
        through(way, event, MERGED)
