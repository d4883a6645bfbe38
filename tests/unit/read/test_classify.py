"""Judging one record: an event, or why not; for every bad input."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from casefeed.contract import framing
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, EventType, load_catalogue
from casefeed.contract.codec import event_hash
from casefeed.contract.framing import MAX_VALUE_BYTES
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import DecodedEvent, ReadableSchema, RejectedSchema, classify, schema_id_of
from tests.events import SECRETS, raw, received
from tests.feedkit import Raw, child_key
from tests.strategies import events

TRANSFER = load_catalogue().by_name("ChildTransferred")
SERVED = load_catalogue().by_name("NtaServed")
KNOWN = ReadableSchema(TRANSFER, TRANSFER.fingerprint)


def transfer(**over: Any) -> ReceivedRecord:
    """The record of a child's transfer; `over` replaces parts of the record."""
    return received("ChildTransferred", raw("ChildTransferred", 1, 1), **over)


def value(record: ReceivedRecord) -> bytes:
    """The record's value."""
    assert record.value is not None
    return record.value


def careless(event: Raw, event_type: EventType = TRANSFER) -> bytes:
    """A framed value written without any check, as a careless sender would."""
    out = io.BytesIO()
    schemaless_writer(out, event_type.raw_schema, event)
    return framing.frame(1, out.getvalue())


def changed(**header: Any) -> Raw:
    """A transfer with other values in its header."""
    return raw("ChildTransferred", 1, 1, header=header)


GOOD = transfer()
BAD: dict[str, tuple[ReceivedRecord, ParkedReason]] = {
    "no value": (GOOD._replace(value=None), ParkedReason.EMPTY_VALUE),
    "empty value": (GOOD._replace(value=b""), ParkedReason.EMPTY_VALUE),
    "5 MiB": (GOOD._replace(value=value(GOOD) + bytes(5 * 1024 * 1024)), ParkedReason.OVERSIZE_VALUE),
    "one byte too many": (
        GOOD._replace(value=value(GOOD).ljust(MAX_VALUE_BYTES + 1, b"\x00")),
        ParkedReason.OVERSIZE_VALUE,
    ),
    "wrong magic byte": (GOOD._replace(value=b"\x01" + value(GOOD)[1:]), ParkedReason.WRONG_MAGIC_BYTE),
    "JSON": (GOOD._replace(value=b'{"a_number": "A000123456"}'), ParkedReason.WRONG_MAGIC_BYTE),
    "four bytes": (GOOD._replace(value=b"\x00\x00\x00\x00"), ParkedReason.WRONG_MAGIC_BYTE),
    "nothing but a frame": (GOOD._replace(value=framing.frame(1, b"")), ParkedReason.UNDECODABLE),
    "trailing byte": (GOOD._replace(value=value(GOOD) + b"\x00"), ParkedReason.TRAILING_BYTES),
    "cut short": (GOOD._replace(value=value(GOOD)[:-2]), ParkedReason.UNDECODABLE),
    "rule broken": (
        GOOD._replace(value=careless(changed() | {"releasing_area": "nowhere"})),
        ParkedReason.INVALID_FIELD,
    ),
    "recorded first": (GOOD._replace(value=careless(changed(recorded_at=1))), ParkedReason.INVALID_FIELD),
    "another child": (GOOD._replace(key=child_key(2).encode()), ParkedReason.KEY_MISMATCH),
    "no key": (GOOD._replace(key=None), ParkedReason.KEY_MISMATCH),
    "key with a byte more": (GOOD._replace(key=(GOOD.key or b"") + b" "), ParkedReason.KEY_MISMATCH),
    "other topic": (GOOD._replace(topic=ICE_TOPIC), ParkedReason.WRONG_TOPIC),
    "other type named": (GOOD._replace(headers=(("ce_type", b"casefeed.NtaServed"),)), ParkedReason.OTHER_SUBJECT),
}


@pytest.mark.parametrize("kind", BAD)
def test_each_bad_record_is_parked_for_its_reason(kind: str) -> None:
    """Every fault of a record has one reason, and the detail holds no value of it."""
    record, reason = BAD[kind]
    found = classify(record, KNOWN if schema_id_of(record) is not None else None)
    assert isinstance(found, Parked)
    assert found.reason is reason
    assert not any(secret in found.detail for secret in (*SECRETS, "nowhere"))


