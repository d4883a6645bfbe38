"""What a schema number stands for: learnt once, kept, and doubted when the registry may have been made anew."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casefeed.contract.catalogue import EventType, fingerprint, load_catalogue
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import DecodedEvent, ReadableSchema, RejectedSchema
from casefeed.read.schema_cache import (
    REFETCH_AFTER_SECONDS,
    REFETCH_UNKNOWN_AFTER_SECONDS,
    SchemaCache,
    resolve_schema,
)
from casefeed.read.store import SqliteStore
from casefeed.runtime.errors import RegistryUnavailable
from tests.events import raw, received

REGISTRY = "http://127.0.0.1:1/apis/ccompat/v7"
ISSUED, SERVED = load_catalogue().by_name("NtaIssued"), load_catalogue().by_name("NtaServed")
LATER = {"name": "note_code", "type": ["null", "string"], "default": None, "doc": "Later.", "sensitivity": "CT"}


def text_of(event_type: EventType, **changes: Any) -> str:
    """The type's schema as a registry may hand it out."""
    return json.dumps({**event_type.schema, **changes})


def without_docs(node: Any) -> Any:
    """A schema without docs and properties of ours."""
    if isinstance(node, list):
        return [without_docs(each) for each in node]
    if isinstance(node, dict):
        ours = ("doc", "sensitivity", "niem", "pattern", "minimum", "maximum", "purpose", "topics", "code_list")
        return {key: without_docs(value) for key, value in node.items() if key not in ours}
    return node


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
def test_a_packaged_schema_is_used_as_packaged(event_type: EventType) -> None:
    """The exact text, and one that differs only in docs and properties, stand for the packaged version."""
    expected = ReadableSchema(event_type, event_type.fingerprint)
    assert resolve_schema(event_type.canonical_json, load_catalogue()) == expected
    assert resolve_schema(json.dumps(without_docs(event_type.schema), indent=1), load_catalogue()) == expected


def test_a_later_version_is_known_by_its_own_text() -> None:
    """A version with a field more is read by resolution, under its own fingerprint."""
    later = {**ISSUED.schema, "fields": [*ISSUED.schema["fields"], LATER]}
    assert resolve_schema(json.dumps(later), load_catalogue()) == ReadableSchema(ISSUED, fingerprint(later), later)


@pytest.mark.parametrize("form", ["dotted name", "namespace"])
def test_a_name_may_be_written_either_way(form: str) -> None:
    """A full name in one piece and a name with its namespace are the same name."""
    schema = dict(ISSUED.schema)
    if form == "dotted name":
        schema["name"] = ISSUED.name
        del schema["namespace"]
    assert resolve_schema(json.dumps(schema), load_catalogue()) == ReadableSchema(ISSUED, ISSUED.fingerprint)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "record", "name": "Thing", "namespace": "other", "fields": []}',
        '"string"',
        "[]",
        "7",
        "null",
        "not JSON",
        "",
        'syntax = "proto3"; message Thing {}',
        '{"type": "object", "properties": {}}',
        '{"type": "record", "name": 5, "fields": []}',
        '{"type": "record", "name": "casefeed.NtaIssued"}',
        '{"type": "record", "name": "casefeed.NtaIssued", "fields": [{"name": "x", "type": 5}]}',
        '{"type": "record", "name": "casefeed.NtaIssued", "fields": ["x"]}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_schema_of_this_feed_parks_its_records(text: str) -> None:
    """Another subject, another kind of schema, another answer altogether: an outcome, never an error."""
    found = resolve_schema(text, load_catalogue())
    assert isinstance(found, RejectedSchema)
    assert found.outcome == Parked(ParkedReason.OTHER_SUBJECT, found.outcome.detail)


def test_a_version_that_does_not_parse_is_known_and_parks_its_records() -> None:
    """A packaged name over a schema that is none: its records are of a version that cannot be read."""
    text = text_of(ISSUED, fields=[*ISSUED.schema["fields"], {"name": "x", "type": "no such type"}])
    assert isinstance(resolve_schema(text, load_catalogue()), ReadableSchema)


