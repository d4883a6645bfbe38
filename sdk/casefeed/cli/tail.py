"""`casefeed tail`: events as they come, decoded, every personal value masked by the tag of its field."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from casefeed.cli.options import parse_child_key
from casefeed.contract import catalogue
from casefeed.contract.catalogue import Schema, union_branches
from casefeed.contract.framing import header_text, kafka_key
from casefeed.contract.outcomes import Parked
from casefeed.contract.privacy import mask, masked_correction
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.read.classify import Classified, DecodedEvent, ReadableSchema, RejectedSchema, classify, schema_id_of
from casefeed.read.schema_cache import resolve_schema
from casefeed.runtime.errors import RegistryUnavailable
from casefeed.runtime.settings import load

if TYPE_CHECKING:
    from casefeed.kafka.consumer import Consumer
    from casefeed.kafka.registry import SchemaRegistry

FETCH_EVENTS = 500
FETCH_WAIT_S = 0.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = "{:<29}  {:>10}  {:<23}  {:<16}  {:<20}  {}"


@dataclass(frozen=True, slots=True)
class StartPosition:
    """Where to begin: `edge` is beginning or end, `offset` of every partition, `timestamp_ms` a publishing time."""

    edge: str = ""
    offset: int | None = None
    timestamp_ms: int | None = None


def _parse_start(_ctx: click.Context, _param: click.Parameter, text: str | None) -> StartPosition | None:
    if text is None:
        return None
    if text in ("beginning", "end"):
        return StartPosition(edge=text)
    if text.isdecimal():
        return StartPosition(offset=int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no offset and no time like 2026-01-31T08:00:00+00:00") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return StartPosition(timestamp_ms=(at - _EPOCH) // timedelta(milliseconds=1))


@click.command
@click.argument("topic", type=click.Choice(catalogue.load_catalogue().topics), metavar="TOPIC")
@click.option("--child", metavar="KEY", callback=parse_child_key, help="Only the events of this child key.")
@click.option(
    "--from",
    "start",
    callback=_parse_start,
    metavar="beginning|end|TIME|OFFSET",
    help="Where to begin; a time (UTC unless it says otherwise) is that of publishing. "
    "When not given: the end, with --no-follow the beginning.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after so many records.")
@click.option("--follow/--no-follow", default=True, show_default=True, help="Wait for more at the end.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def tail(
    topic: str, child: str | None, start: StartPosition | None, limit: int | None, follow: bool, form: str
) -> None:
    """Show the events of TOPIC as they come, decoded, personal values masked.

    TOPIC is orr.case-events, ice.case-events, orr.statements or ice.statements.

    A record that does not decode is a line with its place and the reason, never its bytes.
    """
    begin = start or StartPosition(edge="end" if follow else "beginning")
    asyncio.run(_tail(topic, child, begin, limit, follow, form))


async def _tail(
    topic: str, child: str | None, start: StartPosition, limit: int | None, follow: bool, form: str
) -> None:
    from casefeed.kafka.consumer import Consumer  # not for --help
    from casefeed.kafka.registry import SchemaRegistry

    settings, shown = load(), 0
    format_line = _json_line if form == "json" else _table_line
    if form == "table":
        click.echo(_COLUMNS.format("published", "at", "event", "child", "occurred", "fields"))
    async with (
        SchemaRegistry(settings.registry_url) as registry,
        Consumer(settings.kafka_bootstrap, [topic], group=None) as consumer,
    ):
        classifier = _Classifier(registry)
        async for record in _records(consumer, start, follow):
            if child is None or record.key == child.encode():
                click.echo(format_line(record, await classifier.classify(record)))
                shown += 1
                if shown == limit:
                    return


async def _records(consumer: Consumer, start: StartPosition, follow: bool) -> AsyncIterator[ReceivedRecord]:
    ends = await consumer.end_offsets()
    beginnings = await consumer.beginning_offsets()
    consumer.seek(await _start_offsets(consumer, start, beginnings, ends))
    while follow or any(at < ends[each] for each, at in (await consumer.positions()).items()):
        fetched = await consumer.fetch(max_records=FETCH_EVENTS, timeout_seconds=FETCH_WAIT_S)
        rows = [record for batch in fetched.values() for record in batch]
        for record in sorted(rows, key=lambda row: (row.published_at, row.partition, row.offset)):
            if follow or record.offset < ends[(record.topic, record.partition)]:
                yield record


async def _start_offsets(
    consumer: Consumer, start: StartPosition, beginnings: dict[Partition, int], ends: dict[Partition, int]
) -> dict[Partition, int]:
    if start.timestamp_ms is not None:
        return await consumer.offsets_for_time(start.timestamp_ms)
    if start.offset is not None:
        return {each: min(max(start.offset, beginnings[each]), ends[each]) for each in ends}
    return ends if start.edge == "end" else beginnings


class _Classifier:
    """What each record is, without a store: schema numbers are asked of the registry once."""

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry
        self._schemas: dict[int, ReadableSchema | RejectedSchema] = {}

    async def classify(self, record: ReceivedRecord) -> Classified:
        schema_id = schema_id_of(record)
        if schema_id is None:
            return classify(record, None)
        if schema_id in self._schemas:
            return classify(record, self._schemas[schema_id])
        detail, text = f"schema id {schema_id}", None
        try:
            text = await self._registry.schema_by_id(schema_id)
        except RegistryUnavailable:
            detail = "the registry does not answer"
        if text is not None:
            self._schemas[schema_id] = resolve_schema(text, catalogue.load_catalogue())
            return classify(record, self._schemas[schema_id])
        # The header says which packaged schema it is: enough to go on, asked again next time.
        packaged = catalogue.load_catalogue().by_dataschema(header_text(record.headers, "ce_dataschema") or "")
        if packaged is None:
            return classify(record, RejectedSchema(Parked(ParkedReason.UNKNOWN_SCHEMA_ID, detail)))
        return classify(record, ReadableSchema(packaged, packaged.fingerprint))


def _to_datetime(millis: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=millis)


def _utc_text(millis: int) -> str:
    return _to_datetime(millis).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json_line(record: ReceivedRecord, classified: Classified) -> str:
    line: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "published_at": _to_datetime(record.published_at).isoformat(timespec="milliseconds"),
    }
    if isinstance(classified, DecodedEvent):
        line["event_type"] = classified.event_type.name
        line["event"] = mask(classified.event_type, classified.body)
        if restated := masked_correction(classified.event_type, classified.body):
            line |= {"restated_type": restated[0].name, "restated": restated[1]}
    else:
        line |= {"not_shown": classified.reason.value, "detail": classified.detail}
    return json.dumps(line)


def _table_line(record: ReceivedRecord, classified: Classified) -> str:
    published = _to_datetime(record.published_at).astimezone().isoformat(sep=" ", timespec="milliseconds")
    position = f"{record.partition}:{record.offset}"
    if not isinstance(classified, DecodedEvent):
        detail = f" ({classified.detail})" if classified.detail else ""
        return (
            f"{published:<29}  {position:>10}  not shown, {classified.reason.value}: "
            f"{classified.reason.description}{detail}"
        )
    masked = mask(classified.event_type, classified.body)
    header = masked.pop("header")
    fields = [*_fields(classified.event_type.schema, masked)]
    if restated := masked_correction(classified.event_type, classified.body):
        kind, corrected = restated
        fields = [each for each in fields if not each.startswith("restated")]
        occurred = _utc_text(corrected.pop("header")["occurred_at"])
        fields += [f"restated_as={kind.short_name}", f"occurred={occurred}", *_fields(kind.schema, corrected)]
    return _COLUMNS.format(
        published,
        position,
        classified.event_type.short_name,
        kafka_key(classified.event_type, classified.body),
        _utc_text(header["occurred_at" if classified.event_type.is_case_event else "stated_at"]),
        " ".join(fields),
    )


def _fields(schema: Schema, masked: dict[str, Any]) -> Iterator[str]:
    types = {item["name"]: item["type"] for item in schema["fields"]}
    for name, value in masked.items():
        if isinstance(value, dict):
            yield f"{name}={''.join(sorted(set(_masks(value))))}"
        elif value is not None:
            yield f"{name}={_value_text(types[name], value)}"


def _masks(part: dict[str, Any]) -> Iterator[str]:
    """What is shown in place of a person's part: the masks that stand in it, each once."""
    for value in part.values():
        if isinstance(value, dict):
            yield from _masks(value)
        elif isinstance(value, str) and value.startswith("["):
            yield value


def _value_text(type_: Any, value: Any) -> str:
    kinds = {each.get("logicalType") for each in union_branches(type_) if isinstance(each, dict)}
    if "timestamp-millis" in kinds:
        return _utc_text(value)
    if "date" in kinds:
        return (date(1970, 1, 1) + timedelta(days=value)).isoformat()
    return ",".join(value) if isinstance(value, list) else str(value)
