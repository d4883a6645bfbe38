"""Bad input on a real broker: each record has an outcome, nothing is lost, all else flows."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import Any

import pytest

from casefeed.contract import catalogue, codec, framing
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.registry import Registry
from tests.feedkit import PERSONAL, START_MS, Bench, Sent, child_key, event_id, make

TRANSFER = "ChildTransferred"


def rows(bench: Bench, sql: str, *values: Any) -> list[Any]:
    """What a question to the ledger answers."""
    with sqlite3.connect(bench.path) as db:
        return db.execute(sql, values).fetchall()


def parked(bench: Bench) -> list[tuple[str, str]]:
    """(reason, detail) of every parked record."""
    return [tuple(row) for row in rows(bench, "SELECT reason, detail FROM parked ORDER BY id")]


def good(bench: Bench, child: int) -> Sent:
    """A record that must be applied whatever lies beside it."""
    return bench.event(TRANSFER, make(TRANSFER, child, 1))


def altered(sent: Sent, value: bytes | None, **changes: Any) -> Sent:
    """The record with another value, and what else is named."""
    return Sent(sent.topic, changes.get("key", sent.key), value, changes.get("headers", sent.headers))


def framed(bench: Bench, short: str, raw: dict[str, Any]) -> bytes:
    """A value whose datum was written without any check, as a careless sender would."""
    import io

    from fastavro import schemaless_writer

    kind = catalogue.load().named(short)
    out = io.BytesIO()
    schemaless_writer(out, kind.raw, raw)
    return framing.frame(bench.ids[kind.name], out.getvalue())


def register(bench: Bench, subject: str, schema: dict[str, Any]) -> int:
    """The registry's id of a schema registered under a subject."""

    async def run() -> int:
        async with Registry(bench.registry_url) as registry:
            return await registry.register(subject, json.dumps(schema))

    return asyncio.run(run())


def spoilt(bench: Bench, kind: str) -> Sent:
    """One bad record of the named kind, of child 1."""
    sent = good(bench, 1)
    assert sent.value is not None
    raw = make(TRANSFER, 1, 1)
    match kind:
        case "trailing bytes":
            return altered(sent, sent.value + b"\x00")
        case "cut short":
            return altered(sent, sent.value[:-3])
        case "unknown schema id":
            return altered(sent, framing.frame(999_999, sent.value[5:]), headers=[])
        case "unknown schema id under another's name":
            named = ("ce_dataschema", catalogue.load().named("SponsorPlacement").dataschema)
            return altered(sent, framing.frame(999_999, sent.value[5:]), headers=[named])
        case "id of a foreign subject":
            foreign = {"type": "record", "name": "Thing", "namespace": "other", "fields": []}
            return altered(sent, framing.frame(register(bench, "other.Thing", foreign), sent.value[5:]))
        case "id of another type":
            return altered(sent, framing.frame(bench.ids["casefeed.SponsorPlacement"], sent.value[5:]))
        case "type of the other topic":
            return bench.event("NtaIssued", make("NtaIssued", 1, 1, source="ice-test"), topic=ORR_TOPIC)
        case "wrong magic byte":
            return altered(sent, b"\x01" + sent.value[1:])
        case "empty value":
            return altered(sent, b"")
        case "no value":
            return altered(sent, None)
        case "5 MiB":
            return altered(sent, sent.value + bytes(5 * 1024 * 1024))
        case "breaks a rule":
            raw["releasing_area"] = "nowhere"
            return altered(sent, framed(bench, TRANSFER, raw))
        case "recorded before it occurred":
            raw["header"]["recorded_at"] = START_MS - 1
            return altered(sent, framed(bench, TRANSFER, raw))
        case "another child's key":
            return altered(sent, sent.value, key=child_key(2).encode())
        case "no key":
            return altered(sent, sent.value, key=None)
        case _:
            raise AssertionError(kind)