def test_a_good_record_is_an_event_with_its_proof() -> None:
    """The body, the fingerprint it was written under, and the hash over both."""
    found = classify(GOOD, KNOWN)
    assert isinstance(found, DecodedEvent)
    assert found.body == raw("ChildTransferred", 1, 1, header={"event_id": found.header["event_id"]})
    assert found.hash == event_hash(TRANSFER.fingerprint, value(GOOD)[5:])
    assert found.schema is KNOWN


@pytest.mark.parametrize("headers", [(), (("ce_type", b"\xff"),), (("ce_source", b"x"),)])
def test_the_body_alone_is_enough(headers: framing.Headers) -> None:
    """A stock producer sets no headers, or others: headers repeat, never add."""
    assert isinstance(classify(GOOD._replace(headers=headers), KNOWN), DecodedEvent)


UNSYNTHETIC = changed(synthetic=False)
REAL_NUMBER = changed()
REAL_NUMBER["child"] = {**REAL_NUMBER["child"], "a_number": "A204999888"}


@pytest.mark.parametrize(
    "record",
    [
        GOOD._replace(value=careless(UNSYNTHETIC)),
        GOOD._replace(value=careless(REAL_NUMBER)),
        GOOD._replace(value=careless(UNSYNTHETIC), topic=ICE_TOPIC),
        GOOD._replace(value=careless(REAL_NUMBER), topic=ICE_TOPIC),
        GOOD._replace(value=careless(UNSYNTHETIC), headers=(("ce_type", b"casefeed.NtaServed"),)),
        GOOD._replace(value=careless(UNSYNTHETIC), key=None),
        GOOD._replace(value=careless(UNSYNTHETIC) + b"\x00"),
        GOOD._replace(value=careless(UNSYNTHETIC)[:-3]),
        GOOD._replace(value=careless(UNSYNTHETIC | {"releasing_area": "nowhere"})),
        GOOD._replace(value=careless(REAL_NUMBER) + b"\x00"),
        GOOD._replace(value=careless(REAL_NUMBER)[:-3]),
        GOOD._replace(value=careless(UNSYNTHETIC) + bytes(MAX_VALUE_BYTES)),
        GOOD._replace(value=careless(REAL_NUMBER) + bytes(MAX_VALUE_BYTES)),
    ],
    ids=[
        "mark",
        "A-number",
        "topic",
        "A-number, topic",
        "type",
        "key",
        "trailing",
        "cut",
        "rule",
        "A-number, trailing",
        "A-number, cut",
        "oversize",
        "A-number, oversize",
    ],
)
def test_what_is_not_synthetic_is_refused_whatever_else_is_wrong(record: ReceivedRecord) -> None:
    """A parked record keeps its bytes, so a second fault must not save what may not be here."""
    found = classify(record, KNOWN)
    assert isinstance(found, Refused)
    assert found.reason is RefusedReason.NOT_SYNTHETIC


@pytest.mark.parametrize(
    ("key", "refused"), [(b"A204999888", True), (b"A20499988", True), (b"A000123456", False), (b"a-204999888", True)]
)
def test_a_key_that_is_a_real_a_number_is_refused(key: bytes, refused: bool) -> None:
    """Whatever the body: a key of that form is kept nowhere; one of the synthetic range is a wrong key."""
    found = classify(GOOD._replace(key=key), KNOWN)
    assert isinstance(found, Refused) is refused
    assert isinstance(classify(GOOD._replace(key=key, value=None), None), Refused) is refused


def test_a_record_of_an_unusable_schema_gets_its_outcome() -> None:
    """What its schema id stands for decides, before anything is decoded."""
    outcome = Refused(RefusedReason.FORBIDDEN_FIELD, "x.income")
    assert classify(GOOD, RejectedSchema(outcome)) is outcome


def test_a_record_of_a_later_version_is_read_by_resolution() -> None:
    """What the later version adds is left aside; bytes and fingerprint stay those it was written under."""
    later = _with_field(SERVED, {"name": "note_code", "type": ["null", "string"], "default": None})
    event = raw("NtaServed", 1, 1, source="ice-test")
    record = received("NtaServed", event)
    record = record._replace(value=value(record) + b"\x02\x06N-7")
    found = classify(record, ReadableSchema(SERVED, b"f" * 32, later))
    assert isinstance(found, DecodedEvent)
    assert found.body == event
    assert found.datum == value(record)[5:]
    assert found.fingerprint == b"f" * 32


