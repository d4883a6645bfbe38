"""`casefeed tail`: events as they come, decoded, every personal value masked by the tag of its field."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from casefeed.cli.options import child_key
from casefeed.contract import catalogue
from casefeed.contract.catalogue import Schema, branches
from casefeed.contract.framing import header, key_of
from casefeed.contract.outcomes import Parked
from casefeed.contract.privacy import mask, masked_restated
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka.consumer import Consumer, Partition
from casefeed.kafka.records import Received
from casefeed.kafka.registry import Registry
from casefeed.read.classify import Event, Examined, Known, Unusable, examine, schema_id_of
from casefeed.read.schema_cache import meaning_of
from casefeed.runtime.errors import RegistryUnavailable
from casefeed.runtime.settings import Settings, load

FETCH_EVENTS = 500
FETCH_WAIT_S = 0.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = "{:<29}  {:>10}  {:<23}  {:<16}  {:<20}  {}"


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: `word` is beginning or end, `offset` of every partition, `millis` a publishing time."""

    word: str = ""
    offset: int | None = None
    millis: int | None = None


def _start(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Start | None:
    if text is None:
        return None
    if text in ("beginning", "end"):
        return Start(word=text)
    if text.isdecimal():
        return Start(offset=int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no offset and no time like 2026-01-31T08:00:00+00:00"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Start(millis=(at - _EPOCH) // timedelta(milliseconds=1))


@click.command
@click.argument("topic", type=click.Choice(catalogue.load().topics), metavar="TOPIC")
@click.option("--child", metavar="KEY", callback=child_key, help="Only the events of this child key.")
@click.option(
    "--from",
    "start",
    callback=_start,
    metavar="beginning|end|TIME|OFFSET",
    help="Where to begin; a time (UTC unless it says otherwise) is that of publishing. "
    "When not given: the end, with --no-follow the beginning.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after so many records.")
@click.option("--follow/--no-follow", default=True, show_default=True, help="Wait for more at the end.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def tail(
    topic: str, child: str | None, start: Start | None, limit: int | None, follow: bool, form: str
) -> None:
    """Show the events of TOPIC as they come, decoded, personal values masked.

    TOPIC is orr.case-events, ice.case-events, orr.statements or ice.statements.

    A record that does not decode is a line with its place and the reason, never its bytes.
    """
    begin = start or Start(word="end" if follow else "beginning")
    asyncio.run(_tail(load(), topic, child, begin, limit, follow, form))


async def _tail(
    settings: Settings,
    topic: str,
    child: str | None,
    start: Start,
    limit: int | None,
    follow: bool,
    form: str,
) -> None:
    if form == "table":
        click.echo(_COLUMNS.format("published", "at", "event", "child", "occurred", "fields"))
    shown = 0
    async with Registry(settings.registry_url) as registry:
        judge = _Judge(registry)
        async with Consumer(settings.kafka_bootstrap, [topic], group=None) as consumer:
            async for record in _records(consumer, start, follow):
                if child is not None and record.key != child.encode():
                    continue
                examined = await judge.of(record)
                click.echo(_json(record, examined) if form == "json" else _line(record, examined))
                shown += 1
                if shown == limit:
                    return


async def _records(consumer: Consumer, start: Start, follow: bool) -> AsyncIterator[Received]:
    ends = await consumer.ends()
    beginnings = await consumer.beginnings()
    consumer.seek(await _positions(consumer, start, beginnings, ends))
    while follow or any(at < ends[each] for each, at in (await consumer.reached()).items()):
        fetched = await consumer.fetch(at_most=FETCH_EVENTS, wait_seconds=FETCH_WAIT_S)
        rows = [record for batch in fetched.values() for record in batch]
        for record in sorted(rows, key=lambda row: (row.published_at, row.partition, row.offset)):
            if follow or record.offset < ends[(record.topic, record.partition)]:
                yield record


async def _positions(
    consumer: Consumer, start: Start, beginnings: dict[Partition, int], ends: dict[Partition, int]
) -> dict[Partition, int]:
    if start.millis is not None:
        return await consumer.offsets_at(start.millis)
    if start.offset is not None:
        return {each: min(max(start.offset, beginnings[each]), ends[each]) for each in ends}
    return ends if start.word == "end" else beginnings


class _Judge:
    """What each record is, without a store: schema numbers are asked of the registry once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[int, Known | Unusable] = {}

    async def of(self, record: Received) -> Examined:
        number = schema_id_of(record)
        if number is None:
            return examine(record, None)
        if number not in self._known:
            try:
                text = await self._registry.schema_by_id(number)
            except RegistryUnavailable:
                # The header says which packaged schema it is: enough to go on, asked again next time.
                return examine(record, self._named(record, "the registry does not answer"))
            if text is None:
                return examine(record, self._named(record, f"schema id {number}"))
            self._known[number] = meaning_of(text, catalogue.load())
        return examine(record, self._known[number])

    def _named(self, record: Received, otherwise: str) -> Known | Unusable:
        named = catalogue.load().by_dataschema(header(record.headers, "ce_dataschema") or "")
        if named is None:
            return Unusable(Parked(ParkedReason.UNKNOWN_SCHEMA_ID, otherwise))
        return Known(named, named.fingerprint)


def _time(millis: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=millis)


def _utc(millis: int) -> str:
    return _time(millis).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(record: Received, examined: Examined) -> str:
    line: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "published_at": _time(record.published_at).isoformat(timespec="milliseconds"),
    }
    if isinstance(examined, Event):
        line["event_type"] = examined.event_type.name
        line["event"] = mask(examined.event_type, examined.body)
        if restated := masked_restated(examined.event_type, examined.body):
            line |= {"restated_type": restated[0].name, "restated": restated[1]}
    else:
        line |= {"not_shown": examined.reason.value, "detail": examined.detail}
    return json.dumps(line)


def _line(record: Received, examined: Examined) -> str:
    published = _time(record.published_at).astimezone().isoformat(sep=" ", timespec="milliseconds")
    place = f"{record.partition}:{record.offset}"
    if not isinstance(examined, Event):
        detail = f" ({examined.detail})" if examined.detail else ""
        return f"{published:<29}  {place:>10}  not shown, {examined.reason.value}: {examined.reason.sentence}{detail}"
    masked = mask(examined.event_type, examined.body)
    head = masked.pop("header")
    fields = [*_fields(examined.event_type.schema, masked)]
    if restated := masked_restated(examined.event_type, examined.body):
        kind, told = restated
        fields = [each for each in fields if not each.startswith("restated")]
        fields += [f"restated_as={kind.short}", *_restated(kind.schema, told)]
    return _COLUMNS.format(
        published,
        place,
        examined.event_type.short,
        key_of(examined.event_type, examined.body),
        _utc(head["occurred_at" if examined.event_type.of_a_child else "stated_at"]),
        " ".join(fields),
    )


def _restated(schema: Schema, told: dict[str, Any]) -> Iterator[str]:
    """What a correction puts in an earlier event's place: when it came about, and its fields."""
    yield f"occurred={_utc(told['header']['occurred_at'])}"
    yield from _fields(schema, {name: value for name, value in told.items() if name != "header"})


def _fields(schema: Schema, masked: dict[str, Any]) -> Iterator[str]:
    types = {item["name"]: item["type"] for item in schema["fields"]}
    for name, value in masked.items():
        if isinstance(value, dict):
            yield f"{name}={''.join(sorted(set(_leaves(value))))}"
        elif value is not None:
            yield f"{name}={_shown(types[name], value)}"


def _leaves(part: dict[str, Any]) -> Iterator[str]:
    """What is shown in place of a person's part: the masks that stand in it, each once."""
    for value in part.values():
        if isinstance(value, dict):
            yield from _leaves(value)
        elif isinstance(value, str) and value.startswith("["):
            yield value


def _shown(type_: Any, value: Any) -> str:
    kinds = {each.get("logicalType") for each in branches(type_) if isinstance(each, dict)}
    if "timestamp-millis" in kinds:
        return _utc(value)
    if "date" in kinds:
        return (date(1970, 1, 1) + timedelta(days=value)).isoformat()
    return ",".join(value) if isinstance(value, list) else str(value)
