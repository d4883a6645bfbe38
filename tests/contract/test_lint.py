"""What every packaged schema says of itself, and that the spelling rules see a schema that does not."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from casefeed.contract.catalogue import EventType, Schema, load_catalogue, read_named_types, walk_fields
from casefeed.contract.resources import data_dir
from casefeed.schema_tools.lint import lint_schema
from tests.unit.contract.examples import field, later

TYPES = pytest.mark.parametrize(
    "event_type", load_catalogue().record_types.values(), ids=lambda each: each.short_name
)


@TYPES
def test_every_field_says_what_the_design_asks(event_type: EventType) -> None:
    """Each field has a doc, a tag, a NIEM name or null, and where it is a measure its unit; names are snake_case."""
    for path, item in walk_fields(event_type.schema):
        assert item["doc"].endswith("."), path
        assert item["sensitivity"] in {"CI", "CL", "SP", "MP", "VT", "CT", "OP", "NO"}, path
        assert item["niem"] is None or re.fullmatch(r"(nc|j|im|hs):[A-Z][A-Za-z]+", item["niem"]), path
        assert re.fullmatch(r"[a-z][a-z0-9_]*", item["name"]), path
        if re.search(r"timestamp-millis|'date'|bytes", str(item["type"])) and "'fields'" not in str(item["type"]):
            assert item["unit"], path
        if item["name"].startswith("age_"):
            assert item["unit"] == "years", path


@TYPES
def test_every_packaged_schema_keeps_the_spelling_rules(event_type: EventType) -> None:
    """The rules that `casefeed schema check` runs find nothing in the packaged schemas."""
    assert list(lint_schema(event_type.schema)) == []


def change(name: str, /, **props: Any) -> Callable[[Schema], Any]:
    """Set properties of a field; None takes one away."""

    def changed(schema: Schema) -> None:
        item = field(schema, name)
        for key, value in props.items():
            item[key] = value
            if value is None:
                del item[key]

    return changed


def kind(schema: Schema) -> Schema:
    """The enum of SponsorPlacement's address_quality."""
    found: Schema = field(schema, "address_quality")["type"]
    return found


BROKEN: list[tuple[str, str, Callable[[Schema], Any]]] = [
    ("no-doc", "owning_area", change("owning_area", doc=None)),
    ("no-doc", "casefeed.SponsorPlacement", lambda it: it.pop("doc")),
    ("no-doc", "address_quality", lambda it: kind(it).pop("doc")),
    ("no-sensitivity", "owning_area", change("owning_area", sensitivity=None)),
    ("no-sensitivity", "owning_area", change("owning_area", sensitivity="XX")),
    ("no-niem", "owning_area", lambda it: field(it, "owning_area").pop("niem")),
    ("no-unit", "address_checked_at", change("address_checked_at", unit=None)),
    ("no-unit", "address_checked_at", change("address_checked_at", unit="s")),
    ("no-bounds", "address_checked_at", change("address_checked_at", maximum=None)),
    ("not-snake-case", "owningArea", change("owning_area", name="owningArea")),
    ("personal-outside-part", "owning_area", change("owning_area", sensitivity="CL")),
    ("optional-without-default", "address_checked_at", change("address_checked_at", type=["string", "null"])),
    ("loose-pattern", "owning_area", change("owning_area", pattern="[A-Z]{3}")),
    ("loose-pattern", "owning_area", change("owning_area", pattern=r"^\d{3}$")),
    ("enum-without-default", "address_quality", lambda it: kind(it).pop("default")),
    ("not-upper-case", "address_quality", lambda it: kind(it)["symbols"].append("Vacant")),
    ("forbidden-field", "income", change("owning_area", name="income")),
    ("no-topic", "casefeed.SponsorPlacement", lambda it: it.update(topics=["downstream.x"])),
    ("no-purpose", "casefeed.SponsorPlacement", lambda it: it.pop("purpose")),
    ("no-header", "casefeed.SponsorPlacement", lambda it: it["fields"].reverse()),
]


@pytest.mark.parametrize(("rule", "path", "broken"), BROKEN, ids=[f"{rule}-{at}" for rule, at, _ in BROKEN])
def test_a_schema_that_does_not_say_it_is_seen(rule: str, path: str, broken: Callable[[Schema], Any]) -> None:
    """One thing changed is found by its rule at its field, with a remedy."""
    found = [each for each in lint_schema(later("SponsorPlacement", broken)) if each.rule == rule]
    assert [each.field for each in found] == [path]
    assert all(each.sentence and each.remedy for each in found)


@pytest.mark.finding("OIG-25-21/automation", "OIG-24-46/rec-1")
def test_the_topics_carry_the_event_types_of_the_treaty() -> None:
    """A missed hearing and a changed address are told on both topics, each by one type."""
    on = {topic: {each.short_name for each in load_catalogue().on_topic(topic)} for topic in load_catalogue().topics}
    assert on == {
        "orr.case-events": {
            "ChildTransferred",
            "SponsorPlacement",
            "PlacementAddressChanged",
            "RunawayFromCustody",
            "AbsentFromSponsor",
            "ChildLocated",
            "FailureToAppear",
            "AgedOut",
            "EventCorrected",
            "EventRetracted",
            "ChildKeysMerged",
            "ChildKeysUnmerged",
            "EventsRequested",
        },
        "ice.case-events": {
            "PlacementAddressChanged",
            "NtaIssued",
            "NtaServed",
            "NtaFiled",
            "HearingScheduled",
            "InAbsentiaOrder",
            "FailureToAppear",
            "EventCorrected",
            "EventRetracted",
            "ChildKeysMerged",
            "ChildKeysUnmerged",
            "EventsRequested",
        },
        "orr.statements": {"SourceHeartbeat"},
        "ice.statements": {"SourceHeartbeat"},
    }


@pytest.mark.finding("OIG-24-46/rec-2", "cause/manual-fta-steps")
def test_a_missed_hearing_has_the_same_identity_from_both_sides() -> None:
    """Child and hearing id are in every FailureToAppear, so two tellings are one fact."""
    fields = dict(walk_fields(load_catalogue().by_name("FailureToAppear").schema))
    assert "default" not in fields["header", "child_key"]
    assert "default" not in fields[("hearing_id",)]


@TYPES
def test_a_personal_part_is_clear_or_sealed(event_type: EventType) -> None:
    """Each of child and sponsor is a union of one clear record and Sealed, so sealing changes no schema."""
    for item in event_type.schema["fields"]:
        if item["name"] in ("child", "sponsor"):
            clear, sealed = item["type"]
            assert clear["type"] == "record"
            assert (
                sealed if isinstance(sealed, str) else f"{sealed['namespace']}.{sealed['name']}"
            ) == "casefeed.Sealed"


def test_every_file_is_used() -> None:
    """No record or enum lies about that no event type uses."""
    parts = read_named_types(data_dir() / "avro")
    used = {
        name
        for each in load_catalogue().record_types.values()
        for name in re.findall(r'"name":"(\w+)"', each.canonical_json)
    }
    assert {name for name in parts if name.rpartition(".")[2] not in used} == set()


def test_a_named_type_means_one_thing() -> None:
    """A record or enum has the same definition in every schema that writes it out."""
    found: dict[str, Any] = {}

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            if node.get("type") == "enum":
                assert found.setdefault(node["name"], node) == node
            for item in node.values():
                walk(item)

    for event_type in load_catalogue().event_types.values():
        walk(copy.deepcopy(event_type.schema))
    assert found
