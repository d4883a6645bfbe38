"""Whether mail can reach an address: the finding that OIG-25-21 counted 31,000 times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from casefeed.contract.codes import state_of_zip


class Finding(IntEnum):
    """What keeps mail from an address; the larger is the worse, and stands for all smaller."""

    NONE = 0
    MISSING_UNIT = 1
    UNDELIVERABLE = 2
    BLANK = 3

    @property
    def words(self) -> str:
        """The finding as people read it."""
        return {0: "mail can reach it", 1: "missing unit", 2: "undeliverable", 3: "blank"}[self]


_STATED = {
    "BLANK": Finding.BLANK,
    "UNDELIVERABLE": Finding.UNDELIVERABLE,
    "MISSING_UNIT": Finding.MISSING_UNIT,
}
_PLACEHOLDERS = frozenset({"", "UNKNOWN", "N/A", "NA", "NONE", "TBD", "-"})
_HOUSE_NUMBER_OR_BOX = re.compile(r"\s*(\d|P\.?\s*O\.?\s+BOX\b)", re.IGNORECASE)
_BARE_DESIGNATOR = re.compile(r"(^|[\s,])(APT|UNIT|STE|RM|FL|LOT|#)\.?\s*$", re.IGNORECASE)


def finding(address: Mapping[str, Any] | None, stated_quality: str) -> Finding:
    """The worse of what the sender states and what its text shows.

    `address` is the clear address (raw form); None where it is sealed and only the stated quality is known.
    """
    stated = _STATED.get(stated_quality, Finding.NONE)
    return stated if address is None else max(stated, text_finding(address))


def text_finding(address: Mapping[str, Any]) -> Finding:
    """What the text of an address shows by itself (USPS Publication 28 names the parts)."""
    line1 = address["line1"].strip()
    if line1.upper() in _PLACEHOLDERS:
        return Finding.BLANK
    if not _HOUSE_NUMBER_OR_BOX.match(line1) or not all(address[part] for part in ("city", "state", "zip")):
        return Finding.UNDELIVERABLE
    if state_of_zip(address["zip"]) not in (None, address["state"]):
        return Finding.UNDELIVERABLE
    unit = (address["secondary_unit"] or "").strip()
    if _BARE_DESIGNATOR.search(unit) or (not unit and _BARE_DESIGNATOR.search(line1)):
        return Finding.MISSING_UNIT
    return Finding.NONE
