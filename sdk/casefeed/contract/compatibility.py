"""The evolution gate: a new version of a schema is read by every earlier reader, reads every earlier
record, and means what it meant.

FULL_TRANSITIVE in Avro's sense, then the rules that Avro does not have: a changed logical type, unit,
default, sensitivity, constraint or doc is a change of meaning under an unchanged name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from casefeed.contract.catalogue import Schema, defined_types, prepare_schema, union_branches

# The rules whose breach makes a reader take the same bytes for something else.
_MISREAD_RULES = frozenset({"renamed", "logical-type-changed", "unit-changed"})
_NEW_FIELD_REMEDY = "Leave this field as it is and add a new one with the new meaning and a default."
_REMEDIES = {
    "field-added-without-default": "Give the new field a default (a union with null first, default null).",
    "field-removed-without-default": "Keep the field.",
    "field-aliased": "Keep the old name, or add a new field with a default and fill both.",
    "symbol-added-without-default": "Give the enum a default symbol before it grows.",
    "symbol-removed-without-default": "Keep the symbol; stop writing it.",
    "symbol-removed": "Keep the symbol; stop writing it.",
    "topic-added": "Publish on the topics agreed; a further topic is an amendment of the agreement.",
    "topic-removed": "Keep the topic; stop publishing on it.",
}
# Field properties with the direction in which a greater value tightens; None where only equality is safe.
CONSTRAINTS: dict[str, int | None] = {
    **dict.fromkeys(("minimum", "min_items"), 1),
    **dict.fromkeys(("maximum", "max_length", "max_items", "item_max_length"), -1),
    **dict.fromkeys(("pattern", "item_pattern", "synthetic_pattern", "code_list"), None),
    **dict.fromkeys(("not_before", "unlike", "datum_under", "restates"), None),
}
MEANING_RULES = {"unit": "unit-changed", "sensitivity": "sensitivity-changed", "pseudonym": "sensitivity-changed"}


@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """Why a schema may not be released: rule (kebab-case), path of the field, what is wrong, what to do."""

    rule: str
    field: str
    sentence: str
    remedy: str


def check_compatibility(new: Schema, earlier: Sequence[Schema]) -> list[SchemaViolation]:
    """What keeps `new` from following the `earlier` versions of its subject; empty when nothing does.

    All are self-contained schemas as JSON, names with or without their namespace written out. Findings that
    several earlier versions share are given once. Raises fastavro's SchemaParseException for what is no schema.
    """
    found: dict[SchemaViolation, None] = {}
    for old in earlier:
        found |= dict.fromkeys(_SchemaComparison(prepare_schema(new), prepare_schema(old)).violations())
    return list(found)


def misread_violations(writer: Schema, reader: Schema) -> list[SchemaViolation]:
    """The findings that would make `reader` take the writer's bytes for something else."""
    return [each for each in check_compatibility(writer, [reader]) if each.rule in _MISREAD_RULES]


def full_name(schema: Schema) -> str:
    """The full name of a named schema."""
    name: str = schema["name"]
    return name if "." in name or "namespace" not in schema else f"{schema['namespace']}.{name}"


def enum_symbols(type_: Any) -> list[str]:
    """The symbols of an enum, or of a list of one, where it is written out."""
    return [symbol for each in defined_types(type_) for symbol in each.get("symbols", ())]


def next_subject(name: str) -> str:
    """The name that a breaking change takes: casefeed.X becomes casefeed.X2, and that casefeed.X3."""
    stem, number = re.fullmatch(r"(.*?)(\d*)", name).groups()  # type: ignore[union-attr]
    return f"{stem}{int(number or 1) + 1}"


