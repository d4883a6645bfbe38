"""The feed as an AsyncAPI 3 document: channels, who sends and receives, each message with its Avro schema.

Made from the catalogue and the golden events, so that it says nothing that the contract does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, STATEMENT_TOPICS, Catalogue, EventType, walk_fields
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.contract.model_base import CanonicalUuid
from casefeed.schema_tools.golden import golden_record

EVENT_CONTENT_TYPE = "application/avro"
KAFKA_BINDING_VERSION = "0.5.0"
SERVER_NAME = "local"
CONTACT = {"name": "The casefeed maintainers"}

_DESCRIPTION = """\
The feed between HHS's Office of Refugee Resettlement (ORR) and ICE of what each knows of an unaccompanied child's
case. Synthetic data only. One topic a direction, keyed by the child key, and one of statements beside it, keyed by
recording store; the value is Confluent's framing (magic byte 0, four bytes of schema id) before an Avro datum.
Delivery is at least once: `header.event_id` tells a repeat. The personal parts `child` and `sponsor` are clear or
sealed; read both. In the examples bytes are in hex, times in ms since 1970-01-01T00:00:00Z, dates in days since
1970-01-01."""
_CHANNELS = {
    ORR_TOPIC: ("What ORR knows", "Written by ORR alone."),
    ICE_TOPIC: ("What ICE and the court know", "Written by ICE and the court's adapter alone."),
    STATEMENT_TOPICS[ORR_TOPIC]: ("How ORR's stores stand", "Written by ORR alone, keyed by recording store."),
    STATEMENT_TOPICS[ICE_TOPIC]: ("How ICE's stores stand", "Written by ICE alone, keyed by recording store."),
}
# Operation, action, topic, and who does it why: from the view of the two agencies, whose software casefeed is.
_OPERATIONS = [
    ("orrSends", "send", ORR_TOPIC, "ORR publishes what it knows, the day it is written down."),
    ("orrReceives", "receive", ICE_TOPIC, "ORR learns what ICE and the court know of the children it released."),
    ("iceSends", "send", ICE_TOPIC, "ICE publishes its own facts and those of the court's adapter."),
    ("iceReceives", "receive", ORR_TOPIC, "ICE learns where the children are and who is absent."),
    ("iceReceivesItsOwn", "receive", ICE_TOPIC, "ICE learns its own facts by its own topic: one path for all."),
    ("orrStates", "send", STATEMENT_TOPICS[ORR_TOPIC], "ORR says, nothing to report included, how its stores stand."),
    ("iceHears", "receive", STATEMENT_TOPICS[ORR_TOPIC], "ICE learns whether ORR is late or silent."),
    ("iceStates", "send", STATEMENT_TOPICS[ICE_TOPIC], "ICE says, nothing to report included, how its stores stand."),
    ("orrHears", "receive", STATEMENT_TOPICS[ICE_TOPIC], "ORR learns whether ICE is late or silent."),
]


@dataclass(frozen=True, slots=True)
class FeedDeployment:
    """Where the feed is and how its topics are made: `configuration` holds Kafka's topic settings."""

    bootstrap: str
    registry_url: str
    partitions: int
    configuration: Mapping[str, Any]


def asyncapi_document(
    catalogue: Catalogue, specimens: Mapping[str, Datum], deployment: FeedDeployment, version: str
) -> dict[str, Any]:
    """The AsyncAPI document of `catalogue`, ready for JSON; `specimens` gives each type's examples.

    Raises ContractError or RefusedError for a specimen that breaks the contract.
    """
    ordered = sorted(catalogue.record_types.values(), key=lambda each: each.name)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "casefeed",
            "version": version,
            "description": _DESCRIPTION,
            "contact": CONTACT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": EVENT_CONTENT_TYPE,
        "servers": {
            SERVER_NAME: {
                "host": deployment.bootstrap,
                "protocol": "kafka",
                "description": "Where docker compose puts the broker; `casefeed settings` says where it is for you.",
                "bindings": {
                    "kafka": {"schemaRegistryUrl": deployment.registry_url, "bindingVersion": KAFKA_BINDING_VERSION}
                },
            }
        },
        "channels": {topic: _channel(topic, catalogue, deployment) for topic in catalogue.topics},
        "operations": {
            name: {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic}"},
                "summary": says,
                "messages": [
                    {"$ref": f"#/channels/{topic}/messages/{each.short_name}"} for each in catalogue.on_topic(topic)
                ],
            }
            for name, action, topic, says in _OPERATIONS
        },
        "components": {
            "schemas": {"cloudEvents": _headers_schema()},
            "messages": {each.short_name: _message(each, specimens[each.name]) for each in ordered},
        },
    }


