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
from casefeed.kafka.registry import SchemaRegistry
from tests.feedkit import PERSONAL, START_MS, FeedEnv, KafkaRecord, child_key, event_id, make_event

TRANSFER = "ChildTransferred"


def rows(feed_env: FeedEnv, sql: str, *values: Any) -> list[Any]:
    """What a question to the ledger answers."""
    with sqlite3.connect(feed_env.path) as db:
        return db.execute(sql, values).fetchall()


def parked(feed_env: FeedEnv) -> list[tuple[str, str]]:
    """(reason, detail) of every parked record."""
    return [tuple(row) for row in rows(feed_env, "SELECT reason, detail FROM parked ORDER BY id")]


def good(feed_env: FeedEnv, child: int) -> KafkaRecord:
    """A record that must be applied whatever lies beside it."""
    return feed_env.kafka_record(TRANSFER, make_event(TRANSFER, child, 1))


def altered(sent: KafkaRecord, value: bytes | None, **changes: Any) -> KafkaRecord:
    """The record with another value, and what else is named."""
    return KafkaRecord(sent.topic, changes.get("key", sent.key), value, changes.get("headers", sent.headers))


def framed(feed_env: FeedEnv, short: str, raw: dict[str, Any]) -> bytes:
    """A value whose datum was written without any check, as a careless sender would."""
    import io

    from fastavro import schemaless_writer

    kind = catalogue.load_catalogue().by_name(short)
    out = io.BytesIO()
    schemaless_writer(out, kind.raw_schema, raw)
    return framing.frame(feed_env.schema_ids[kind.name], out.getvalue())


def register(feed_env: FeedEnv, subject: str, schema: dict[str, Any]) -> int:
    """The registry's id of a schema registered under a subject."""

    async def run() -> int:
        async with SchemaRegistry(feed_env.registry_url) as registry:
            return await registry.register(subject, json.dumps(schema))

    return asyncio.run(run())


def spoilt(feed_env: FeedEnv, kind: str) -> KafkaRecord:
    """One bad record of the named kind, of child 1."""
    sent = good(feed_env, 1)
    assert sent.value is not None
    raw = make_event(TRANSFER, 1, 1)
    match kind:
        case "trailing bytes":
            return altered(sent, sent.value + b"\x00")
        case "cut short":
            return altered(sent, sent.value[:-3])
        case "unknown schema id":
            return altered(sent, framing.frame(999_999, sent.value[5:]), headers=[])
        case "unknown schema id under another's name":
            named = ("ce_dataschema", catalogue.load_catalogue().by_name("SponsorPlacement").dataschema)
            return altered(sent, framing.frame(999_999, sent.value[5:]), headers=[named])
        case "id of a foreign subject":
            foreign = {"type": "record", "name": "Thing", "namespace": "other", "fields": []}
            return altered(sent, framing.frame(register(feed_env, "other.Thing", foreign), sent.value[5:]))
        case "id of another type":
            return altered(sent, framing.frame(feed_env.schema_ids["casefeed.SponsorPlacement"], sent.value[5:]))
        case "type of the other topic":
            return feed_env.kafka_record(
                "NtaIssued", make_event("NtaIssued", 1, 1, source="ice-test"), topic=ORR_TOPIC
            )
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
            return altered(sent, framed(feed_env, TRANSFER, raw))
        case "recorded before it occurred":
            raw["header"]["recorded_at"] = START_MS - 1
            return altered(sent, framed(feed_env, TRANSFER, raw))
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
    feed_env: FeedEnv, kind: str, reason: ParkedReason
) -> None:
    """The bad record is kept as it came, under its reason; the good ones before and after it are applied."""
    bad = spoilt(feed_env, kind)
    feed_env.send(good(feed_env, 10), bad, good(feed_env, 11))
    done = feed_env.run_intake()
    assert done.counts.applied == 2
    assert dict(done.counts.parked) == {reason.value: 1}
    assert done.lag == 0
    ((key, value, kept, detail),) = rows(feed_env, "SELECT key, value, reason, detail FROM parked")
    assert (key, value or None, kept) == (bad.key, bad.value or None, reason.value)
    assert not any(personal in detail for personal in PERSONAL)
    again = feed_env.run_intake(from_start=True)
    assert (again.counts.applied, again.counts.duplicates) == (0, 2)
    assert len(parked(feed_env)) == 1


