"""What differs between two versions of the feed's schemas, in words: for readers, and for writers.

The gate's findings are the changes that may not be; what it lets pass is a change as well, and is told here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from casefeed.contract.catalogue import FieldPath, Schema, defined_types, walk_fields
from casefeed.contract.compatibility import (
    CONSTRAINTS,
    MEANING_RULES,
    SchemaViolation,
    check_compatibility,
    enum_symbols,
)
from casefeed.schema_tools.releases import removed_types

# What each kind of change means for those who read and those who write. `{a}` is the version before, `{b}` the
# version after. A rule of the evolution gate is here by its name; what the gate lets pass is here too.
_UNREADABLE_BOTH_WAYS = "a reader of {a} cannot read the records of {b}, nor a reader of {b} those of {a}"
_MISREAD_BOTH_WAYS = "a reader of either takes the same bytes of the other for something else"

# What the gate lets pass, with what a writer of {b} does about it.
COMPATIBLE_ADVICE: dict[str, tuple[str, str]] = {
    "type-added": (
        "a reader of {a} parks its records, for it knows no such type",
        "may publish it; readers that stay with {a} need {b} to apply what they parked",
    ),
    "field-added": (
        "a reader of {a} passes over it; a reader of {b} finds the default in the records of {a}",
        "fills it where it knows it, and leaves the default where it does not",
    ),
    "field-removed": (
        "a reader of {a} finds the default in the records of {b}; a reader of {b} passes over it in those of {a}",
        "no longer sends it",
    ),
    "symbol-added": (
        "a reader of {a} meets the enum's default in its place, and cannot act on it",
        "may send it; where a reader of {a} has to act, an earlier symbol says it to both",
    ),
    "property-changed": (
        "a reader of {a} and a reader of {b} read the same value with the same meaning",
        "has nothing to do",
    ),
}

# What the gate finds: nobody may write it, so there is the reader's side alone.
BREAKING_ADVICE: dict[str, str] = {
    "type-removed": "a reader of {a} waits for it in vain; a reader of {b} parks its records on the topics",
    "renamed": _UNREADABLE_BOTH_WAYS,
    "type-changed": _UNREADABLE_BOTH_WAYS,
    "branch-added": "a reader of {a} cannot read a record of {b} that holds it",
    "branch-removed": "a reader of {b} cannot read a record of {a} that holds it",
    "field-added-without-default": "a reader of {a} passes over it; a reader of {b} cannot read the records of {a}",
    "field-removed-without-default": "a reader of {a} cannot read the records of {b}",
    "field-aliased": "a reader of {a} passes over the new name and misses the one it knows",
    "symbol-added-without-default": "a reader of {a} cannot read a record of {b} that holds it",
    "symbol-removed": "a reader of {b} meets the enum's default in the records of {a} that hold it",
    "symbol-removed-without-default": "a reader of {b} cannot read a record of {a} that holds it",
    "enum-default-changed": "a reader of {a} and a reader of {b} take a symbol they do not know for different ones",
    "default-changed": "a reader of {a} and a reader of {b} find different values where none was written",
    "logical-type-changed": _MISREAD_BOTH_WAYS,
    "unit-changed": _MISREAD_BOTH_WAYS,
    "doc-changed": "a reader of either takes the same value for what its own doc says",
    "sensitivity-changed": "a reader of {a} guards the value by the tag it knows, which {b} no longer means",
    "constraint-tightened": "a reader of {b} parks the records of {a} that break it",
    "constraint-loosened": "a reader of {a} parks the records of {b} that go beyond it",
    "constraint-changed": "a reader of either parks the records of the other that break its own",
    "topic-added": "a reader of {a} parks the type there",
    "topic-removed": "a reader of {a} waits there in vain",
    "purpose-changed": "a reader of {a} holds the records for a purpose that {b} no longer states",
}

# What of a field the gate itself compares.
_GATE_PROPERTIES = {"name", "type", "doc", "default", "aliases", *CONSTRAINTS, *MEANING_RULES}
_TYPE_PROPERTIES = {"name", "namespace", "type", "fields", "doc", "topics", "purpose"}

FieldsByPath = Mapping[FieldPath, Schema]


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference: of which event type, at which field (or the type itself), by which rule, in a sentence.

    `readers` and `writers` say what each side meets and has to do; `breaks` that the later may not follow.
    """

    event_type: str
    field: str
    rule: str
    sentence: str
    readers: str
    writers: str
    breaks: bool


