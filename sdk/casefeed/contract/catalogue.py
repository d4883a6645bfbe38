"""The catalogue: every event type of the feed, read from the packaged schemas.

Each type's schema is assembled self-contained (every named type written out where it is first used), so that
a stock client needs nothing but that one text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

from casefeed.contract.errors import SchemaError
from casefeed.contract.resources import data_dir

Schema = dict[str, Any]
FieldPath = tuple[str, ...]
"""The names of a field and of the records that it is in, the outermost first."""

DATASCHEMA_PREFIX = "urn:casefeed:schema:"
ORR_TOPIC = "orr.case-events"
ICE_TOPIC = "ice.case-events"
CASE_TOPICS = (ORR_TOPIC, ICE_TOPIC)
"""What is keyed by child: every event type of a direction is on its one topic."""
STATEMENT_TOPICS = {ORR_TOPIC: "orr.statements", ICE_TOPIC: "ice.statements"}
"""Where an agency says how its topic stands, keyed by recording store."""


def canonical_json(schema: object) -> str:
    """`schema` as canonical JSON: keys sorted, no white space, every property kept."""
    return json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(schema: object) -> bytes:
    """The sha256 (32 bytes) of the canonical JSON.

    Avro's own fingerprint is not used: it is equal for `date` and `int`, and across differing defaults.
    """
    import hashlib  # OpenSSL takes a while to load

    return hashlib.sha256(canonical_json(schema).encode()).digest()


def without_logical_types(node: Any) -> Any:
    """`node` with logical types taken off, so that decoding yields ints and strings, not datetimes."""
    if isinstance(node, list):
        return [without_logical_types(item) for item in node]
    if isinstance(node, dict):
        return {key: without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return node


def prepare_schema(schema: Schema) -> Schema:
    """A record schema made ready for fastavro."""
    from fastavro import parse_schema  # loaded with the first schema: topics and names need none

    return cast(Schema, parse_schema(schema))


def walk_fields(schema: Schema) -> Iterator[tuple[FieldPath, Schema]]:
    """Each field of a self-contained record schema, depth first, as (path of names, field).

    Lists and maps are entered, and a named type wherever its name is used, but never inside itself.
    """
    yield from _walk_record(schema, {}, ())


def _walk_record(
    record: Schema, named_types: dict[str, Schema], enclosing: FieldPath
) -> Iterator[tuple[FieldPath, Schema]]:
    namespace = record.get("namespace", enclosing[-1].rpartition(".")[0] if enclosing else "")
    full = record["name"] if "." in record["name"] else f"{namespace}.{record['name']}".lstrip(".")
    named_types[full] = named_types[full.rpartition(".")[2]] = record
    if full in enclosing:
        return
    for item in record["fields"]:
        yield (item["name"],), item
        for inner in _nested_records(item["type"], named_types):
            for path, found in _walk_record(inner, named_types, (*enclosing, full)):
                yield (item["name"], *path), found


def _nested_records(type_: Any, named: Mapping[str, Schema]) -> Iterator[Schema]:
    """The records that a value of `type_` may be or hold directly."""
    for member in union_branches(type_):
        if isinstance(member, str):
            if member in named:
                yield named[member]
        elif member.get("type") in ("record", "error"):
            yield member
        else:
            yield from _nested_records(member.get("items", member.get("values", member["type"])), named)


def union_branches(type_: Any) -> list[Any]:
    """The members of a union; any other type is a union of one."""
    return type_ if isinstance(type_, list) else [type_]


def defined_types(type_: Any) -> Iterator[Schema]:
    """The named types that a type writes out, alone or in a union, a list or a map; not those inside a record."""
    for member in union_branches(type_):
        if isinstance(member, dict):
            if "name" in member:
                yield member
            yield from defined_types(member.get("items", member.get("values", [])))


def named_types(node: Any) -> dict[str, Schema]:
    """Every record and enum defined inside a type, by short name, what is used before what uses it."""
    found: dict[str, Schema] = {}
    for member in union_branches(node):
        if not isinstance(member, dict):
            continue
        for item in member.get("fields", []):
            found |= named_types(item["type"])
        found |= named_types(member.get("items", []))
        if "name" in member:
            found[member["name"]] = member
    return found


@dataclass(frozen=True, eq=False)
class EventType:
    """One event type: its self-contained schema and what the contract says of it."""

    name: str
    schema: Schema
    canonical_json: str = field(repr=False)
    fingerprint: bytes = field(repr=False)
    short_name: str
    """The name without its namespace."""
    ce_type: bytes = field(repr=False)
    """The name as the `ce_type` header has it."""
    topics: frozenset[str]
    """The topics on which this type may appear."""
    has_cross_record_rules: bool = False
    """Whether a rule binds fields of different records (`codec.check_cross_record`)."""
    is_case_event: bool = True
    """Whether it is an event of one child, or else a statement of a source."""

    @classmethod
    def from_schema(cls, schema: Schema, *, parse: bool = True) -> EventType:
        """The event type that the self-contained `schema` describes.

        Raises what fastavro raises where it is no schema; without `parse` that comes when it is used.
        """
        name = f"{schema['namespace']}.{schema['name']}"
        found = cls(
            name=name,
            schema=schema,
            canonical_json=canonical_json(schema),
            fingerprint=fingerprint(schema),
            short_name=name.rpartition(".")[2],
            ce_type=name.encode(),
            topics=frozenset(schema.get("topics", ())),
            has_cross_record_rules=any("datum_under" in item or "unlike" in item for item in schema["fields"]),
            is_case_event=not set(schema.get("topics", ())) & set(STATEMENT_TOPICS.values()),
        )
        if parse:
            for form in ("parsed_schema", "raw_schema"):
                getattr(found, form)
        return found

    @cached_property
    def parsed_schema(self) -> Schema:
        """The schema as fastavro takes it."""
        return prepare_schema(self.schema)

    @cached_property
    def raw_schema(self) -> Schema:
        """The schema as fastavro takes it for data in raw form."""
        return prepare_schema(without_logical_types(self.schema))

    @property
    def dataschema(self) -> str:
        """The type's `ce_dataschema`: its name and its fingerprint."""
        return f"{DATASCHEMA_PREFIX}{self.name}:sha256:{self.fingerprint.hex()}"


