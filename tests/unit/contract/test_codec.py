"""Strict when writing, exhaustive when reading, and by resolution for a version that came later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract import codec
from casefeed.contract.catalogue import EventType, Schema, load_catalogue
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.contract.reasons import ParkedReason, RefusedReason
from tests.strategies import Raw, damaged, datums, event_types, events
from tests.unit.contract.examples import field, placement, written_by_stock
from tests.unit.contract.examples import later as version

PLACEMENT = load_catalogue().by_name("SponsorPlacement")
DATUM = codec.encode(PLACEMENT, placement())


@settings(max_examples=60)
@given(events())
def test_every_event_comes_back_as_it_went(drawn: tuple[EventType, Raw]) -> None:
    """What is encoded decodes to the same raw event, and encodes to the same bytes again."""
    event_type, datum = drawn
    written = codec.encode(event_type, datum)
    assert codec.decode(event_type, written) == datum
    assert codec.encode(event_type, codec.decode(event_type, written)) == written


@settings(max_examples=20)
@given(events(), st.randoms(use_true_random=False))
def test_spoiled_bytes_raise_nothing_but_our_own_errors(drawn: tuple[EventType, Raw], dice: Random) -> None:
    """Bytes changed, cut out or put in decode to an event, or raise ContractError or RefusedError."""
    event_type, datum = drawn
    clean = codec.encode(event_type, datum)
    for _ in range(100):
        written = bytearray(clean)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(clean))
            written[at : at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 4))
        decoded_or_refused(event_type, bytes(written))


@given(event_types(), st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_our_own_errors(event_type: EventType, noise: bytes) -> None:
    """Bytes that were never an event raise ContractError or RefusedError."""
    decoded_or_refused(event_type, noise)


def decoded_or_refused(event_type: EventType, written: bytes) -> None:
    """Decode; a refusal of ours is an answer, anything else fails the test."""
    with contextlib.suppress(ContractError, RefusedError):
        assert codec.decode(event_type, written)


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
@settings(max_examples=2)
@given(data=st.data())
def test_a_spoiled_event_is_never_half_written(event_type: EventType, data: st.DataObject) -> None:
    """With any one thing changed, encode either writes what decodes to the same, or raises our own error."""
    for datum in damaged(data.draw(datums(event_type))):
        try:
            written = codec.encode(event_type, datum)
        except (ContractError, RefusedError):
            continue
        assert codec.decode(event_type, written) == datum


def test_every_cut_and_every_tail_is_noticed() -> None:
    """A datum with bytes missing at the end, or one too many, is not an event."""
    for length in range(len(DATUM)):
        with pytest.raises((ContractError, RefusedError)):
            codec.decode(PLACEMENT, DATUM[:length])
    assert reason(DATUM[:-3]) is ParkedReason.UNDECODABLE
    assert reason(DATUM + b"\x00") is ParkedReason.TRAILING_BYTES


@pytest.mark.parametrize("length", [2**31, 2**62, -1, -(2**62)], ids=["2Gi", "4Ei", "negative", "most-negative"])
def test_a_huge_or_negative_length_is_refused_at_once(length: int) -> None:
    """A string that says it is longer than the datum costs no memory and is undecodable."""
    zigzag, out = (length << 1) ^ (length >> 63), bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    assert reason(bytes(out) + DATUM[1:]) is ParkedReason.UNDECODABLE


def reason(written: bytes) -> ParkedReason:
    """What a placement of these bytes is parked for."""
    with pytest.raises(ContractError) as refused:
        codec.decode(PLACEMENT, written)
    return refused.value.reason


SYMBOLS = "address_quality: must be one of " + (
    "DELIVERABLE, MISSING_UNIT, UNDELIVERABLE, BLANK, AMBIGUOUS or UNCHECKED$"
)


def test_an_unknown_symbol_is_never_written() -> None:
    """A symbol outside the enum, and the one that stands for an unknown symbol, are refused on write and read."""
    for symbol in ("LOST", "UNRECOGNIZED"):
        with pytest.raises(ContractError, match=SYMBOLS):
            codec.encode(PLACEMENT, placement() | {"address_quality": symbol})
    with pytest.raises(ContractError, match=SYMBOLS):
        codec.decode(PLACEMENT, written_by_stock(PLACEMENT.schema, placement() | {"address_quality": "UNRECOGNIZED"}))


def later(change: Callable[[Schema], Any]) -> Schema:
    """A later version of SponsorPlacement."""
    return version("SponsorPlacement", change)


def resolved(schema: Schema, datum: Raw) -> Raw:
    """`datum` written under another version of SponsorPlacement and read as the one known here."""
    return codec.decode_resolved(PLACEMENT, schema, written_by_stock(schema, datum))


NOTE = {"name": "call_count", "type": ["null", "int"], "default": None, "sensitivity": "OP"}


def test_a_later_version_with_an_optional_field_is_read() -> None:
    """A field that was added with a default is passed over; all else is as it was written."""
    schema = later(lambda it: it["fields"].insert(2, NOTE))
    assert resolved(schema, placement() | {"call_count": 2}) == placement()


def test_a_later_version_without_an_optional_field_is_read() -> None:
    """A field that was removed is read as its default."""
    schema = later(lambda it: it["fields"].remove(field(it, "address_checked_at")))
    datum = {key: value for key, value in placement().items() if key != "address_checked_at"}
    assert resolved(schema, datum) == placement()


def test_a_symbol_of_a_later_version_is_read_as_unrecognized() -> None:
    """A symbol that is new becomes the enum's default, so the event applies all the same."""
    schema = later(lambda it: field(it, "address_quality")["type"]["symbols"].insert(0, "VACANT"))
    assert resolved(schema, placement() | {"address_quality": "VACANT"})["address_quality"] == "UNRECOGNIZED"