def test_a_5_mib_value_is_parked_whole(feed_env: FeedEnv, stack: Any) -> None:
    """A value larger than an event may be is kept with all its bytes, and does not stop the partition."""
    from tests.feedkit import fresh_topics

    fresh_topics(stack.bootstrap, (ORR_TOPIC,), 3, **{"max.message.bytes": "8000000"})
    bad = spoilt(feed_env, "5 MiB")
    feed_env.send(bad, good(feed_env, 10))
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked)) == (1, {"oversize-value": 1})
    ((size,),) = rows(feed_env, "SELECT length(value) FROM parked")
    assert bad.value is not None
    assert size == len(bad.value)


@pytest.mark.parametrize("what", ["synthetic mark", "A-number", "phone"])
def test_what_is_not_synthetic_is_refused_and_its_bytes_are_kept_nowhere(feed_env: FeedEnv, what: str) -> None:
    """Topic, offset, digest and reason are kept; the ledger's files hold no byte of the record."""
    short, raw = TRANSFER, make_event(TRANSFER, 1, 1)
    raw["child"] = {**raw["child"], "given_name": "Realperson"}
    if what == "synthetic mark":
        raw["header"]["synthetic"] = False
    elif what == "A-number":
        raw["child"]["a_number"] = "A204999888"
    else:
        short, raw = "SponsorPlacement", make_event("SponsorPlacement", 1, 1)
        raw["sponsor"] = {**raw["sponsor"], "given_name": "Realperson", "phone": "512-867-5309"}
    record = feed_env.kafka_record(TRANSFER, make_event(TRANSFER, 1, 1), headers=False)
    feed_env.send(altered(record, framed(feed_env, short, raw)), good(feed_env, 10))
    done = feed_env.run_intake()
    assert done.counts.applied == 1
    assert dict(done.counts.refused) == {RefusedReason.NOT_SYNTHETIC.value: 1}
    ((topic, length),) = rows(feed_env, "SELECT topic, length(digest) FROM refused")
    assert (topic, length) == (ORR_TOPIC, 32)
    for file in feed_env.path.parent.iterdir():
        data = file.read_bytes()
        assert b"Realperson" not in data
        assert b"A204999888" not in data
        assert b"867-5309" not in data


@pytest.mark.finding("OIG-25-21/agreements")
def test_a_schema_with_a_forbidden_field_is_refused(feed_env: FeedEnv) -> None:
    """A version of a type that grew a field this feed never carries may not be here at all."""
    kind = catalogue.load_catalogue().by_name("NtaIssued")
    grown = json.loads(kind.canonical_json)
    grown["fields"].append(
        {"name": "sponsor_immigration_status", "type": ["null", "string"], "default": None, "doc": "no"}
    )
    number = register(feed_env, kind.name, grown)
    sent = feed_env.kafka_record("NtaIssued", make_event("NtaIssued", 1, 1, source="ice-test"), headers=False)
    assert sent.value is not None
    feed_env.send(altered(sent, framing.frame(number, sent.value[5:] + b"\x02\x08none")))
    assert dict(feed_env.run_intake().counts.refused) == {RefusedReason.FORBIDDEN_FIELD.value: 1}


def test_the_same_id_with_one_byte_changed_is_parked(feed_env: FeedEnv) -> None:
    """An event never changes: the first is held, the other is kept aside."""
    first = make_event("NtaIssued", 1, 1, source="ice-test")
    other = {**first, "place_and_time_stated": False}
    feed_env.send(feed_env.kafka_record("NtaIssued", first), feed_env.kafka_record("NtaIssued", other))
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked)) == (1, {"same-id-other-bytes": 1})