@dataclass(frozen=True, slots=True)
class VersionNames:
    """The names of the two versions: `a` before, `b` after."""

    a: str
    b: str

    def compatible_change(self, event_type: str, field: str, rule: str, sentence: str) -> SchemaChange:
        """A change that the gate lets pass."""
        readers, writers = (each.format(a=self.a, b=self.b) for each in COMPATIBLE_ADVICE[rule])
        writers = f"a writer of {self.b} {writers}"
        return SchemaChange(event_type, field, rule, sentence, readers, writers, breaks=False)

    def breaking_change(self, event_type: str, found: SchemaViolation) -> SchemaChange:
        """A finding of the gate, as a change."""
        readers = BREAKING_ADVICE[found.rule].format(a=self.a, b=self.b)
        writers = f"not to be published, for {self.b} may not follow {self.a}. {found.remedy}"
        return SchemaChange(event_type, found.field, found.rule, found.sentence, readers, writers, breaks=True)


def schema_changes(
    before: Mapping[str, Schema], after: Mapping[str, Schema], versions: VersionNames
) -> list[SchemaChange]:
    """Every change from `before` to `after`: event schemas, self-contained, by full name.

    Ordered by event type; of one type what breaks comes first.
    """
    changes = [
        versions.breaking_change(found.field, found)
        for found in removed_types(after, {name: [schema] for name, schema in before.items()})
    ]
    for name in sorted(after):
        if name in before:
            changes += [
                versions.breaking_change(name, each) for each in check_compatibility(after[name], [before[name]])
            ]
            changes += _compatible_changes(name, before[name], after[name], versions)
        else:
            words = f"is new, on {' and '.join(after[name]['topics'])}"
            changes.append(versions.compatible_change(name, name, "type-added", words))
    return sorted(changes, key=lambda each: each.event_type)


def _compatible_changes(name: str, before: Schema, after: Schema, versions: VersionNames) -> Iterator[SchemaChange]:
    old, new = dict(walk_fields(before)), dict(walk_fields(after))
    for path in _outermost_paths(new, old):
        if "default" in new[path]:
            words = f"is new, with the default {_default_text(new[path])}: {new[path]['doc']}"
            yield versions.compatible_change(name, ".".join(path), "field-added", words)
    for path in _outermost_paths(old, new):
        if "default" in old[path]:
            words = f"is gone; its default is {_default_text(old[path])}"
            yield versions.compatible_change(name, ".".join(path), "field-removed", words)
    for path in new.keys() & old.keys():
        yield from _field_changes(name, path, old[path], new[path], versions)
    for words in _property_changes(before, after, _TYPE_PROPERTIES):
        yield versions.compatible_change(name, name, "property-changed", words)


def _field_changes(
    name: str, path: FieldPath, old: Schema, new: Schema, versions: VersionNames
) -> Iterator[SchemaChange]:
    """What the gate lets pass of one field that both versions have."""
    field = ".".join(path)
    added = [each for each in enum_symbols(new["type"]) if each not in enum_symbols(old["type"])]
    if added and any("default" in each for each in defined_types(old["type"])):
        yield versions.compatible_change(name, field, "symbol-added", f"may now be {', '.join(added)}")
    for words in _property_changes(old, new, _GATE_PROPERTIES):
        yield versions.compatible_change(name, field, "property-changed", words)


def _outermost_paths(fields: FieldsByPath, others: FieldsByPath) -> Iterator[FieldPath]:
    """The paths that only `fields` has, without what lies inside another of them."""
    for path in fields:
        if path not in others and (len(path) == 1 or path[:-1] in others):
            yield path


def _property_changes(old: Schema, new: Schema, left_out: set[str]) -> Iterator[str]:
    """The changed properties that are not `left_out`, in words."""
    for prop in sorted((old.keys() | new.keys()) - left_out):
        if old.get(prop) != new.get(prop):
            yield f"{prop} was {old.get(prop) or 'none'} and is now {new.get(prop) or 'none'}"


def _default_text(item: Schema) -> str:
    value = item["default"]
    return "null" if value is None else "empty" if value in ("", []) else str(value)