class Catalogue:
    """Every record type of the feed: `event_types` are the events; the others are statements of a whole source."""

    def __init__(self, record_types: Mapping[str, EventType]) -> None:
        self.record_types = dict(record_types)
        self.event_types = {name: each for name, each in record_types.items() if each.is_case_event}
        self._by_fingerprint = {each.fingerprint: each for each in record_types.values()}

    def by_fingerprint(self, digest: bytes) -> EventType | None:
        """The packaged type with this fingerprint, or None."""
        return self._by_fingerprint.get(digest)

    def by_dataschema(self, dataschema: str) -> EventType | None:
        """The packaged type that a `ce_dataschema` header names, or None."""
        name, _, digest = dataschema.removeprefix(DATASCHEMA_PREFIX).partition(":sha256:")
        found = self.record_types.get(name)
        return found if found is not None and found.fingerprint.hex() == digest else None

    def by_name(self, name: str) -> EventType:
        """The type with this full or short name; raises KeyError with the names that exist."""
        found = self.record_types.get(name) or self.record_types.get(f"casefeed.{name}")
        if found is None:
            known = ", ".join(sorted(each.short_name for each in self.record_types.values()))
            raise KeyError(f"no event type {name!r}; there are {known}")
        return found

    def on_topic(self, topic: str) -> list[EventType]:
        """The types that may appear on `topic`, by name."""
        return sorted((each for each in self.record_types.values() if topic in each.topics), key=lambda t: t.name)

    @property
    def topics(self) -> list[str]:
        """The topics of the feed, by name."""
        return sorted({topic for each in self.record_types.values() for topic in each.topics})


def assemble_schema(name: str, named_types: Mapping[str, Schema]) -> Schema:
    """The schema `name` with every named type written out where it is first used.

    Raises SchemaError when a file names a type that no file defines.
    """
    seen: set[str] = set()

    def resolve(node: Any) -> Any:
        if isinstance(node, str) and "." in node:
            if node in seen:
                return node
            if node not in named_types:
                raise SchemaError(f"{name} names {node}, which no file of schemas/avro defines; add {node}.avsc")
            return resolve(named_types[node])
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if isinstance(node, dict):
            if "fields" in node or "symbols" in node:
                seen.add(f"{node.get('namespace', name.rpartition('.')[0])}.{node['name']}")
            kept = {key: value for key, value in node.items() if key not in ("type", "items", "fields")}
            for key in ("type", "items"):
                if key in node:
                    kept[key] = resolve(node[key])
            if "fields" in node:
                kept["fields"] = [resolve(item) for item in node["fields"]]
            return kept
        return node

    return dict(resolve(named_types[name]))


def read_named_types(folder: Path) -> dict[str, Schema]:
    """The records and enums of a folder of .avsc files, by full name; the file name must be the full name."""
    parts: dict[str, Schema] = {}
    for path in sorted(folder.glob("*.avsc")):
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SchemaError(f"{path.name} is not JSON ({error}); mend the file") from error
        name = f"{schema.get('namespace')}.{schema.get('name')}"
        if path.stem != name:
            raise SchemaError(f"{path.name} defines {name}; a schema file is named by its full name")
        parts[name] = schema
    if not parts:
        raise SchemaError(f"no .avsc file in {folder}; the installation is incomplete")
    return parts


def read_event_schemas(folder: Path) -> dict[str, Schema]:
    """The event schemas of a folder of .avsc files, self-contained, by full name."""
    parts = read_named_types(folder)
    return {name: assemble_schema(name, parts) for name, schema in parts.items() if "topics" in schema}


def build_catalogue(folder: Path, *, parse: bool = True) -> Catalogue:
    """The catalogue of a folder of .avsc files; `parse` as in `EventType.from_schema`."""
    schemas = read_event_schemas(folder)
    return Catalogue({name: EventType.from_schema(schema, parse=parse) for name, schema in schemas.items()})


def schema_versions(folder: Path) -> dict[str, list[Schema]]:
    """Every event schema in `folder` and the folders below it, self-contained, by full name, in order of folder.

    A release is a folder of .avsc files; none is no fault. Raises SchemaError as `read_named_types` does.
    """
    found: dict[str, list[Schema]] = {}
    for version_folder in sorted({path.parent for path in folder.rglob("*.avsc")}):
        for name, schema in read_event_schemas(version_folder).items():
            found.setdefault(name, []).append(schema)
    return found


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """The catalogue of the packaged schemas; each is parsed when it is used."""
    return build_catalogue(data_dir() / "avro", parse=False)


@lru_cache(maxsize=256)
def released_schema(dataschema: str) -> Schema | None:
    """The schema of an earlier release that a `ce_dataschema` names, self-contained; None where none has it."""
    name, _, digest = dataschema.removeprefix(DATASCHEMA_PREFIX).partition(":sha256:")
    for schema in schema_versions(data_dir() / "released").get(name, []):
        if fingerprint(schema).hex() == digest:
            return schema
    return None
