"""The synthetic guard and the forbidden-field guard: what may never be on the feed.

Both run at the sender before anything leaves, and at the receiver before anything is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from casefeed.contract.catalogue import EventType, Schema, defined_types, walk_fields
from casefeed.contract.errors import RefusedError
from casefeed.contract.reasons import RefusedReason
from casefeed.contract.validation import values_at

# What never has a field (design section 4; domain 5.5). A field is barred when its name, an alias or its
# type's name holds all words of a group, in any order, in snake_case or camelCase.
FORBIDDEN_WORDS = tuple(frozenset(words.split()) for words in (
    "immigration status", "legal status", "visa status", "sponsor status", "sponsor citizenship",
    "sponsor a number", "sponsor alien number", "fingerprint", "fingerprints", "biometric", "biometrics",
    "photo", "household", "income", "salary", "wages", "risk", "score", "discharge plan", "plan text",
    "therapy", "therapist", "counseling", "diagnosis", "medication", "psychological", "psychiatric",
    "narrative", "trafficking", "asylum", "charges", "allegations",
))  # fmt: skip
# Medical and psychological content never enters; a bare yes or no, tagged so, may.
_A_NUMBER = re.compile(rb"[Aa]-?[0-9]{7,9}")
_SYNTHETIC_A_NUMBER = re.compile(rb"A000[0-9]{6}")
FLAG_ONLY_TAG = "MP"
FLAG_ONLY_WORDS = frozenset({"medical", "health", "mental", "treatment", "study"})
FORBIDDEN_TAG = "VT"


@cache
def synthetic_patterns(event_type: EventType) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """The identifiers of an event type that are synthetic by their form: (path, that form)."""
    return tuple(
        (path, re.compile(item["synthetic_pattern"]))
        for path, item in walk_fields(event_type.schema)
        if "synthetic_pattern" in item
    )


def guard_synthetic(event_type: EventType, datum: dict[str, Any]) -> None:
    """Refuse a datum (raw form) that is not marked synthetic or holds an identifier outside its range.

    Raises RefusedError. A sealed part is opaque here: it is guarded before it is sealed and when it is opened.
    """
    marks = list(values_at(datum, ("header", "synthetic")))
    if len(marks) != 1 or marks[0] is not True:
        raise RefusedError(f"{event_type.name}.header.synthetic", RefusedReason.NOT_SYNTHETIC)
    for path, allowed in synthetic_patterns(event_type):
        for value in values_at(datum, path):
            if isinstance(value, str) and not allowed.fullmatch(value):
                raise RefusedError(f"{event_type.name}.{'.'.join(path)}", RefusedReason.NOT_SYNTHETIC)


def forbidden_fields(schema: Schema) -> Iterator[str]:
    """The paths of a self-contained schema's fields that this feed never carries."""
    for path, item in walk_fields(schema):
        names = [item["name"], *item.get("aliases", ()), *(each["name"] for each in defined_types(item["type"]))]
        within = _words(path[0]) if path[0] == "sponsor" else set()
        barred = any(group <= _words(name) | within for name in names for group in FORBIDDEN_WORDS)
        flag = item["type"] == "boolean" and item.get("sensitivity") == FLAG_ONLY_TAG
        flag_only = item.get("sensitivity") == FLAG_ONLY_TAG or _words(item["name"]) & FLAG_ONLY_WORDS
        if barred or (flag_only and not flag) or item.get("sensitivity") == FORBIDDEN_TAG:
            yield ".".join(path)


def _words(name: str) -> set[str]:
    return set(re.split(r"[_\W]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))


def is_real_a_number(key: bytes) -> bool:
    """Whether a Kafka key has the form of an A-number outside the synthetic range."""
    return bool(_A_NUMBER.fullmatch(key)) and not _SYNTHETIC_A_NUMBER.fullmatch(key)


def guard_schema(name: str, schema: Schema) -> None:
    """Refuse a writer's schema that has a field this feed never carries; raises RefusedError."""
    for path in forbidden_fields(schema):
        raise RefusedError(f"{name}.{path}", RefusedReason.FORBIDDEN_FIELD)
