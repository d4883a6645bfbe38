"""What each kind of change means for those who read and those who write, in words.

`{a}` is the version before, `{b}` the version after. A rule of the evolution gate is here by its name; what the gate
lets pass is here too.
"""

from __future__ import annotations

_NEITHER_READS = "a reader of {a} cannot read the records of {b}, nor a reader of {b} those of {a}"
_MISREAD = "a reader of either takes the same bytes of the other for something else"

# What the gate lets pass, with what a writer of {b} does about it.
COMPATIBLE: dict[str, tuple[str, str]] = {
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
BREAKING: dict[str, str] = {
    "type-removed": "a reader of {a} waits for it in vain; a reader of {b} parks its records on the topics",
    "renamed": _NEITHER_READS,
    "type-changed": _NEITHER_READS,
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
    "logical-type-changed": _MISREAD,
    "unit-changed": _MISREAD,
    "doc-changed": "a reader of either takes the same value for what its own doc says",
    "sensitivity-changed": "a reader of {a} guards the value by the tag it knows, which {b} no longer means",
    "constraint-tightened": "a reader of {b} parks the records of {a} that break it",
    "constraint-loosened": "a reader of {a} parks the records of {b} that go beyond it",
    "constraint-changed": "a reader of either parks the records of the other that break its own",
    "topic-added": "a reader of {a} parks the type there",
    "topic-removed": "a reader of {a} waits there in vain",
    "purpose-changed": "a reader of {a} holds the records for a purpose that {b} no longer states",
}