def test_a_number_taken_by_another_event_is_parked(feed_env: FeedEnv) -> None:
    """Two events cannot be the same number of one child and source."""
    feed_env.send(
        *(feed_env.kafka_record("NtaIssued", make_event("NtaIssued", 1, 1, source="ice-test")) for _ in range(2))
    )
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked)) == (1, {"sequence-taken": 1})


def test_a_later_version_with_an_added_optional_field_is_applied(feed_env: FeedEnv) -> None:
    """The registry knows the version: it is read by resolution, and its bytes are kept as they came."""
    kind = catalogue.load_catalogue().by_name("NtaServed")
    later = json.loads(kind.canonical_json)
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
    number = register(feed_env, kind.name, later)
    raw = make_event("NtaServed", 1, 1, source="ice-test")
    datum = codec.encode(kind, raw) + b"\x02\x06N-7"
    feed_env.send(KafkaRecord(ICE_TOPIC, child_key(1).encode(), framing.frame(number, datum)), good(feed_env, 1))
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked)) == (2, {})
    ((kept,),) = rows(feed_env, "SELECT datum FROM event WHERE topic = ?", ICE_TOPIC)
    assert kept == datum
    ((served,),) = rows(feed_env, "SELECT sum(amount) FROM figure_step WHERE figure = 'nta_served'")
    assert served == 1


@pytest.mark.finding("cause/not-told-of-location", "OIG-25-21/data-review")
def test_a_safety_fact_does_not_wait_for_a_data_fault(feed_env: FeedEnv) -> None:
    """A corrupt NtaServed, then a RunawayFromCustody of the child: the absence shows, the child is uncertain."""
    served = feed_env.kafka_record("NtaServed", make_event("NtaServed", 1, 1, source="ice-test"))
    assert served.value is not None
    runaway = make_event("RunawayFromCustody", 1, 2, days=2)
    feed_env.send(
        good(feed_env, 1), altered(served, served.value[:-2]), feed_env.kafka_record("RunawayFromCustody", runaway)
    )
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked)) == (2, {"undecodable": 1})
    ((area, ended),) = rows(feed_env, "SELECT area, ended FROM listed WHERE list = 'absences'")
    assert (area, ended) == ("HLG", None)
    ((uncertain,),) = rows(feed_env, "SELECT child_key FROM parked")
    assert uncertain == child_key(1)


def test_ids_need_no_header(feed_env: FeedEnv) -> None:
    """The body alone is enough: a record without headers is applied."""
    record = make_event(TRANSFER, 1, 1, header={"event_id": event_id()})
    feed_env.send(feed_env.kafka_record(TRANSFER, record, headers=False))
    assert feed_env.run_intake().counts.applied == 1


class NoText(str):
    """A header name that goes out as bytes which are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe" + str.encode(self)


def test_a_header_name_that_is_no_utf_8_stops_nothing(feed_env: FeedEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers never add to the body: the record is applied, and so is what lies around it in its batch."""
    from aiokafka import AIOKafkaProducer
    from aiokafka.producer import message_accumulator
    from aiokafka.producer import producer as sending
    from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

    for module in (message_accumulator, sending):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)

    async def send(compression: str | None) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=feed_env.bootstrap, compression_type=compression, linger_ms=200)
        await producer.start()
        first = 1 if compression else 11
        odd = [(NoText("ce_type"), b"x")]
        sent = []
        for child in range(first, first + 3):
            record = good(feed_env, child)
            headers = odd if child == first + 1 else record.headers
            sent.append(await producer.send(record.topic, record.value, key=record.key, partition=0, headers=headers))
        await asyncio.gather(*sent)
        await producer.stop()

    asyncio.run(send(None))
    asyncio.run(send("gzip"))
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked), done.lag) == (6, {}, 0)
