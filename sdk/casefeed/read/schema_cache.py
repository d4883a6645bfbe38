"""What a registry's schema number stands for, learnt once and kept in the store.

The registry mirrors the packaged schemas and is never the master: a packaged schema is used as packaged, and a
record that names one in its `ce_dataschema` is read even when the registry is away, or was made anew and does not
know the number. The header's word is never kept for the number, and holds only for a datum that is whole under it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastavro.schema import SchemaParseException

from casefeed.contract.catalogue import (
    Catalogue,
    EventType,
    Schema,
    canonical_json,
    fingerprint,
    prepare_schema,
    released_schema,
)
from casefeed.contract.compatibility import full_name
from casefeed.contract.errors import RefusedError
from casefeed.contract.framing import FRAME_HEADER_BYTES, header_text
from casefeed.contract.guard import guard_schema
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import (
    Classified,
    DecodedEvent,
    ReadableSchema,
    RejectedSchema,
    classify,
    classify_fast,
    schema_id_of,
)
from casefeed.runtime.clock import MonotonicClock, monotonic
from casefeed.runtime.errors import RegistryUnavailable

if TYPE_CHECKING:
    from casefeed.read.store import SqliteStore

SchemaFetcher = Callable[[int], Awaitable[str | None]]
"""Asks the registry for the text of a schema number; None when it knows none; raises RegistryUnavailable."""

REFETCH_AFTER_SECONDS = 30.0
# Short, so that a schema that was registered just now is seen; long enough that a flood of its records parks fast.
REFETCH_UNKNOWN_AFTER_SECONDS = 1.0
_PARSING_KEYS = frozenset(("type", "name", "fields", "symbols", "items", "values", "size", "logicalType", "default"))
# What a registry's text raises that is no record schema: another kind of schema, or another answer altogether.
_NOT_A_RECORD_SCHEMA = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
# Outcomes that a number given out anew by a registry that lost its memory could cause.
_SUSPECT_REASONS = (
    ParkedReason.OTHER_SUBJECT,
    ParkedReason.WRONG_TOPIC,
    ParkedReason.UNDECODABLE,
    ParkedReason.TRAILING_BYTES,
    ParkedReason.INVALID_FIELD,
)


def parsing_form(node: Any) -> Any:
    """What of a parsed schema decides how bytes are read: without docs, aliases, properties and null defaults.

    Registries compare schemas this way, and may hand back an older text, or one written otherwise.
    """
    if isinstance(node, list):
        return [parsing_form(item) for item in node]
    if isinstance(node, dict):
        return {
            key: parsing_form(value)
            for key, value in node.items()
            if key in _PARSING_KEYS and not (key == "default" and value is None)
        }
    return node


def resolve_schema(text: str, catalogue: Catalogue) -> ReadableSchema | RejectedSchema:
    """What records under a schema text are to this reader."""
    try:
        schema: Schema = json.loads(text)
        name = full_name(schema)
        packaged = catalogue.record_types.get(name)
        # First: a stock client may have left out the tags that allow a field here.
        if packaged is not None and _decodes_alike(packaged, schema):
            return ReadableSchema(packaged, packaged.fingerprint)
        guard_schema(name, schema)
    except RefusedError as error:
        return RejectedSchema(Refused(error.reason, error.where))
    except _NOT_A_RECORD_SCHEMA:
        return RejectedSchema(Parked(ParkedReason.OTHER_SUBJECT, "the schema id stands for no record"))
    if packaged is None:
        return RejectedSchema(
            Parked(ParkedReason.OTHER_SUBJECT, "the schema id stands for no event type of this feed")
        )
    return ReadableSchema(packaged, fingerprint(schema), schema)


def _decodes_alike(packaged: EventType, schema: Schema) -> bool:
    """Whether bytes under `schema` are read as those of the packaged version are."""
    try:
        form = canonical_json(parsing_form(prepare_schema(schema)))
        return form == canonical_json(parsing_form(packaged.parsed_schema))
    except (*_NOT_A_RECORD_SCHEMA, SchemaParseException):
        return False  # the guard, or the first of its records, says more


def _unknown_schema_id(schema_id: int) -> Parked:
    return Parked(ParkedReason.UNKNOWN_SCHEMA_ID, f"schema id {schema_id}")


class SchemaCache:
    """Schema numbers of one registry, asked once for each; again only where a record casts doubt on the answer.

    `clock` tells seconds: a doubtful number is asked again at most every REFETCH_AFTER_SECONDS; so is one that the
    registry does not know, where a record's header helps out, and else after REFETCH_UNKNOWN_AFTER_SECONDS.
    `keep` takes what was learnt of a registry's number (default: into the store).
    """

    def __init__(
        self,
        catalogue: Catalogue,
        store: SqliteStore,
        registry: str,
        fetch_schema: SchemaFetcher,
        clock: MonotonicClock = monotonic,
        keep: Callable[[str, int, ReadableSchema], None] | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._keep = keep or store.store_schema
        self._registry = registry
        self._fetch_schema = fetch_schema
        self._clock = clock
        self._fetched_at: dict[int, float] = {}
        self._unknown_at: dict[int, float] = {}
        self._schemas = {
            schema_id: resolve_schema(text, catalogue)
            for schema_id, (_, text) in store.registered_schemas(registry).items()
        }

    def classify_cached(self, record: ReceivedRecord) -> DecodedEvent | None:
        """The event that `record` is, where nobody needs to be asked; None where `classify` must."""
        value = record.value
        if not value or value[0] != 0:
            return None
        return classify_fast(record, self._schemas.get(int.from_bytes(value[1:FRAME_HEADER_BYTES], "big")))

    async def classify(self, record: ReceivedRecord) -> Classified:
        """What `record` is; raises RegistryUnavailable when only the registry could say."""
        schema_id = schema_id_of(record)
        if schema_id is None:
            return classify(record, None)
        result = await self._classify_with_id(schema_id, record)
        suspect = isinstance(result, Refused) or (isinstance(result, Parked) and result.reason in _SUSPECT_REASONS)
        fetched_at = self._fetched_at.get(schema_id, float("-inf"))
        if suspect and schema_id in self._schemas and self._clock() - fetched_at > REFETCH_AFTER_SECONDS:
            del self._schemas[schema_id]
            return await self._classify_with_id(schema_id, record)
        return result

    async def _classify_with_id(self, schema_id: int, record: ReceivedRecord) -> Classified:
        result = classify(record, await self._resolve_schema(schema_id, record))
        if isinstance(result, Parked) and schema_id in self._unknown_at:
            # The header alone said what it is, and it is not: the number is what nobody knows.
            return _unknown_schema_id(schema_id)
        return result

    def _schema_from_header(self, record: ReceivedRecord) -> ReadableSchema | None:
        """The schema that a record's `ce_dataschema` names: a packaged one, or one of an earlier release."""
        dataschema = header_text(record.headers, "ce_dataschema") or ""
        packaged = self._catalogue.by_dataschema(dataschema)
        if packaged is not None:
            return ReadableSchema(packaged, packaged.fingerprint)
        earlier = released_schema(dataschema)
        schema = None if earlier is None else resolve_schema(canonical_json(earlier), self._catalogue)
        return schema if isinstance(schema, ReadableSchema) else None

    async def _resolve_schema(self, schema_id: int, record: ReceivedRecord) -> ReadableSchema | RejectedSchema:
        if schema_id in self._schemas:
            return self._schemas[schema_id]
        by_header = self._schema_from_header(record)
        refetch_after_seconds = REFETCH_UNKNOWN_AFTER_SECONDS if by_header is None else REFETCH_AFTER_SECONDS
        if self._clock() - self._unknown_at.get(schema_id, float("-inf")) <= refetch_after_seconds:
            return by_header or RejectedSchema(_unknown_schema_id(schema_id))
        try:
            text = await self._fetch_schema(schema_id)
        except RegistryUnavailable:
            if by_header is None:
                raise
            return by_header
        if text is None:
            self._unknown_at[schema_id] = self._clock()
            return by_header or RejectedSchema(_unknown_schema_id(schema_id))
        self._unknown_at.pop(schema_id, None)
        self._fetched_at[schema_id] = self._clock()
        schema = resolve_schema(text, self._catalogue)
        self._schemas[schema_id] = schema
        if isinstance(schema, ReadableSchema):
            self._keep(self._registry, schema_id, schema)
        return schema