@pytest.mark.finding("OIG-25-21/data-review")
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("trailing bytes", ParkedReason.TRAILING_BYTES),
        ("cut short", ParkedReason.UNDECODABLE),
        ("unknown schema id", ParkedReason.UNKNOWN_SCHEMA_ID),
        ("unknown schema id under another's name", ParkedReason.UNKNOWN_SCHEMA_ID),
        ("id of a foreign subject", ParkedReason.OTHER_SUBJECT),
        ("id of another type", ParkedReason.OTHER_SUBJECT),
        ("type of the other topic", ParkedReason.WRONG_TOPIC),
        ("wrong magic byte", ParkedReason.WRONG_MAGIC_BYTE),
        ("empty value", ParkedReason.EMPTY_VALUE),
        ("no value", ParkedReason.EMPTY_VALUE),
        ("breaks a rule", ParkedReason.INVALID_FIELD),
        ("recorded before it occurred", ParkedReason.INVALID_FIELD),
        ("another child's key", ParkedReason.KEY_MISMATCH),
        ("no key", ParkedReason.KEY_MISMATCH),
    ],
)
def test_a_bad_record_is_parked_with_its_bytes_and_all_else_flows(
    bench: Bench, kind: str, reason: ParkedReason
) -> None:
    """The bad record is kept as it came, under its reason; the good ones before and after it are applied."""
    bad = spoilt(bench, kind)
    bench.send(good(bench, 10), bad, good(bench, 11))
    done = bench.read()
    assert done.tally.applied == 2
    assert dict(done.tally.parked) == {reason.value: 1}
    assert done.behind == 0
    ((key, value, kept, detail),) = rows(bench, "SELECT key, value, reason, detail FROM parked")
    assert (key, value or None, kept) == (bad.key, bad.value or None, reason.value)
    assert not any(personal in detail for personal in PERSONAL)
    again = bench.read(from_start=True)
    assert (again.tally.applied, again.tally.already_held) == (0, 2)
    assert len(parked(bench)) == 1


def test_a_5_mib_value_is_parked_whole(bench: Bench, stack: Any) -> None:
    """A value larger than an event may be is kept with all its bytes, and does not stop the partition."""
    from tests.feedkit import fresh_topics

    fresh_topics(stack.bootstrap, (ORR_TOPIC,), 3, **{"max.message.bytes": "8000000"})
    bad = spoilt(bench, "5 MiB")
    bench.send(bad, good(bench, 10))
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked)) == (1, {"oversize-value": 1})
    ((size,),) = rows(bench, "SELECT length(value) FROM parked")
    assert bad.value is not None
    assert size == len(bad.value)


@pytest.mark.parametrize("what", ["synthetic mark", "A-number", "phone"])
def test_what_is_not_synthetic_is_refused_and_its_bytes_are_kept_nowhere(bench: Bench, what: str) -> None:
    """Topic, offset, digest and reason are kept; the ledger's files hold no byte of the record."""
    short, raw = TRANSFER, make(TRANSFER, 1, 1)
    raw["child"] = {**raw["child"], "given_name": "Realperson"}
    if what == "synthetic mark":
        raw["header"]["synthetic"] = False
    elif what == "A-number":
        raw["child"]["a_number"] = "A204999888"
    else:
        short, raw = "SponsorPlacement", make("SponsorPlacement", 1, 1)
        raw["sponsor"] = {**raw["sponsor"], "given_name": "Realperson", "phone": "512-867-5309"}
    record = bench.event(TRANSFER, make(TRANSFER, 1, 1), headers=False)
    bench.send(altered(record, framed(bench, short, raw)), good(bench, 10))
    done = bench.read()
    assert done.tally.applied == 1
    assert dict(done.tally.refused) == {RefusedReason.NOT_SYNTHETIC.value: 1}
    ((topic, length),) = rows(bench, "SELECT topic, length(digest) FROM refused")
    assert (topic, length) == (ORR_TOPIC, 32)
    for file in bench.path.parent.iterdir():
        data = file.read_bytes()
        assert b"Realperson" not in data
        assert b"A204999888" not in data
        assert b"867-5309" not in data


@pytest.mark.finding("OIG-25-21/agreements")
def test_a_schema_with_a_forbidden_field_is_refused(bench: Bench) -> None:
    """A version of a type that grew a field this feed never carries may not be here at all."""
    kind = catalogue.load().named("NtaIssued")
    grown = json.loads(kind.text)
    grown["fields"].append(
        {"name": "sponsor_immigration_status", "type": ["null", "string"], "default": None, "doc": "no"}
    )
    number = register(bench, kind.name, grown)
    sent = bench.event("NtaIssued", make("NtaIssued", 1, 1, source="ice-test"), headers=False)
    assert sent.value is not None
    bench.send(altered(sent, framing.frame(number, sent.value[5:] + b"\x02\x08none")))
    assert dict(bench.read().tally.refused) == {RefusedReason.FORBIDDEN_FIELD.value: 1}


