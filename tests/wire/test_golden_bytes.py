"""Golden bytes of every release, from the frozen schema alone: Apache avro and confluent-kafka read what we froze."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import avro.io
import avro.schema
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from casefeed.schema_tools import golden
from tests.house.checkout import ROOT
from tests.released import GOLDEN, Golden
from tests.stock_form import raw_form, stock_form, with_ids_as_text

EACH = pytest.mark.parametrize("each", GOLDEN, ids=str)


class Frozen(SchemaRegistryClient):
    """Confluent's own client, asked for nothing but the one schema, under the id that the golden frame states."""

    def __init__(self, schema_id: int, text: str) -> None:
        super().__init__({"url": "http://127.0.0.1:1"})
        self.known = {schema_id: Schema(text, "AVRO")}

    def get_schema(self, schema_id: int, *_: Any, **__: Any) -> Schema:
        """The schema of this id; KeyError for any other."""
        return self.known[schema_id]


@pytest.mark.finding("cause/systems-do-not-connect")
@EACH
def test_confluents_deserializer_reads_the_frame(each: Golden) -> None:
    """From the framed bytes and the frozen text it gives the event, times as datetimes and ids as UUIDs."""
    by_record = {"subject.name.strategy": record_subject_name_strategy}
    where = SerializationContext(sorted(each.event_type.topics)[0], MessageField.VALUE)
    with Frozen(each.schema_id, each.text) as registry:
        read = AvroDeserializer(registry, conf=by_record)(each.framed, where)
    assert golden.to_json(raw_form(read)) == each.event


@EACH
def test_apache_avro_reads_the_datum(each: Golden) -> None:
    """From the frozen text it gives the event and leaves no byte over."""
    source = io.BytesIO(each.datum)
    read: Any = avro.io.DatumReader(avro.schema.parse(each.text))
    event = read.read(avro.io.BinaryDecoder(source))
    assert source.read() == b""
    assert golden.to_json(raw_form(event)) == each.event


@EACH
def test_apache_avro_writes_the_datum(each: Golden) -> None:
    """Of the same event it writes the same bytes."""
    out = io.BytesIO()
    writer: Any = avro.io.DatumWriter(avro.schema.parse(each.text))
    event = stock_form(each.event_type, golden.from_json(each.event))
    writer.write(with_ids_as_text(event), avro.io.BinaryEncoder(out))
    assert out.getvalue() == each.datum


def test_the_snippet_of_the_page_reads_them() -> None:
    """docs/snippets/golden.py prints a line for every golden form of 0.1, with Apache's library alone."""
    done = subprocess.run(
        [sys.executable, "docs/snippets/golden.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read = [tuple(line.split()[:2]) for line in done.stdout.splitlines()]
    assert read == [(each.event_type.name, each.form) for each in GOLDEN if each.release == "0.1"]