def test_a_later_version_that_would_be_misread_is_parked() -> None:
    """The same bytes with another meaning are not read as the old one."""
    changed_unit = _with_field(SERVED, None)
    for item in changed_unit["fields"]:
        if item["name"] == "address_event_id_used":
            item["type"] = ["null", "string"]
    record = received("NtaServed", raw("NtaServed", 1, 1, source="ice-test"))
    found = classify(record, ReadableSchema(SERVED, b"f" * 32, changed_unit))
    assert found == Parked(ParkedReason.UNREADABLE_VERSION, found.detail)  # type: ignore[union-attr]


def test_a_version_that_is_misread_here_is_guarded_by_its_own_schema() -> None:
    """What is not synthetic is refused by the writer's order of fields, and what is synthetic is only parked."""
    turned = json.loads(TRANSFER.canonical_json)
    for item in turned["fields"]:
        if item["name"] == "header":
            item["type"]["fields"].insert(0, {"name": "hop", "type": "string", "default": ""})
            clock = next(each for each in item["type"]["fields"] if each["name"] == "occurred_at")
            clock["type"]["logicalType"] = "timestamp-micros"
    version = EventType.from_schema(turned)
    for header, expected in (({"synthetic": False}, Refused), ({}, Parked)):
        event = changed(**header)
        event["header"] = {"hop": "x", **event["header"]}
        record = GOOD._replace(value=careless(event, version))
        assert isinstance(classify(record, ReadableSchema(TRANSFER, version.fingerprint, turned)), expected)


def test_a_version_whose_range_is_no_pattern_is_parked() -> None:
    """A registry that hands out a broken pattern is no reason to stop."""
    broken = _with_field(SERVED, {"name": "more", "type": "string", "synthetic_pattern": "("})
    record = received("NtaServed", raw("NtaServed", 1, 1, source="ice-test"))
    found = classify(record, ReadableSchema(SERVED, b"f" * 32, broken))
    assert isinstance(found, Parked)
    assert found.reason is ParkedReason.UNREADABLE_VERSION


def _with_field(event_type: EventType, item: dict[str, Any] | None) -> dict[str, Any]:
    more = [] if item is None else [{"doc": "Later.", "sensitivity": "CT", "niem": None, **item}]
    fields = [dict(each) for each in event_type.schema["fields"]]
    return {**event_type.schema, "fields": [*fields, *more]}


@given(events())
def test_every_event_of_the_contract_is_one_to_the_reader(drawn: tuple[EventType, Raw]) -> None:
    """What the codec writes, the reader takes, on every topic of its type."""
    event_type, event = drawn
    for topic in event_type.topics:
        found = classify(
            received(event_type.short_name, event, topic=topic), ReadableSchema(event_type, event_type.fingerprint)
        )
        assert isinstance(found, DecodedEvent)
        assert found.body == event


@given(st.binary(max_size=400), st.sampled_from([None, *load_catalogue().event_types.values()]))
def test_no_bytes_are_more_than_the_reader_can_judge(noise: bytes, event_type: EventType | None) -> None:
    """Whatever comes has an outcome."""
    kind = event_type or TRANSFER
    record = ReceivedRecord(ORR_TOPIC, 0, 0, 0, noise[:16], b"\x00\x00\x00\x00\x01" + noise, ())
    assert classify(record, ReadableSchema(kind, kind.fingerprint)) is not None
    assert classify(record._replace(value=noise), None) is not None


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_byte_that_flips_is_an_event_or_an_outcome(place: int, byte: int) -> None:
    """One changed byte of a good record never raises, and what is parked says nothing of the record."""
    spoilt = bytearray(value(GOOD))
    spoilt[5 + place % (len(spoilt) - 5)] = byte
    found = classify(GOOD._replace(value=bytes(spoilt)), KNOWN)
    if isinstance(found, Parked | Refused):
        assert not any(secret in found.detail for secret in SECRETS)
