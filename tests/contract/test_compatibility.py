"""The evolution gate, held against a table of schema pairs and against two Avro libraries' own resolution."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import avro.schema
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract.catalogue import EventType, Schema, load_catalogue
from casefeed.contract.compatibility import SchemaViolation, check_compatibility, misread_violations, next_subject
from tests.strategies import datums

FOLDER = Path(__file__).parents[1] / "fixtures" / "schemas" / "evolution"
CASES = json.loads((FOLDER / "cases.json").read_text("utf-8"))
# What an earlier reader or an earlier record would fail on; everything else reads, with another meaning.
STRUCTURAL_RULES = frozenset(
    {
        "renamed",
        "type-changed",
        "branch-added",
        "branch-removed",
        "field-added-without-default",
        "field-removed-without-default",
        "symbol-added-without-default",
        "symbol-removed-without-default",
    }
)
PAIRS = [(case["new"], earlier) for case in CASES for earlier in case["earlier"]]


def schema(name: str) -> Schema:
    """The fixture of this name."""
    found: Schema = json.loads((FOLDER / f"{name}.avsc").read_text("utf-8"))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['new']}-after-{'-'.join(case['earlier'])}")
def test_the_gate_finds_what_the_table_says(case: dict[str, Any]) -> None:
    """Rule and field of every finding, and none besides."""
    found = check_compatibility(schema(case["new"]), [schema(name) for name in case["earlier"]])
    assert sorted((each.rule, each.field) for each in found) == sorted(map(tuple, case["findings"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['new']}-after-{'-'.join(case['earlier'])}")
def test_every_finding_says_what_to_do(case: dict[str, Any]) -> None:
    """Each has a sentence and a remedy, which names the new subject that a breaking change becomes."""
    for each in check_compatibility(schema(case["new"]), [schema(name) for name in case["earlier"]]):
        assert each.sentence
        assert each.remedy.endswith("A breaking change is a new subject: casefeed.Visit2.")


def structural(new: Schema, old: Schema) -> list[SchemaViolation]:
    """The findings that Avro itself would fail on."""
    return [each for each in check_compatibility(new, [old]) if each.rule in STRUCTURAL_RULES]


def apache_reads(reader: Schema, writer: Schema) -> bool:
    """Whether Apache's own checker says that `reader` can read what `writer` wrote."""
    checker: Any = ReaderWriterCompatibilityChecker
    answer = checker().get_compatibility(*(avro.schema.parse(json.dumps(each)) for each in (reader, writer)))
    return bool(answer.compatibility is SchemaCompatibilityType.compatible)


# What Apache's checker lets pass and the gate does not: text read as bytes, and the same name of another space.
STRICTER = {"string-to-bytes", "namespace-changed"}


@pytest.mark.parametrize(("new", "old"), PAIRS)
def test_apache_avro_agrees(new: str, old: str) -> None:
    """Apache's checker calls a pair fully compatible exactly when the gate has no structural finding."""
    full = apache_reads(schema(new), schema(old)) and apache_reads(schema(old), schema(new))
    assert full == (not structural(schema(new), schema(old)) or new in STRICTER)


VERSIONS = [schema(path.stem) for path in sorted(FOLDER.glob("*.avsc")) if path.stem not in STRICTER]
VARIANTS = {
    name: sorted({json.dumps(each) for it in VERSIONS for each in it["fields"] if each["name"] == name})
    for name in [item["name"] for item in schema("base")["fields"]]
}


@st.composite
def versions(draw: st.DrawFn) -> Schema:
    """A version of the fixture: each field absent or in one of the variants that any fixture has."""
    drawn = [draw(st.sampled_from([None, *variants])) for variants in VARIANTS.values()]
    return schema("base") | {"fields": [json.loads(each) for each in drawn if each is not None]}


@settings(max_examples=150)
@given(versions(), versions())
def test_apache_avro_agrees_on_any_two_versions(new: Schema, old: Schema) -> None:
    """The same over versions put together at random."""
    full = apache_reads(new, old) and apache_reads(old, new)
    assert full == (not structural(new, old))


@settings(max_examples=60)
@given(versions(), versions(), st.data())
def test_what_passes_the_gate_is_read_by_fastavro(new: Schema, old: Schema, data: st.DataObject) -> None:
    """Without a structural finding, whatever one version writes the other reads, both ways."""
    if structural(new, old):
        return
    for writer, reader in ((new, old), (old, new)):
        assert read(writer, reader, data.draw(datums(EventType.from_schema(writer), sealed=True)))


def read(writer: Schema, reader: Schema, datum: dict[str, Any]) -> bool:
    """Whether fastavro reads `datum` of one schema as the other."""
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(EventType.from_schema(writer).raw_schema), datum)
    try:
        schemaless_reader(
            io.BytesIO(out.getvalue()),
            EventType.from_schema(writer).raw_schema,
            EventType.from_schema(reader).raw_schema,
        )
    except (SchemaResolutionError, ValueError):
        return False
    return True


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['new']}-after-{'-'.join(case['earlier'])}")
@settings(max_examples=5)
@given(data=st.data())
def test_what_fastavro_cannot_read_does_not_pass(case: dict[str, Any], data: st.DataObject) -> None:
    """Wherever fastavro fails on a pair of the table, the gate has a structural finding."""
    new = schema(case["new"])
    for name in case["earlier"]:
        old = schema(name)
        for writer, reader in ((new, old), (old, new)):
            if not read(writer, reader, data.draw(datums(EventType.from_schema(writer)))):
                assert structural(new, old)


@pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)
def test_a_schema_follows_itself(event_type: EventType) -> None:
    """An unchanged schema has no finding, in whichever way its names are written out."""
    assert check_compatibility(event_type.schema, [event_type.schema, event_type.parsed_schema]) == []


@pytest.mark.parametrize("name", ["logical-type-changed", "unit-changed", "record-renamed"])
def test_what_would_be_misread_is_told_apart(name: str) -> None:
    """A changed logical type, unit or name would be read without error as something else."""
    assert misread_violations(schema(name), schema("base"))
    assert not misread_violations(schema("doc-changed"), schema("base"))


@pytest.mark.parametrize(
    ("name", "follows"), [("casefeed.X", "casefeed.X2"), ("casefeed.X2", "casefeed.X3"), ("X9", "X10")]
)
def test_a_breaking_change_has_the_next_name(name: str, follows: str) -> None:
    """The subject of a breaking change is the name with the next number."""
    assert next_subject(name) == follows