def unreadable(schema: Schema, datum: Raw) -> str:
    """The sentence for a version that cannot be read as the one known here."""
    with pytest.raises(ContractError) as refused:
        resolved(schema, datum)
    assert refused.value.reason is ParkedReason.UNREADABLE_VERSION
    return str(refused.value)


def test_a_later_version_without_a_needed_field_is_parked_for_its_version() -> None:
    """A field without default that is gone cannot be made up."""
    schema = later(lambda it: it["fields"].remove(field(it, "owning_area")))
    datum = {key: value for key, value in placement().items() if key != "owning_area"}
    assert "cannot be read as the version known here" in unreadable(schema, datum)


def test_a_later_version_of_another_unit_is_never_misread() -> None:
    """Microseconds under the same name read without error as wrong times; the version is refused by name."""
    schema = later(lambda it: field(it, "header")["type"]["fields"][5]["type"].update(logicalType="timestamp-micros"))
    assert "header.occurred_at was timestamp-millis and is now timestamp-micros" in unreadable(schema, placement())


def test_a_schema_that_does_not_parse_is_parked_for_its_version() -> None:
    """A registry that hands out something that is no schema is no reason to stop."""
    for broken in ({"type": "record"}, {"name": "X", "type": "no-such-type", "namespace": "casefeed"}):
        with pytest.raises(ContractError, match="does not parse"):
            codec.decode_resolved(PLACEMENT, broken, DATUM)


def test_another_subject_is_not_resolved_into_this_one() -> None:
    """The schema of another record, even one with the same last name, is not a version of this one."""
    schema = later(lambda it: it.update(namespace="elsewhere"))
    assert "would be misread" in unreadable(schema, placement())


def test_what_only_the_later_version_has_is_guarded_too() -> None:
    """A forbidden field, or an identifier outside its range, is refused even where this version has no field."""
    income = {"name": "household_income", "type": ["null", "int"], "default": None}
    with pytest.raises(RefusedError) as refused:
        resolved(later(lambda it: it["fields"].append(income)), placement() | {"household_income": 1})
    assert refused.value.reason is RefusedReason.FORBIDDEN_FIELD
    second = {"name": "second_a_number", "type": ["null", "string"], "default": None}
    schema = later(lambda it: it["fields"].append(second | {"synthetic_pattern": "^A000[0-9]{6}$"}))
    assert resolved(schema, placement() | {"second_a_number": "A000123456"}) == placement()
    with pytest.raises(RefusedError) as refused:
        resolved(schema, placement() | {"second_a_number": "A123456789"})
    assert refused.value.reason is RefusedReason.NOT_SYNTHETIC


def test_trailing_bytes_are_noticed_in_a_later_version_too() -> None:
    """Resolution reads exhaustively as well."""
    with pytest.raises(ContractError) as refused:
        codec.decode_resolved(PLACEMENT, PLACEMENT.schema, DATUM + b"\x00")
    assert refused.value.reason is ParkedReason.TRAILING_BYTES


def test_a_time_is_not_recorded_before_it_occurs() -> None:
    """recorded_at before occurred_at is refused, on the way out and on the way in."""
    datum = placement()
    datum["header"] |= {"recorded_at": datum["header"]["occurred_at"] - 1}
    with pytest.raises(ContractError, match=r"header\.recorded_at: is before occurred_at"):
        codec.encode(PLACEMENT, datum)
    with pytest.raises(ContractError, match=r"header\.recorded_at: is before occurred_at"):
        codec.decode(PLACEMENT, written_by_stock(PLACEMENT.schema, datum))


def test_the_hash_differs_by_bytes_and_by_schema() -> None:
    """An event's hash covers its datum and its schema's fingerprint."""
    other = load_catalogue().by_name("NtaIssued").fingerprint
    hashes = {
        codec.event_hash(PLACEMENT.fingerprint, DATUM),
        codec.event_hash(PLACEMENT.fingerprint, DATUM + b"\x00"),
        codec.event_hash(other, DATUM),
    }
    assert len(hashes) == 3
    assert {len(each) for each in hashes} == {32}
