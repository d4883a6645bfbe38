"""Whether mail can reach an address: the finding that OIG-25-21 counted 31,000 times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from casefeed.contract.codes import state_of_zip


class AddressFinding(IntEnum):
    """What keeps mail from an address; the larger is the worse, and stands for all smaller."""

    NONE = 0
    MISSING_UNIT = 1
    UNDELIVERABLE = 2
    BLANK = 3

    @property
    def label(self) -> str:
        """The finding as people read it."""
        return {0: "mail can reach it", 1: "missing unit", 2: "undeliverable", 3: "blank"}[self]


_STATED_FINDINGS = dict(AddressFinding.__members__)
_PLACEHOLDERS = frozenset({"", "UNKNOWN", "N/A", "NA", "NONE", "TBD", "-"})
_HOUSE_NUMBER_OR_BOX = re.compile(r"\s*(\d|P\.?\s*O\.?\s+BOX\b)", re.IGNORECASE)
_UNIT_WITHOUT_NUMBER = re.compile(r"(^|[\s,])(APT|UNIT|STE|RM|FL|LOT|#)\.?\s*$", re.IGNORECASE)


def address_finding(address: Mapping[str, Any] | None, stated_quality: str) -> AddressFinding:
    """The worse of what the sender states and what its text shows.

    `address` is the clear address (raw form); None where it is sealed and only the stated quality is known.
    """
    stated = _STATED_FINDINGS.get(stated_quality, AddressFinding.NONE)
    return stated if address is None else max(stated, text_finding(address))


def text_finding(address: Mapping[str, Any]) -> AddressFinding:
    """What the text of an address shows by itself (USPS Publication 28 names the parts)."""
    line1 = address["line1"].strip()
    if line1.upper() in _PLACEHOLDERS:
        return AddressFinding.BLANK
    if not _HOUSE_NUMBER_OR_BOX.match(line1) or not all(address[part] for part in ("city", "state", "zip")):
        return AddressFinding.UNDELIVERABLE
    if state_of_zip(address["zip"]) not in (None, address["state"]):
        return AddressFinding.UNDELIVERABLE
    unit = (address["secondary_unit"] or "").strip()
    if _UNIT_WITHOUT_NUMBER.search(unit) or (not unit and _UNIT_WITHOUT_NUMBER.search(line1)):
        return AddressFinding.MISSING_UNIT
    return AddressFinding.NONE
