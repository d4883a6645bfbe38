"""The validator of a schema, built for pydantic-core; `validation.validate` asks it."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema
from pydantic_core import ValidationError as ValidationError

from casefeed.contract.catalogue import EventType, Schema
from casefeed.contract.validation import UNRECOGNIZED, clear_or_sealed, item_constraints, number_bounds


@cache
def validator(event_type: EventType, writing: bool) -> SchemaValidator:
    """What holds a datum of this type to its rules; `writing` as in `validation.validate`."""
    return SchemaValidator(_ValidatorBuilder(writing=writing).build(event_type.schema, {}))


class _ValidatorBuilder:
    """Builds the validator of one self-contained schema; named types are known once met."""

    def __init__(self, *, writing: bool) -> None:
        self.writing = writing
        self.named_types: dict[str, CoreSchema] = {}

    def build(self, type_: Any, props: Schema) -> CoreSchema:
        if isinstance(type_, list):
            return self.union(type_, props)
        if isinstance(type_, str):
            return self.named_types[type_] if type_ in self.named_types else self.primitive(type_, props)
        kind = type_["type"]
        if kind == "record":
            return self.register(type_, self.record(type_))
        if kind == "enum":
            symbols = [s for s in type_["symbols"] if not (self.writing and s == UNRECOGNIZED)]
            return self.register(type_, core_schema.literal_schema(symbols))
        if kind == "array":
            items = self.build(type_["items"], item_constraints(props))
            return core_schema.list_schema(
                items, min_length=props.get("min_items"), max_length=props.get("max_items"), strict=True
            )
        return self.primitive(kind, props)

    def register(self, type_: Schema, built: CoreSchema) -> CoreSchema:
        self.named_types[f"{type_.get('namespace', 'casefeed')}.{type_['name']}"] = built
        self.named_types[type_["name"]] = built
        return built

    def record(self, schema: Schema) -> CoreSchema:
        fields = {
            item["name"]: core_schema.typed_dict_field(self.build(item["type"], item), required=True)
            for item in schema["fields"]
        }
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)

    def union(self, members: list[Any], props: Schema) -> CoreSchema:
        if "null" in members:
            (other,) = [member for member in members if member != "null"]
            return core_schema.nullable_schema(self.build(other, props))
        clear, sealed = members
        choices: dict[str, CoreSchema] = {"clear": self.build(clear, props), "sealed": self.build(sealed, props)}
        return core_schema.tagged_union_schema(choices, discriminator=clear_or_sealed)

    def primitive(self, kind: str, props: Schema) -> CoreSchema:
        if kind == "string":
            return core_schema.str_schema(
                pattern=props.get("pattern"), max_length=props.get("max_length"), strict=True
            )
        if kind in ("int", "long"):
            low, high = number_bounds(kind, props)
            return core_schema.int_schema(ge=low, le=high, strict=True)
        if kind == "boolean":
            return core_schema.bool_schema(strict=True)
        return core_schema.bytes_schema(max_length=props.get("max_length"), strict=True)
