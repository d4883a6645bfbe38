"""The generated decoders and encoders, held equal to fastavro, the rules and the pydantic models."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract import codec
from casefeed.contract.avro_errors import AVRO_ERRORS
from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.contract.errors import ContractError, RefusedError
from casefeed.contract.generated.codecs import FAST_CODECS, FAST_PATH_ERRORS
from casefeed.contract.generated.models import parse
from casefeed.contract.primitives import FastPathError, encode_long, read_long, read_span, read_timestamp
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.schema_tools import generate_codecs
from tests.events import raw
from tests.strategies import damaged, datums
from tests.unit.contract.examples import placement, written_by_stock

TYPES = sorted(load_catalogue().event_types.values(), key=lambda each: each.name)
each_type = pytest.mark.parametrize("event_type", TYPES, ids=lambda each: each.short_name)
PLACEMENT = load_catalogue().by_name("SponsorPlacement")
NEVER = "has a value that Avro never writes so"
MAX_MS = 4_102_444_800_000


def outcome(work: Callable[[EventType, Any], object], event_type: EventType, given_: Any) -> object:
    """What `work` gives, or which error it raises: its kind, where, rule and reason."""
    try:
        return work(event_type, given_)
    except ContractError as error:
        return (ContractError, error.where, error.rule, error.reason)
    except RefusedError as error:
        return (RefusedError, error.where, error.reason)


def test_the_committed_modules_are_what_the_generator_writes() -> None:
    """Edited schemas and edited generated code both show here: run `make models`."""
    committed = {
        path.name: path.read_text(encoding="utf-8")
        for path in generate_codecs.OUTPUT_DIR.glob("*.py")
        if path.name != "primitives.py"
    }
    assert committed == generate_codecs.generate_modules(load_catalogue())


@each_type
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_right_is_never_doubted(event_type: EventType, data: st.DataObject) -> None:
    """Valid events are written and read by the generated code alone, as fastavro writes and reads them."""
    form, event = FAST_CODECS[event_type.fingerprint], data.draw(datums(event_type))
    datum = form.encode(event)
    assert datum == codec.encode_checked(event_type, event)
    assert form.decode(datum) == event == codec.decode_checked(event_type, datum)
    assert parse(event_type, event).to_raw() == event


@each_type
@settings(max_examples=25)
@given(data=st.data(), dice=st.randoms(use_true_random=False))
def test_mutated_bytes_end_as_they_do_in_words(event_type: EventType, data: st.DataObject, dice: Random) -> None:
    """Bytes changed, cut out or put in: the same event or the same error, reason and place included."""
    clean = codec.encode(event_type, data.draw(datums(event_type)))
    for _ in range(60):
        mutated = bytearray(clean)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(clean))
            mutated[at : at + dice.randint(0, 2)] = dice.randbytes(dice.randint(0, 3))
        held_equal(event_type, bytes(mutated))


def held_equal(event_type: EventType, given_: bytes) -> None:
    """`decode` ends as it does in words; only what Avro never writes so is refused though fastavro takes it."""
    found, worded = (outcome(codec.decode, event_type, given_), outcome(codec.decode_checked, event_type, given_))
    if found != worded:
        assert isinstance(worded, dict)
        assert codec.encode(event_type, worded) != given_
        assert found == (ContractError, event_type.name, NEVER, ParkedReason.UNDECODABLE)
    if isinstance(found, dict):
        parse(event_type, found)


@each_type
@settings(max_examples=2)
@given(data=st.data())
def test_every_broken_rule_is_refused_by_both_with_the_same_reason(
    event_type: EventType, data: st.DataObject
) -> None:
    """Each field with each odd value: both write the same bytes, or raise the same error."""
    for datum in damaged(data.draw(datums(event_type))):
        found = outcome(codec.encode, event_type, datum)
        assert found == outcome(codec.encode_checked, event_type, datum)


@each_type
@settings(max_examples=2)
@given(data=st.data())
def test_a_rule_broken_by_another_writer_is_refused_by_both(event_type: EventType, data: st.DataObject) -> None:
    """What a careless writer's Avro library takes is read with the same outcome by both."""
    for datum in damaged(data.draw(datums(event_type))):
        try:
            careless = written_by_stock(event_type.schema, datum)
        except AVRO_ERRORS:  # not even that library writes it
            continue
        held_equal(event_type, careless)


def test_refusals_have_their_reasons() -> None:
    """The reasons come through the generated code's doubt: not synthetic, a rule, a cut, a tail."""
    other = placement()
    other["header"]["synthetic"] = False
    with pytest.raises(RefusedError) as refused:
        codec.encode(PLACEMENT, other)
    assert refused.value.reason is RefusedReason.NOT_SYNTHETIC
    datum = codec.encode(PLACEMENT, placement())
    for given_, reason in ((datum[:-1], ParkedReason.UNDECODABLE), (datum + b"\0", ParkedReason.TRAILING_BYTES)):
        with pytest.raises(ContractError) as parked:
            codec.decode(PLACEMENT, given_)
        assert parked.value.reason is reason