def test_the_same_id_with_one_byte_changed_is_parked(bench: Bench) -> None:
    """An event never changes: the first is held, the other is kept aside."""
    first = make("NtaIssued", 1, 1, source="ice-test")
    other = {**first, "place_and_time_stated": False}
    bench.send(bench.event("NtaIssued", first), bench.event("NtaIssued", other))
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked)) == (1, {"same-id-other-bytes": 1})


def test_a_number_taken_by_another_event_is_parked(bench: Bench) -> None:
    """Two events cannot be the same number of one child and source."""
    bench.send(*(bench.event("NtaIssued", make("NtaIssued", 1, 1, source="ice-test")) for _ in range(2)))
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked)) == (1, {"sequence-taken": 1})


def test_a_later_version_with_an_added_optional_field_is_applied(bench: Bench) -> None:
    """The registry knows the version: it is read by resolution, and its bytes are kept as they came."""
    kind = catalogue.load().named("NtaServed")
    later = json.loads(kind.text)
    later["fields"].append(
        {
            "name": "service_note_code",
            "type": ["null", "string"],
            "default": None,
            "doc": "A later addition.",
            "sensitivity": "CT",
            "niem": None,
        }
    )
    number = register(bench, kind.name, later)
    raw = make("NtaServed", 1, 1, source="ice-test")
    datum = codec.encode(kind, raw) + b"\x02\x06N-7"
    bench.send(
        Sent(ICE_TOPIC, child_key(1).encode(), framing.frame(number, datum)),
        good(bench, 1),
    )
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked)) == (2, {})
    ((kept,),) = rows(bench, "SELECT datum FROM event WHERE topic = ?", ICE_TOPIC)
    assert kept == datum
    ((served,),) = rows(bench, "SELECT sum(amount) FROM figure_step WHERE figure = 'nta_served'")
    assert served == 1


@pytest.mark.finding("cause/not-told-of-location", "OIG-25-21/data-review")
def test_a_safety_fact_does_not_wait_for_a_data_fault(bench: Bench) -> None:
    """A corrupt NtaServed, then a RunawayFromCustody of the child: the absence shows, the child is uncertain."""
    served = bench.event("NtaServed", make("NtaServed", 1, 1, source="ice-test"))
    assert served.value is not None
    runaway = make("RunawayFromCustody", 1, 2, days=2)
    bench.send(good(bench, 1), altered(served, served.value[:-2]), bench.event("RunawayFromCustody", runaway))
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked)) == (2, {"undecodable": 1})
    ((area, ended),) = rows(bench, "SELECT area, ended FROM listed WHERE list = 'absences'")
    assert (area, ended) == ("HLG", None)
    ((uncertain,),) = rows(bench, "SELECT child_key FROM parked")
    assert uncertain == child_key(1)


def test_ids_need_no_header(bench: Bench) -> None:
    """The body alone is enough: a record without headers is applied."""
    record = make(TRANSFER, 1, 1, header={"event_id": event_id()})
    bench.send(bench.event(TRANSFER, record, headers=False))
    assert bench.read().tally.applied == 1


class NoText(str):
    """A header name that goes out as bytes which are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe" + str.encode(self)


def test_a_header_name_that_is_no_utf_8_stops_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers never add to the body: the record is applied, and so is what lies around it in its batch."""
    from aiokafka import AIOKafkaProducer
    from aiokafka.producer import message_accumulator
    from aiokafka.producer import producer as sending
    from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

    for module in (message_accumulator, sending):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)

    async def send(compression: str | None) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=bench.bootstrap, compression_type=compression, linger_ms=200
        )
        await producer.start()
        first = 1 if compression else 11
        odd = [(NoText("ce_type"), b"x")]
        sent = []
        for child in range(first, first + 3):
            record = good(bench, child)
            headers = odd if child == first + 1 else record.headers
            sent.append(
                await producer.send(record.topic, record.value, key=record.key, partition=0, headers=headers)
            )
        await asyncio.gather(*sent)
        await producer.stop()

    asyncio.run(send(None))
    asyncio.run(send("gzip"))
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked), done.behind) == (6, {}, 0)
