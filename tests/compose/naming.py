"""What names a person or a door in the events of an archive: no log may hold it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from casefeed.contract import archive, catalogue, codec

# A city or a language alone may stand in any log.
IDENTIFYING = {
    "a_number", "aliases", "given_name", "line1", "ncmec_case_no", "phone", "police_report_no", "portal_id",
    "sponsor_ref", "surname",
}  # fmt: skip


def events(archives: Iterable[Path]) -> list[dict[str, Any]]:
    """Every event of the archives, decoded."""
    types = catalogue.load_catalogue()
    found = []
    for path in archives:
        with path.open("rb") as source:
            for envelope in archive.read_archive(source):
                event_type = types.by_fingerprint(envelope.fingerprint)
                assert event_type is not None
                found.append(codec.decode(event_type, envelope.datum))
    return found


def named_in(logs: str, told: Iterable[dict[str, Any]]) -> set[str]:
    """Names, numbers and addresses of the events that stand in `logs`; the events have more than a hundred."""
    values = {value for event in told for value in _identifying(event)}
    assert len(values) > 100
    words = set(re.findall(r"\w+", logs))
    return {value for value in values if (value in words if value.isalnum() else value in logs)}


def _identifying(value: object, name: str = "") -> set[str]:
    if isinstance(value, dict):
        return {each for key, inner in value.items() for each in _identifying(inner, key)}
    if isinstance(value, list):
        return {each for inner in value for each in _identifying(inner, name)}
    return {value} if name in IDENTIFYING and isinstance(value, str) and len(value) > 2 else set()