@pytest.mark.parametrize(
    ("short", "given_", "meant"),
    [("NtaIssued", b"\x02", b"\x01"), ("NtaIssued", b"\xff\x01", b"\x01")],
    ids=["two for true", "two bytes for true"],
)
def test_a_truth_that_avro_never_writes_is_refused(short: str, given_: bytes, meant: bytes) -> None:
    """One event has one form of bytes: other bytes for the same values would be another event with its id."""
    event_type = load_catalogue().by_name(short)
    event = raw(short, 1, 1, source="ice-test", place_and_time_stated=True)
    datum = codec.encode(event_type, event)
    assert datum.endswith(meant)
    with pytest.raises(ContractError) as parked:
        codec.decode(event_type, datum[: -len(meant)] + given_)
    assert parked.value.reason in (ParkedReason.UNDECODABLE, ParkedReason.TRAILING_BYTES)


def test_a_number_in_more_bytes_than_it_needs_is_refused() -> None:
    """A sequence, a time and a length with a byte of nothing behind them: the same values in other bytes."""
    event_type = load_catalogue().by_name("NtaIssued")
    event = raw("NtaIssued", 1, 1, source="ice-test")
    header, datum = event["header"], codec.encode(event_type, event)
    name, times = (header["source"].encode(), encode_long(header["occurred_at"]) + encode_long(header["recorded_at"]))
    sequence = encode_long(header["sequence"]) + times
    for plain, longer in (
        (encode_long(len(name)) + name, bytes([encode_long(len(name))[0] | 128, 0]) + name),
        (sequence, bytes([sequence[0] | 128, 0]) + times),
        (times, times[:-1] + bytes([times[-1] | 128, 0])),
    ):
        assert datum.count(plain) == 1
        assert codec.decode_checked(event_type, datum.replace(plain, longer)) == event
        with pytest.raises(ContractError, match="never writes so"):
            codec.decode(event_type, datum.replace(plain, longer))


def test_a_symbol_counted_from_the_end_is_refused() -> None:
    """A negative number of a symbol is none, whatever a library makes of it."""
    event_type = load_catalogue().by_name("NtaIssued")
    datum = codec.encode(event_type, raw("NtaIssued", 1, 1, source="ice-test"))
    assert datum[-2:-1] in (b"\x00", b"\x02", b"\x04")
    with pytest.raises(ContractError, match="never writes so"):
        codec.decode(event_type, datum[:-2] + b"\x05" + datum[-1:])


def test_a_list_in_several_blocks_with_their_sizes_is_read() -> None:
    """Some libraries write a list in blocks and say how many bytes each takes: it is the same list."""
    event_type = load_catalogue().by_name("NtaServed")
    event = raw("NtaServed", 1, 1, source="ice-test", served_on=["CHILD", "ATTORNEY"])
    datum = codec.encode(event_type, event)
    one_block = b"\x04\x00\x06\x00"
    assert datum.count(one_block) == 1
    two_blocks = b"\x01\x02\x00" + b"\x01\x02\x06" + b"\x00"
    assert codec.decode(event_type, datum.replace(one_block, two_blocks)) == event


def test_an_edited_schema_goes_by_fastavro() -> None:
    """Generated code of another version of a schema is never used: a rule added to the schema holds at once."""
    schema = copy.deepcopy(PLACEMENT.schema)
    (area,) = (item for item in schema["fields"] if item["name"] == "owning_area")
    area["pattern"] = "^[A-B]{3}$"
    edited = EventType.from_schema(schema)
    assert edited.fingerprint not in FAST_CODECS
    with pytest.raises(ContractError, match="owning_area"):
        codec.encode(edited, placement())


@given(st.integers(-(2**63), 2**63 - 1), st.binary(max_size=8))
def test_numbers_come_back(value: int, after: bytes) -> None:
    """Every long is read as it was written, whatever follows it."""
    out = encode_long(value)
    assert read_long(out + after, 0) == (value, len(out))


@given(st.integers(0, MAX_MS), st.binary(max_size=8))
def test_times_come_back(value: int, after: bytes) -> None:
    """Every time is read as it was written, whatever follows it."""
    out = encode_long(value)
    assert read_timestamp(out + after, 0, MAX_MS) == (value, len(out))


@given(st.binary(min_size=1, max_size=12))
def test_a_time_is_read_as_the_number_it_is(raw: bytes) -> None:
    """The quick way through six bytes and the plain way through any number agree, or the time is doubted."""
    try:
        expected = read_long(raw, 0)
    except FAST_PATH_ERRORS:
        expected = (-1, 0)
    if 0 <= expected[0] <= MAX_MS:
        assert read_timestamp(raw, 0, MAX_MS) == expected
    else:
        with pytest.raises(FAST_PATH_ERRORS):
            read_timestamp(raw, 0, MAX_MS)


def test_a_negative_length_is_doubted() -> None:
    """A text that says it has fewer than no bytes begins nowhere."""
    with pytest.raises(FastPathError):
        read_span(encode_long(-1), 0)