def test_a_schema_with_a_forbidden_field_refuses_its_records() -> None:
    """A sponsor's immigration status may not be here, whatever the rest is."""
    grown = [*ISSUED.schema["fields"], {**LATER, "name": "sponsor_immigration_status"}]
    found = resolve_schema(text_of(ISSUED, fields=grown), load_catalogue())
    assert isinstance(found, RejectedSchema)
    assert isinstance(found.outcome, Refused)
    assert found.outcome.reason is RefusedReason.FORBIDDEN_FIELD


class Registry:
    """Answers from a dict, counts how often it was asked; None: it is away."""

    def __init__(self, texts: dict[int, str] | None) -> None:
        self.texts = texts
        self.asked: list[int] = []

    async def ask(self, number: int) -> str | None:
        """The text of a schema number."""
        self.asked.append(number)
        if self.texts is None:
            raise RegistryUnavailable("away")
        return self.texts.get(number)


def book(store: SqliteStore, registry: Registry) -> SchemaCache:
    """A reader's book in a life of its own."""
    return SchemaCache(load_catalogue(), store, REGISTRY, registry.ask)


def issued(**over: Any) -> ReceivedRecord:
    """The record of an NTA that was issued, framed with schema id 1."""
    return received("NtaIssued", raw("NtaIssued", 1, 1, source="ice-test"), **over)


async def test_the_registry_is_asked_once_and_never_again_after_a_restart(store: SqliteStore) -> None:
    """A number that was learnt is kept in the store; the next life needs no registry."""
    registry = Registry({1: ISSUED.canonical_json})
    first = book(store, registry)
    for _ in range(2):
        assert isinstance(await first.classify(issued()), DecodedEvent)
    assert registry.asked == [1]
    away = Registry(None)
    assert isinstance(await book(store, away).classify(issued(headers=())), DecodedEvent)
    assert away.asked == []


async def test_a_cold_start_without_a_registry_reads_by_the_header(store: SqliteStore) -> None:
    """`ce_dataschema` names a packaged schema; what names none waits for the registry."""
    reader = book(store, Registry(None))
    assert isinstance(await reader.classify(issued()), DecodedEvent)
    for headers in ((), (("ce_dataschema", b"urn:casefeed:schema:casefeed.NtaIssued:sha256:00"),)):
        with pytest.raises(RegistryUnavailable):
            await reader.classify(issued(headers=headers))
    assert store.registered_schemas(REGISTRY) == {}


async def test_a_number_nobody_knows_parks_the_record(store: SqliteStore) -> None:
    """The registry is there and knows no such number: a flood of its records asks once a second; then it is read."""
    registry, now = Registry({}), [0.0]
    reader = SchemaCache(load_catalogue(), store, REGISTRY, registry.ask, lambda: now[0])
    for _ in range(3):
        assert await reader.classify(issued(headers=())) == Parked(ParkedReason.UNKNOWN_SCHEMA_ID, "schema id 1")
    assert registry.asked == [1]
    registry.texts = {1: ISSUED.canonical_json}
    now[0] += REFETCH_UNKNOWN_AFTER_SECONDS + 0.1
    assert isinstance(await reader.classify(issued(headers=())), DecodedEvent)


async def test_a_number_nobody_knows_is_read_by_the_header(store: SqliteStore) -> None:
    """A registry made anew, records of before: `ce_dataschema` says what they are, and is not kept for the number."""
    now = [0.0]
    registry = Registry({})
    reader = SchemaCache(load_catalogue(), store, REGISTRY, registry.ask, lambda: now[0])
    for _ in range(3):
        assert isinstance(await reader.classify(issued()), DecodedEvent)
    assert registry.asked == [1]
    assert store.registered_schemas(REGISTRY) == {}
    now[0] += REFETCH_AFTER_SECONDS + 1
    registry.texts = {1: SERVED.canonical_json}
    assert isinstance(await reader.classify(issued()), Parked)
    assert store.registered_schemas(REGISTRY)[1][0] == SERVED.fingerprint


