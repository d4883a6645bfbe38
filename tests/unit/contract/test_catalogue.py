"""The catalogue: each schema whole in itself, with a fingerprint that tells every difference."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema

from casefeed.contract.catalogue import (
    Catalogue,
    EventType,
    Schema,
    assemble_schema,
    build_catalogue,
    fingerprint,
    load_catalogue,
    read_named_types,
    schema_versions,
    walk_fields,
)
from casefeed.contract.errors import SchemaError
from casefeed.contract.resources import data_dir
from tests.unit.contract.examples import field, later

TYPES = pytest.mark.parametrize("event_type", load_catalogue().event_types.values(), ids=lambda each: each.short_name)


@TYPES
def test_a_schema_needs_nothing_but_its_own_text(event_type: EventType) -> None:
    """The text alone parses, and defines each named type once."""
    parse_schema(json.loads(event_type.canonical_json))
    assert assemble_schema(event_type.name, {event_type.name: event_type.schema}) == event_type.schema


@TYPES
def test_a_type_is_found_by_name_by_fingerprint_and_by_dataschema(event_type: EventType) -> None:
    """Short name, full name, fingerprint and ce_dataschema all lead to it."""
    catalogue = load_catalogue()
    assert catalogue.by_name(event_type.short_name) is catalogue.by_name(event_type.name) is event_type
    assert catalogue.by_fingerprint(event_type.fingerprint) is event_type
    assert catalogue.by_dataschema(event_type.dataschema) is event_type


@pytest.mark.parametrize("named", ["", "urn:casefeed:schema:casefeed.NtaIssued:sha256:00", "http://x/y", "::sha256:"])
def test_a_dataschema_of_another_version_or_none_finds_nothing(named: str) -> None:
    """What does not name a packaged schema exactly is None, never a guess."""
    assert load_catalogue().by_dataschema(named) is None
    assert load_catalogue().by_fingerprint(bytes(32)) is None


def change_of(name: str, **props: Any) -> Schema:
    """SponsorPlacement with properties of one field changed."""
    return later("SponsorPlacement", lambda it: field(it, name).update(props))


@pytest.mark.parametrize(
    "other",
    [
        change_of("address_checked_at", type=["null", "long"]),
        change_of("address_checked_at", default=0),
        change_of("owning_area", doc="Another."),
        change_of("owning_area", sensitivity="NO"),
        change_of("owning_area", pattern="^[A-Z]{2}$"),
        change_of("address_checked_at", unit="s"),
    ],
    ids=["logical-type", "default", "doc", "tag", "pattern", "unit"],
)
def test_a_fingerprint_tells_what_avros_own_does_not(other: Schema) -> None:
    """Logical type, default, doc, tag, constraint and unit each change it."""
    assert fingerprint(other) != load_catalogue().by_name("SponsorPlacement").fingerprint


def test_a_fingerprint_does_not_hang_on_the_order_of_properties() -> None:
    """The same schema with its keys in another order has the same fingerprint."""
    schema = load_catalogue().by_name("NtaIssued").schema
    assert fingerprint(dict(reversed(schema.items()))) == fingerprint(schema)


def folder(path: Path, **files: Any) -> Path:
    """A folder of schema files."""
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (path / f"casefeed.{name}.avsc").write_text(text, encoding="utf-8")
    return path


def test_a_broken_folder_says_which_file_and_what_to_do(tmp_path: Path) -> None:
    """No file, no JSON, another name and a type that nobody defines are each a sentence."""
    with pytest.raises(SchemaError, match=r"no \.avsc file"):
        read_named_types(folder(tmp_path / "none"))
    with pytest.raises(SchemaError, match=r"casefeed\.X\.avsc is not JSON"):
        read_named_types(folder(tmp_path / "json", X="{"))
    with pytest.raises(SchemaError, match="named by its full name"):
        read_named_types(folder(tmp_path / "name", X={"namespace": "casefeed", "name": "Y"}))
    lonely = {
        "type": "record",
        "namespace": "casefeed",
        "name": "X",
        "topics": ["orr.case-events"],
        "fields": [{"name": "a", "type": "casefeed.Nowhere"}],
    }
    with pytest.raises(SchemaError, match=r"add casefeed\.Nowhere\.avsc"):
        build_catalogue(folder(tmp_path / "lonely", X=lonely))


def test_releases_are_read_in_order_and_none_is_no_fault(tmp_path: Path) -> None:
    """Each folder below is a release; its schemas may name each other or be whole."""
    assert schema_versions(tmp_path) == {}
    first = copy.deepcopy(load_catalogue().by_name("NtaIssued").schema)
    second = copy.deepcopy(first)
    second["doc"] = "Another."
    folder(tmp_path / "1", NtaIssued=first)
    folder(tmp_path / "2", NtaIssued=second)
    assert schema_versions(tmp_path) == {"casefeed.NtaIssued": [first, second]}
    assert schema_versions(data_dir() / "avro")["casefeed.NtaIssued"] == [first]


def test_fields_are_found_through_names_lists_and_maps_and_a_type_inside_itself_ends() -> None:
    """A named type is entered wherever it is used; recursion does not run for ever."""
    node = {"type": "record", "name": "Node", "namespace": "x"}
    leaf = {"type": "record", "name": "Leaf", "namespace": "x", "fields": [{"name": "a", "type": "int"}]}
    node["fields"] = [  # type: ignore[assignment]
        {"name": "one", "type": leaf},
        {"name": "two", "type": ["null", "x.Leaf"]},
        {"name": "list", "type": {"type": "array", "items": "x.Leaf"}},
        {"name": "map", "type": {"type": "map", "values": "x.Leaf"}},
        {"name": "next", "type": ["null", "x.Node"]},
    ]
    paths = [".".join(path) for path, _ in walk_fields(node)]
    assert paths == ["one", "one.a", "two", "two.a", "list", "list.a", "map", "map.a", "next"]


def test_the_catalogue_lists_types_by_topic() -> None:
    """on() is by name; topics are those that carry events."""
    catalogue: Catalogue = load_catalogue()
    assert catalogue.topics == ["ice.case-events", "ice.statements", "orr.case-events", "orr.statements"]
    names = [each.name for each in catalogue.on_topic("ice.case-events")]
    assert names == sorted(names)
    assert [each.short_name for each in catalogue.on_topic("orr.statements")] == ["SourceHeartbeat"]
    assert "casefeed.SourceHeartbeat" not in catalogue.event_types
    with pytest.raises(KeyError, match="no event type 'Nope'; there are AbsentFromSponsor"):
        catalogue.by_name("Nope")
