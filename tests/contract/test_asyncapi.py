"""The AsyncAPI document: valid by the specification's own schema, and the contract's in every part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from casefeed.cli import schema_asyncapi
from casefeed.cli.app import casefeed, run
from casefeed.cli.schema import schema
from casefeed.cli.schema_asyncapi import asyncapi_text
from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.kafka.topics import TOPIC_CONFIGS
from casefeed.runtime.settings import SETTINGS
from casefeed.schema_tools import asyncapi
from tests.house.checkout import pyproject
from tests.released import GOLDEN

SPECIFICATION = Path(__file__).parents[1] / "fixtures" / "asyncapi" / "3.0.0.json"
DOCUMENT: dict[str, Any] = json.loads(asyncapi_text())
EACH = pytest.mark.parametrize("event_type", load_catalogue().record_types.values(), ids=lambda each: each.short_name)


@pytest.fixture(scope="module")
def specification() -> Draft7Validator:
    """AsyncAPI's own schema."""
    return Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))


def test_the_document_is_asyncapi(specification: Draft7Validator) -> None:
    """The specification's schema finds nothing, in the Avro schemas and Kafka's bindings neither."""
    assert [f"{each.json_path}: {each.message}" for each in specification.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: it["channels"]["orr.case-events"]["bindings"]["kafka"].update(partitions="six"),
        lambda it: it["components"]["messages"]["NtaIssued"]["payload"]["schema"].update(type="no-type"),
        lambda it: it["operations"]["orrSends"].update(action="publish"),
        lambda it: it.pop("info"),
    ],
    ids=["binding", "avro", "operation", "info"],
)
def test_the_specification_would_see_a_fault(
    spoil: Callable[[dict[str, Any]], Any], specification: Draft7Validator
) -> None:
    """A wrong binding, Avro type, action, or no info is found: the check reaches that far."""
    spoilt = json.loads(json.dumps(DOCUMENT))
    spoil(spoilt)
    assert list(specification.iter_errors(spoilt))


def references(node: Any) -> Iterator[str]:
    """Every reference in the document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    """Channels, messages and schemas that are named are in the document."""
    found = set(references(DOCUMENT))
    assert found
    for each in found:
        place: Any = DOCUMENT
        for step in each.removeprefix("#/").split("/"):
            place = place[step]


def test_the_channels_are_the_topics() -> None:
    """Each topic with its event types, the partitions and settings that `casefeed topics create` gives it."""
    assert list(DOCUMENT["channels"]) == load_catalogue().topics
    for topic, channel in DOCUMENT["channels"].items():
        assert channel["address"] == topic
        assert set(channel["messages"]) == {each.short_name for each in load_catalogue().on_topic(topic)}
        kafka = channel["bindings"]["kafka"]
        assert kafka["partitions"] == SETTINGS["topic_partitions"].default
        assert {
            name: value[0] if isinstance(value, list) else str(value)
            for name, value in kafka["topicConfiguration"].items()
        } == TOPIC_CONFIGS


def test_each_agency_sends_on_its_own_topic_and_receives_the_others() -> None:
    """ORR sends on ORR's and receives ICE's, ICE the other way round; ICE also reads its own back."""
    said = [
        (name, each["action"], each["channel"]["$ref"].removeprefix("#/channels/"))
        for name, each in DOCUMENT["operations"].items()
    ]
    assert said == [
        ("orrSends", "send", "orr.case-events"),
        ("orrReceives", "receive", "ice.case-events"),
        ("iceSends", "send", "ice.case-events"),
        ("iceReceives", "receive", "orr.case-events"),
        ("iceReceivesItsOwn", "receive", "ice.case-events"),
        ("orrStates", "send", "orr.statements"),
        ("iceHears", "receive", "orr.statements"),
        ("iceStates", "send", "ice.statements"),
        ("orrHears", "receive", "ice.statements"),
    ]
    for each in DOCUMENT["operations"].values():
        topic = each["channel"]["$ref"].removeprefix("#/channels/")
        assert len(each["messages"]) == len(load_catalogue().on_topic(topic))


@EACH
def test_a_message_has_the_types_schema_key_and_headers(event_type: EventType) -> None:
    """The whole Avro schema in AsyncAPI's format for it; headers that the published ones pass, and no others."""
    message = DOCUMENT["components"]["messages"][event_type.short_name]
    assert message["payload"] == {
        "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
        "schema": event_type.schema,
    }
    headers = Draft7Validator(message["headers"] | {"components": DOCUMENT["components"]})
    key = re.compile(message["bindings"]["kafka"]["key"]["pattern"])
    for example in message["examples"]:
        assert list(headers.iter_errors(example["headers"])) == []
        assert list(headers.iter_errors(example["headers"] | {"ce_type": "casefeed.Other"}))
        assert list(headers.iter_errors(example["headers"] | {"ce_specversion": "0.3"}))
        assert key.fullmatch(example["headers"]["ce_subject"])


@EACH
def test_the_examples_are_the_golden_events(event_type: EventType) -> None:
    """Every form of the released event, where the schema has not changed since."""
    message = DOCUMENT["components"]["messages"][event_type.short_name]
    examples = {each["name"]: (each["payload"], each["headers"]) for each in message["examples"]}
    released = {
        each.form: (each.event, each.headers)
        for each in GOLDEN
        if each.event_type.fingerprint == event_type.fingerprint
    }
    assert examples
    assert not released or examples == released


def test_the_server_is_the_local_default() -> None:
    """Broker and registry are where an installation without settings looks for them."""
    server = DOCUMENT["servers"]["local"]
    assert server["host"] == SETTINGS["kafka_bootstrap"].default
    assert server["bindings"]["kafka"]["schemaRegistryUrl"] == SETTINGS["registry_url"].default


def test_contact_licence_and_version_are_the_projects() -> None:
    """As pyproject.toml says them."""
    project = pyproject()["project"]
    assert project["authors"] == [asyncapi.CONTACT]
    assert DOCUMENT["info"]["license"]["name"] == project["license"]
    assert DOCUMENT["info"]["version"] == project["version"]


def test_the_command_prints_or_writes_it(tmp_path: Path) -> None:
    """The same text on standard output and in --out FILE."""
    printed = CliRunner().invoke(schema, ["asyncapi"], catch_exceptions=False)
    assert printed.stdout == asyncapi_text()
    file = tmp_path / "feed.json"
    written = CliRunner().invoke(schema, ["asyncapi", "--out", str(file)], catch_exceptions=False)
    assert (written.exit_code, written.stdout) == (0, "")
    assert file.read_text(encoding="utf-8") == asyncapi_text()


def test_a_place_or_a_specimen_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that does not exist exits 3; an event type without its made-up event exits 2 and names the file."""
    args = ["schema", "asyncapi", "--out", str(tmp_path / "no" / "feed.json")]
    assert run(lambda: casefeed.main(args=args, standalone_mode=False)) == 3
    assert "cannot be written" in capsys.readouterr().err
    monkeypatch.setattr(schema_asyncapi, "data_dir", lambda: tmp_path)
    assert run(lambda: casefeed.main(args=args, standalone_mode=False)) == 2
    assert "write a made-up event of" in capsys.readouterr().err