async def test_a_header_that_names_another_schema_is_not_believed(store: SqliteStore) -> None:
    """What is not whole under the schema that the header names is parked as of a number nobody knows."""
    reader = book(store, Registry({}))
    headers = (("ce_dataschema", SERVED.dataschema.encode()),)
    expected = Parked(ParkedReason.UNKNOWN_SCHEMA_ID, "schema id 1")
    assert await reader.classify(issued(headers=headers)) == expected
    assert await reader.classify(issued(value=(issued().value or b"") + b"\x00")) == expected
    assert store.registered_schemas(REGISTRY) == {}


async def test_without_a_registry_the_header_may_name_a_schema_of_an_earlier_release(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every released version lies in the package: what it reads as, the record is."""
    later = {**ISSUED.schema, "fields": [*ISSUED.schema["fields"], LATER]}
    named = f"urn:casefeed:schema:casefeed.NtaIssued:sha256:{fingerprint(later).hex()}"
    monkeypatch.setattr(
        "casefeed.read.schema_cache.released_schema", lambda dataschema: later if dataschema == named else None
    )
    record = issued(headers=(("ce_dataschema", named.encode()),))
    record = record._replace(value=(record.value or b"") + b"\x00")
    examined = await book(store, Registry(None)).classify(record)
    assert isinstance(examined, DecodedEvent)
    assert examined.fingerprint == fingerprint(later)


async def test_what_is_not_framed_asks_no_registry(store: SqliteStore) -> None:
    """A value without a schema number is judged with the registry away."""
    registry = Registry(None)
    for value in (None, b"", b"\x01\x00\x00\x00\x01x"):
        assert isinstance(await book(store, registry).classify(issued(value=value)), Parked)
    assert registry.asked == []


@pytest.mark.parametrize("headers", [None, ()], ids=["headers", "no headers"])
async def test_a_registry_that_lost_its_memory_is_found_out(store: SqliteStore, headers: Any) -> None:
    """Its numbers stand for other schemas now: what does not fit the kept one is asked for anew, and applied."""
    await book(store, Registry({1: SERVED.canonical_json})).classify(
        received("NtaServed", raw("NtaServed", 1, 1, source="ice-t"))
    )
    assert store.registered_schemas(REGISTRY)[1][0] == SERVED.fingerprint
    anew = Registry({1: ISSUED.canonical_json})
    record = issued() if headers is None else issued(headers=headers)
    assert isinstance(await book(store, anew).classify(record), DecodedEvent)
    assert store.registered_schemas(REGISTRY)[1][0] == ISSUED.fingerprint
    assert anew.asked == [1]


async def test_a_record_that_is_bad_under_every_schema_asks_once(store: SqliteStore) -> None:
    """The doubt is settled by one question; the next bad record is parked at once."""
    await book(store, Registry({1: ISSUED.canonical_json})).classify(issued())
    registry = Registry({1: ISSUED.canonical_json})
    reader = book(store, registry)
    for _ in range(3):
        found = await reader.classify(issued(value=(issued().value or b"") + b"\x00"))
        assert isinstance(found, Parked)
        assert found.reason is ParkedReason.TRAILING_BYTES
    assert registry.asked == [1]


async def test_a_registry_that_loses_its_memory_under_a_running_reader_is_found_out(store: SqliteStore) -> None:
    """A number is asked for again while records cast doubt on it, but not for each of them."""
    now = [0.0]
    registry = Registry({1: SERVED.canonical_json})
    reader = SchemaCache(load_catalogue(), store, REGISTRY, registry.ask, lambda: now[0])
    await reader.classify(received("NtaServed", raw("NtaServed", 1, 1, source="ice-t")))
    registry.texts = {1: ISSUED.canonical_json}
    assert isinstance(await reader.classify(issued()), Parked)
    assert registry.asked == [1]
    now[0] += REFETCH_AFTER_SECONDS + 1
    assert isinstance(await reader.classify(issued()), DecodedEvent)
    assert registry.asked == [1, 1]


async def test_another_registry_has_numbers_of_its_own(store: SqliteStore) -> None:
    """What one registry calls 1 says nothing of another's 1."""
    await book(store, Registry({1: SERVED.canonical_json})).classify(issued())
    other = Registry({1: ISSUED.canonical_json})
    reader = SchemaCache(load_catalogue(), store, "http://127.0.0.1:2", other.ask)
    assert isinstance(await reader.classify(issued(headers=())), DecodedEvent)
    assert other.asked == [1]
