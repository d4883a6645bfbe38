"""What the scenario does on Kafka without casefeed: `broker drop-topics` and `broker put-damaged TOPIC`.

The addresses come from the running stack's file, the records from the seeds, their schemas from the registry.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

# What the client library logs of itself is no output of a command.
QUIET = {"log_level": 0}
UNKNOWN_SCHEMA = 999_999
LARGEST_VALUE = 1_048_576
Record = tuple[str | None, bytes | None]
"""Key and value."""


class Registry:
    """The schema registry of the running stack."""

    def __init__(self, url: str) -> None:
        self._url = url

    def latest(self, subject: str) -> tuple[int, Any]:
        """The id and the schema of the latest version of a subject."""
        with urllib.request.urlopen(f"{self._url}/subjects/{subject}/versions/latest", timeout=30) as answer:
            found = json.load(answer)
        return int(found["id"]), json.loads(found["schema"])

    def register(self, subject: str, schema: Any) -> int:
        """The id of a schema that is registered as a subject's next version."""
        request = urllib.request.Request(
            f"{self._url}/subjects/{subject}/versions",
            json.dumps({"schema": json.dumps(schema)}).encode(),
            {"Content-Type": "application/vnd.schemaregistry.v1+json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(json.load(answer)["id"])


def framed(number: int, datum: bytes) -> bytes:
    """A value in Confluent's framing."""
    return b"\x00" + number.to_bytes(4, "big") + datum


def encoded(schema: Any, event: Any) -> bytes:
    """The bytes of an event under a schema, unchecked as a careless sender writes them."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), event)
    return out.getvalue()


def placement(registry: Registry) -> tuple[int, Any, str, bytes]:
    """The first placement of the seeds: the id and the schema of its type, its key and its datum."""
    with Path("seeds/orr.case-events.avro").open("rb") as source:
        envelopes: Iterator[Any] = iter(fastavro.reader(source))
        kind = {"key": "ce_type", "value": b"casefeed.SponsorPlacement"}
        found = next(each for each in envelopes if kind in each["headers"])
    return *registry.latest("casefeed.SponsorPlacement"), found["key"], found["datum"]


def damaged(registry: Registry, topic: str) -> Iterator[Record]:
    """For a topic, one record for each thing that can be wrong with one."""
    number, schema, key, datum = placement(registry)
    event: Any = fastavro.schemaless_reader(io.BytesIO(datum), fastavro.parse_schema(schema), None)
    header = event["header"]

    def changed(sequence: int, **fields: Any) -> bytes:
        event_id = f"01950000-0000-7000-8000-{sequence:012d}"
        new = {**header, "event_id": event_id, "sequence": sequence, **fields}
        return framed(number, encoded(schema, {**event, "header": new}))

    issued, issued_schema = registry.latest("casefeed.NtaIssued")
    match topic:
        case "orr.case-events":
            yield key, None
            yield key, b"\x01" + framed(number, datum)[1:]
            yield key, framed(UNKNOWN_SCHEMA, datum)
            yield key, framed(issued, datum)
            yield key, framed(number, datum[:-3])
            yield key, framed(number, datum) + b"\x00"
            yield key, framed(number, datum) + bytes(LARGEST_VALUE)
            yield None, changed(41)
            yield key, changed(42, recorded_at=header["occurred_at"].replace(year=2001))
            yield key, changed(43, synthetic=False)
        case "ice.case-events":
            yield key, changed(44)
            field = {"name": "sponsor_immigration_status", "type": ["null", "string"], "default": None, "doc": "-"}
            grown = {**issued_schema, "fields": [*issued_schema["fields"], field]}
            yield key, framed(registry.register("casefeed.NtaIssued", grown), datum)
        case _:
            yield "orr-silent-4dbd96", heartbeat(registry, header["recorded_at"])


def heartbeat(registry: Registry, at: Any) -> bytes:
    """The heartbeat of a source that promises the next one for the same moment, so that it is silent from then on."""
    number, schema = registry.latest("casefeed.SourceHeartbeat")
    header = {
        "statement_id": "01950000-0000-7000-8000-000000000045",
        "source": "orr-silent-4dbd96",
        "agency": "ORR",
        "stated_at": at,
        "agreement_profile": "narrowest",
        "synthetic": True,
    }
    said = {"header": header, "sent": 7, "waiting": 2, "waiting_since": at, "next_by": at}
    return framed(number, encoded(schema, said))


def put(bootstrap: str, topic: str, records: Iterable[Record]) -> None:
    """Publish records on a topic, one after the other; each is acknowledged on return."""
    failed: list[str] = []
    settings = {"acks": "all", "compression.type": "gzip", "message.max.bytes": 8_000_000}
    producer = Producer({"bootstrap.servers": bootstrap, **QUIET, **settings})

    def delivered(error: object, _: object) -> None:
        if error:
            failed.append(str(error))

    for key, value in records:
        producer.produce(topic, key=key, value=value, on_delivery=delivered)
        if producer.flush(60) or failed:
            sys.exit(f"not acknowledged: {failed}")


def drop_topics(bootstrap: str) -> None:
    """Delete the feed's topics; the broker lists none of them on return."""
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
    topics = [name for name in admin.list_topics(timeout=60).topics if not name.startswith("_")]
    for pending in admin.delete_topics(topics).values():
        pending.result(60)
    while set(topics) & set(admin.list_topics(timeout=60).topics):
        time.sleep(0.05)


def main() -> None:
    """Run the command that is named."""
    stack = json.loads((Path(os.environ["CASEFEED_HOME"]) / "stack" / "stack.json").read_text())
    match sys.argv[1:]:
        case ["drop-topics"]:
            drop_topics(stack["bootstrap"])
        case ["put-damaged", topic]:
            put(stack["bootstrap"], topic, damaged(Registry(stack["registry_url"]), topic))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
