"""The synthetic guard and the forbidden-field guard: what may never be on the feed.

Both run at the sender before anything leaves, and at the receiver before anything is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from casefeed.contract.catalogue import EventType, Schema, record_parts
from casefeed.contract.errors import Forbidden
from casefeed.contract.reasons import RefusedReason

# What never has a field (design section 4; domain 5.5): names are compared by their words, in any order.
FORBIDDEN_WORDS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "immigration status",
        "sponsor status",
        "fingerprint",
        "fingerprints",
        "household",
        "income",
        "risk score",
        "risk",
        "discharge plan text",
        "plan text",
        "therapy",
        "diagnosis",
        "medication",
        "psychological",
        "narrative",
        "biometric",
        "photo",
        "trafficking",
        "asylum",
        "charges",
        "allegations",
    )
)
# Medical and psychological content never enters; a bare yes or no may.
FLAG_ONLY_TAG = "MP"
BARRED_TAG = "VT"


@cache
def _ranges(event_type: EventType) -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    return tuple(
        (path, re.compile(item["synthetic_pattern"]))
        for path, item in record_parts(event_type.schema)
        if "synthetic_pattern" in item
    )


def _value(datum: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(datum, dict):
            return None
        datum = datum.get(step)
    return datum


def guard_synthetic(event_type: EventType, datum: dict[str, Any]) -> None:
    """Refuse a datum (raw form) that is not marked synthetic or holds an identifier outside its range.

    Raises Forbidden. A sealed part is opaque here: it is guarded before it is sealed and when it is opened.
    """
    if _value(datum, ("header", "synthetic")) is not True:
        raise Forbidden(f"{event_type.name}.header.synthetic", RefusedReason.NOT_SYNTHETIC)
    for path, allowed in _ranges(event_type):
        value = _value(datum, path)
        if isinstance(value, str) and not allowed.fullmatch(value):
            raise Forbidden(f"{event_type.name}.{'.'.join(path)}", RefusedReason.NOT_SYNTHETIC)


def forbidden_fields(schema: Schema) -> Iterator[str]:
    """The paths of a self-contained schema's fields that this feed never carries."""
    for path, item in record_parts(schema):
        words = set(re.split(r"[_\W]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", item["name"]).lower()))
        barred = any(group <= words for group in FORBIDDEN_WORDS)
        flag = item.get("sensitivity") == FLAG_ONLY_TAG and item["type"] != "boolean"
        if barred or flag or item.get("sensitivity") == BARRED_TAG:
            yield ".".join(path)


def guard_schema(name: str, schema: Schema) -> None:
    """Refuse a writer's schema that has a field this feed never carries; raises Forbidden."""
    for path in forbidden_fields(schema):
        raise Forbidden(f"{name}.{path}", RefusedReason.FORBIDDEN_FIELD)
