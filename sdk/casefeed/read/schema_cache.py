"""What a registry's schema number stands for, learnt once and kept in the store.

The registry mirrors the packaged schemas and is never the master: a packaged schema is used as packaged, and a
record that names one in its `ce_dataschema` is read even when the registry is away, or was made anew and does not
know the number. The header's word is never kept for the number, and holds only for a datum that is whole under it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from fastavro.schema import SchemaParseException

from casefeed.contract.catalogue import Catalogue, EventType, Schema, canonical, fingerprint, parse, released
from casefeed.contract.compatibility import full_name
from casefeed.contract.errors import Forbidden
from casefeed.contract.framing import FRAME_BYTES, header
from casefeed.contract.guard import guard_schema
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import Received
from casefeed.read.classify import Event, Examined, Known, Unusable, examine, plain_event, schema_id_of
from casefeed.runtime.clock import Ticks, monotonic
from casefeed.runtime.errors import RegistryUnavailable

Ask = Callable[[int], Awaitable[str | None]]
"""Asks the registry for the text of a schema number; None when it knows none; raises RegistryUnavailable."""

ASK_AGAIN_AFTER_SECONDS = 30.0
# Short, so that a schema that was registered just now is seen; long enough that a flood of its records parks fast.
ASK_FOR_UNKNOWN_AGAIN_AFTER_SECONDS = 1.0
_READING_KEYS = frozenset(
    ("type", "name", "fields", "symbols", "items", "values", "size", "logicalType", "default")
)
# What a registry's text raises that is no record schema: another kind of schema, or another answer altogether.
_NO_RECORD = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
# Outcomes that a number given out anew by a registry that lost its memory could cause.
_DOUBTFUL = frozenset(
    (
        ParkedReason.OTHER_SUBJECT,
        ParkedReason.WRONG_TOPIC,
        ParkedReason.UNDECODABLE,
        ParkedReason.TRAILING_BYTES,
        ParkedReason.INVALID_FIELD,
    )
)


def reading_form(node: Any) -> Any:
    """What of a parsed schema decides how bytes are read: without docs, aliases, properties and null defaults.

    Registries compare schemas this way, and may hand back an older text, or one written otherwise.
    """
    if isinstance(node, list):
        return [reading_form(item) for item in node]
    if isinstance(node, dict):
        return {
            key: reading_form(value)
            for key, value in node.items()
            if key in _READING_KEYS and not (key == "default" and value is None)
        }
    return node


def meaning_of(text: str, catalogue: Catalogue) -> Known | Unusable:
    """What records under a schema text are to this reader."""
    try:
        schema: Schema = json.loads(text)
        name = full_name(schema)
        packaged = catalogue.records.get(name)
        # First: a stock client may have left out the tags that allow a field here.
        if packaged is not None and _reads_as(packaged, schema):
            return Known(packaged, packaged.fingerprint)
        guard_schema(name, schema)
    except Forbidden as error:
        return Unusable(Refused(error.reason, error.where))
    except _NO_RECORD:
        return Unusable(Parked(ParkedReason.OTHER_SUBJECT, "the schema id stands for no record"))
    if packaged is None:
        return Unusable(
            Parked(ParkedReason.OTHER_SUBJECT, "the schema id stands for no event type of this feed")
        )
    return Known(packaged, fingerprint(schema), schema)


def _reads_as(packaged: EventType, schema: Schema) -> bool:
    """Whether bytes under `schema` are read as those of the packaged version are."""
    try:
        return canonical(reading_form(parse(schema))) == canonical(reading_form(packaged.parsed))
    except (*_NO_RECORD, SchemaParseException):
        return False  # the guard, or the first of its records, says more


def _unknown(number: int) -> Parked:
    return Parked(ParkedReason.UNKNOWN_SCHEMA_ID, f"schema id {number}")


class SchemaMemory(Protocol):
    """Where what was learnt of schemas is kept: a store."""

    def registered(self, registry: str) -> dict[int, tuple[bytes, str]]:
        """The schema numbers known of a registry: (fingerprint, text) each."""

    def remember_schema(self, registry: str, schema_id: int, schema: Known) -> None:
        """Keep what a registry's number stands for."""


class SchemaBook:
    """Schema numbers of one registry, asked once for each; again only where a record casts doubt on the answer.

    `ticks` tells seconds: a doubtful number is asked again at most every ASK_AGAIN_AFTER_SECONDS; so is one that the
    registry does not know, where a record's header helps out, and else after ASK_FOR_UNKNOWN_AGAIN_AFTER_SECONDS.
    """

    def __init__(
        self, catalogue: Catalogue, store: SchemaMemory, registry: str, ask: Ask, ticks: Ticks = monotonic
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._registry = registry
        self._ask = ask
        self._ticks = ticks
        self._asked: dict[int, float] = {}
        self._nobodys: dict[int, float] = {}
        self._known = {
            number: meaning_of(text, catalogue) for number, (_, text) in store.registered(registry).items()
        }

    def judge_at_once(self, record: Received) -> Event | None:
        """The event that `record` is, where nobody needs to be asked; None where `judge` must."""
        value = record.value
        if not value or value[0] != 0:
            return None
        return plain_event(record, self._known.get(int.from_bytes(value[1:FRAME_BYTES], "big")))

    async def judge(self, record: Received) -> Examined:
        """What `record` is; raises RegistryUnavailable when only the registry could say."""
        number = schema_id_of(record)
        if number is None:
            return examine(record, None)
        examined = await self._examined(number, record)
        doubtful = isinstance(examined, Refused) or (
            isinstance(examined, Parked) and examined.reason in _DOUBTFUL
        )
        asked = self._asked.get(number, float("-inf"))
        if doubtful and number in self._known and self._ticks() - asked > ASK_AGAIN_AFTER_SECONDS:
            del self._known[number]
            return await self._examined(number, record)
        return examined

    async def _examined(self, number: int, record: Received) -> Examined:
        examined = examine(record, await self._meaning(number, record))
        if isinstance(examined, Parked) and number in self._nobodys:
            # The header alone said what it is, and it is not: the number is what nobody knows.
            return _unknown(number)
        return examined

    def _named(self, record: Received) -> Known | None:
        """The schema that a record's `ce_dataschema` names: a packaged one, or one of an earlier release."""
        dataschema = header(record.headers, "ce_dataschema") or ""
        packaged = self._catalogue.by_dataschema(dataschema)
        if packaged is not None:
            return Known(packaged, packaged.fingerprint)
        earlier = released(dataschema)
        meaning = None if earlier is None else meaning_of(canonical(earlier), self._catalogue)
        return meaning if isinstance(meaning, Known) else None

    async def _meaning(self, number: int, record: Received) -> Known | Unusable:
        if number in self._known:
            return self._known[number]
        by_header = self._named(record)
        again = ASK_FOR_UNKNOWN_AGAIN_AFTER_SECONDS if by_header is None else ASK_AGAIN_AFTER_SECONDS
        if self._ticks() - self._nobodys.get(number, float("-inf")) <= again:
            return by_header or Unusable(_unknown(number))
        try:
            text = await self._ask(number)
        except RegistryUnavailable:
            if by_header is None:
                raise
            return by_header
        if text is None:
            self._nobodys[number] = self._ticks()
            return by_header or Unusable(_unknown(number))
        self._nobodys.pop(number, None)
        self._asked[number] = self._ticks()
        meaning = meaning_of(text, self._catalogue)
        self._known[number] = meaning
        if isinstance(meaning, Known):
            self._store.remember_schema(self._registry, number, meaning)
        return meaning