class _SchemaComparison:
    """Walks a new and an old schema side by side; each named type is compared once, where it is first met."""

    def __init__(self, new: Schema, old: Schema) -> None:
        self.new, self.old = new, old
        self.named: tuple[dict[str, Schema], dict[str, Schema]] = ({}, {})
        self.compared: set[tuple[str, str]] = set()

    def violations(self) -> Iterator[SchemaViolation]:
        yield from self.compare_types((), self.new, self.old)
        before, after = set(self.old.get("topics", ())), set(self.new.get("topics", ()))
        for topic in sorted(after - before):
            yield self.violation("topic-added", (), f"is now on {topic}, where earlier readers park it")
        for topic in sorted(before - after):
            yield self.violation("topic-removed", (), f"is no longer on {topic}, where its records lie")
        if self.old.get("purpose") != self.new.get("purpose"):
            yield self.violation("purpose-changed", (), "states another purpose than records were released for")

    def violation(self, rule: str, path: tuple[str, ...], sentence: str) -> SchemaViolation:
        subject = full_name(self.old)
        remedy = _REMEDIES.get(rule, _NEW_FIELD_REMEDY if path else "")
        breaking = f"A breaking change is a new subject: {next_subject(subject)}."
        return SchemaViolation(rule, ".".join(path) or subject, sentence, f"{remedy} {breaking}".strip())

    def compare_types(self, path: tuple[str, ...], new: Any, old: Any) -> Iterator[SchemaViolation]:
        """Compare two types that stand at the same place."""
        if isinstance(new, list) or isinstance(old, list):
            yield from self.compare_unions(path, union_branches(new), union_branches(old))
            return
        new, old = self.resolve(0, new), self.resolve(1, old)
        kind, was = _kind(new), _kind(old)
        if kind != was:
            yield self.violation("type-changed", path, f"was {was} and is now {kind}")
            return
        if _logical_type(new) != _logical_type(old):
            words = (
                f"was {_logical_type(old) or 'plain'} and is now {_logical_type(new) or 'plain'}, on the same bytes"
            )
            yield self.violation("logical-type-changed", path, words)
        if kind in ("array", "map"):
            inner = "items" if kind == "array" else "values"
            yield from self.compare_types(path, new[inner], old[inner])
        elif kind in ("record", "enum", "fixed"):
            yield from self.compare_named_types(path, new, old)

    def resolve(self, side: int, type_: Any) -> Any:
        """The definition of a type given by name; a definition met is remembered by name."""
        if isinstance(type_, str):
            return self.named[side].get(type_, type_)
        if "name" in type_:
            self.named[side].update({full_name(type_): type_, type_["name"]: type_})
        return type_

    def compare_unions(self, path: tuple[str, ...], new: list[Any], old: list[Any]) -> Iterator[SchemaViolation]:
        """Compare two unions branch by branch; a plain type is a union of one."""
        after = {self.branch_name(0, each): each for each in new}
        before = {self.branch_name(1, each): each for each in old}
        if len(after) == len(before) == 1:
            yield from self.compare_types(path, *after.values(), *before.values())
            return
        for name in sorted(set(after) - set(before)):
            yield self.violation("branch-added", path, f"may now be {name}, which earlier readers cannot read")
        for name in sorted(set(before) - set(after)):
            yield self.violation("branch-removed", path, f"may no longer be {name}, as records already are")
        for name, type_ in after.items():
            if name in before:
                yield from self.compare_types(path, type_, before[name])

    def branch_name(self, side: int, type_: Any) -> str:
        type_ = self.resolve(side, type_)
        return full_name(type_) if isinstance(type_, dict) and "name" in type_ else _kind(type_)

    def compare_named_types(self, path: tuple[str, ...], new: Schema, old: Schema) -> Iterator[SchemaViolation]:
        name, was = full_name(new), full_name(old)
        if (name, was) in self.compared:
            return
        self.compared.add((name, was))
        if name != was:
            yield self.violation("renamed", path, f"was {was} and is now {name}")
        yield from self.compare_docs(path, new, old)
        if new["type"] == "record":
            yield from self.compare_records(path, new, old)
        elif new["type"] == "enum":
            yield from self.compare_enums(path, new, old)
        elif new.get("size") != old.get("size"):
            yield self.violation("type-changed", path, f"was {old['size']} bytes and is now {new['size']}")

    def compare_records(self, path: tuple[str, ...], new: Schema, old: Schema) -> Iterator[SchemaViolation]:
        after = {each["name"]: each for each in new["fields"]}
        before = {each["name"]: each for each in old["fields"]}
        for name, item in after.items():
            here = (*path, name)
            for alias in sorted(set(item.get("aliases", ())) & set(before)):
                words = f"takes the place of {alias}; earlier readers know no alias and would miss it"
                yield self.violation("field-aliased", here, words)
            if name in before:
                yield from self.compare_fields(here, item, before[name])
            elif "default" not in item:
                words = "is new and has no default, so earlier records cannot be read"
                yield self.violation("field-added-without-default", here, words)
        for name, item in before.items():
            if name not in after and "default" not in item:
                words = "is gone and had no default, so earlier readers cannot read new records"
                yield self.violation("field-removed-without-default", (*path, name), words)

    def compare_fields(self, path: tuple[str, ...], new: Schema, old: Schema) -> Iterator[SchemaViolation]:
        yield from self.compare_types(path, new["type"], old["type"])
        yield from self.compare_docs(path, new, old)
        if "default" in old and "default" not in new:
            words = "has lost its default, so records of the versions without it cannot be read"
            yield self.violation("default-changed", path, words)
        elif new.get("default") != old.get("default"):
            yield self.violation("default-changed", path, "stands for another value where it is not written")
        for prop, rule in MEANING_RULES.items():
            if new.get(prop) != old.get(prop):
                words = f"{prop} was {old.get(prop, 'none')} and is now {new.get(prop, 'none')}"
                yield self.violation(rule, path, words)
        for prop, direction in CONSTRAINTS.items():
            yield from self.compare_constraint(path, prop, direction, new.get(prop), old.get(prop))

    def compare_constraint(
        self, path: tuple[str, ...], prop: str, direction: int | None, new: Any, old: Any
    ) -> Iterator[SchemaViolation]:
        if new == old:
            return
        tighter = old is None or (new is not None and direction is not None and (new - old) * direction > 0)
        if direction is None and new is not None and old is not None:
            words = f"{prop} was {old} and is now {new}"
            yield self.violation("constraint-changed", path, words)
        elif tighter:
            words = f"{prop} was {old or 'not set'} and is now {new}, so records already written break it"
            yield self.violation("constraint-tightened", path, words)
        else:
            words = f"{prop} was {old} and is now {'not set' if new is None else new}, so earlier readers park it"
            yield self.violation("constraint-loosened", path, words)

    def compare_enums(self, path: tuple[str, ...], new: Schema, old: Schema) -> Iterator[SchemaViolation]:
        added = [each for each in new["symbols"] if each not in old["symbols"]]
        removed = [each for each in old["symbols"] if each not in new["symbols"]]
        if added and "default" not in old:
            words = f"has the new symbol {', '.join(added)}, for which earlier readers have no default"
            yield self.violation("symbol-added-without-default", path, words)
        if removed:
            rule = "symbol-removed" if "default" in new else "symbol-removed-without-default"
            yield self.violation(rule, path, f"has lost the symbol {', '.join(removed)}, which records hold")
        if new.get("default") != old.get("default"):
            words = f"default was {old.get('default', 'none')} and is now {new.get('default', 'none')}"
            yield self.violation("enum-default-changed", path, words)

    def compare_docs(self, path: tuple[str, ...], new: Schema, old: Schema) -> Iterator[SchemaViolation]:
        if new.get("doc", "").split() != old.get("doc", "").split():  # white space changes no meaning
            yield self.violation("doc-changed", path, "says something else of the same field: a change of meaning")


def _kind(type_: Any) -> str:
    kind = type_["type"] if isinstance(type_, dict) else type_
    return _kind(kind) if isinstance(kind, dict) else str(kind)


def _logical_type(type_: Any) -> str | None:
    return type_.get("logicalType") if isinstance(type_, dict) else None
