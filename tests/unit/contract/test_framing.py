"""How a datum travels: five bytes before it, CloudEvents beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefeed.contract import framing
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.errors import ContractError
from casefeed.contract.reasons import ParkedReason
from tests.unit.contract.examples import placement

PLACEMENT = load_catalogue().by_name("SponsorPlacement")


@given(st.integers(0, 2**32 - 1), st.binary())
def test_a_frame_comes_off_as_it_went_on(schema_id: int, datum: bytes) -> None:
    """Magic byte 0, the id in four bytes, big end first, and the datum."""
    framed = framing.frame(schema_id, datum)
    assert framed == b"\x00" + schema_id.to_bytes(4, "big") + datum
    assert framing.unframe(framed) == (schema_id, datum)


@pytest.mark.parametrize("value", [b"", b"\x00", b"\x00\x00\x00\x01", b"\x01\x00\x00\x00\x01x", b"\xff" * 9])
def test_what_is_not_framed_says_so(value: bytes) -> None:
    """Too short, or another magic byte: parked for its magic byte."""
    with pytest.raises(ContractError) as refused:
        framing.unframe(value)
    assert refused.value.reason is ParkedReason.WRONG_MAGIC_BYTE


def test_the_headers_are_cloud_events_1_0_complete() -> None:
    """Every attribute of the binding, each a repetition of the body."""
    headers = dict(framing.cloud_event_headers(PLACEMENT, placement()))
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_id": b"0190a5b0-0000-7000-8000-000000000001",
        "ce_type": b"casefeed.SponsorPlacement",
        "ce_source": b"orr-desk",
        "ce_time": b"2020-09-13T12:26:40.000Z",
        "ce_subject": b"abcdefghij234567",
        "ce_dataschema": PLACEMENT.dataschema.encode(),
        "content-type": b"application/avro",
    }


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_ce_time_is_the_millisecond_in_utc(millis: int) -> None:
    """RFC 3339 with a Z, to the millisecond, whatever the machine's zone."""
    text = framing.rfc3339(millis)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)


@pytest.mark.parametrize("millis", [-62_135_596_800_001, 253_402_300_800_000, 2**63 - 1])
def test_a_time_that_no_calendar_has_overflows(millis: int) -> None:
    """Before the year 1 or after 9999 there is no RFC 3339 to write."""
    with pytest.raises(OverflowError):
        framing.rfc3339(millis)


def test_a_header_is_found_by_name_or_is_none() -> None:
    """The first of a name as text; None where it is absent, empty of text, or no UTF-8."""
    headers = (("a", b"1"), ("a", b"2"), ("b", b"\xff"))
    assert framing.header_text(headers, "a") == "1"
    assert framing.header_text(headers, "b") is None
    assert framing.header_text(headers, "c") is None
    assert framing.header_text((("a", None),), "a") is None  # type: ignore[arg-type]