def _channel(topic: str, catalogue: Catalogue, deployment: FeedDeployment) -> dict[str, Any]:
    title, description = _CHANNELS[topic]
    return {
        "address": topic,
        "title": title,
        "description": f"{description} The number of partitions is fixed for the topic's life.",
        "servers": [{"$ref": f"#/servers/{SERVER_NAME}"}],
        "messages": {
            each.short_name: {"$ref": f"#/components/messages/{each.short_name}"}
            for each in catalogue.on_topic(topic)
        },
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": deployment.partitions,
                "topicConfiguration": dict(deployment.configuration),
                "bindingVersion": KAFKA_BINDING_VERSION,
            }
        },
    }


def _message(event_type: EventType, specimen: Datum) -> dict[str, Any]:
    parts = [item["name"] for item in event_type.schema["fields"] if item["name"] in PERSONAL_PARTS]
    if event_type.is_case_event:
        key_field, meaning = "child_key", "The child key: what is said of one child has it."
    else:
        key_field, meaning = "source", "The recording store: what is said of it has its id."
    key = dict(walk_fields(event_type.schema))["header", key_field]
    examples = [
        {"name": form["form"], "summary": form["says"], "headers": form["headers"], "payload": form["event"]}
        for form in golden_record(event_type, specimen)["forms"]
    ]
    return {
        "name": event_type.name,
        "title": event_type.short_name,
        "summary": event_type.schema["doc"],
        "contentType": EVENT_CONTENT_TYPE,
        "tags": [{"name": event_type.schema["purpose"]}, *({"name": f"part:{each}"} for each in parts)],
        "correlationId": {"description": meaning, "location": f"$message.payload#/header/{key_field}"},
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/cloudEvents"},
                {
                    "properties": {
                        "ce_type": {"const": event_type.name},
                        "ce_dataschema": {"const": event_type.dataschema},
                    }
                },
            ]
        },
        "payload": {"schemaFormat": "application/vnd.apache.avro+json;version=1.9.0", "schema": event_type.schema},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "pattern": key["pattern"], "description": key["doc"]},
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "RecordNameStrategy",
                "bindingVersion": KAFKA_BINDING_VERSION,
            }
        },
        "examples": examples,
    }


def _headers_schema() -> dict[str, Any]:
    """The headers of a published event; none adds to what the body says."""
    said = {
        "ce_specversion": {"const": "1.0", "description": "CloudEvents, binary mode."},
        "ce_id": {"pattern": CanonicalUuid.PATTERN, "description": "The event id."},
        "ce_type": {"description": "The record's full name."},
        "ce_source": {"description": "The recording store."},
        "ce_time": {"format": "date-time", "description": "occurred_at, of a statement stated_at; RFC 3339 in UTC."},
        "ce_subject": {"description": "The Kafka key: the child key, of a statement the recording store."},
        "ce_dataschema": {"description": "The schema's name and the sha256 of its canonical JSON."},
        "content-type": {"const": EVENT_CONTENT_TYPE},
    }
    return {
        "type": "object",
        "description": "CloudEvents 1.0. A record without them is as good: they repeat what the body says.",
        "properties": {name: {"type": "string", **each} for name, each in said.items()},
    }
