"""Ids of events that a rule derives: the same from the same causes, however often and wherever the rule runs."""

from __future__ import annotations

import json
from uuid import UUID, uuid5

# Made once, for this purpose.
NAMESPACE = UUID("6f0d5a52-5d0e-4d53-9d6b-3a2f6f5f0c1e")


def derived_id(rule: str, *causes: str | int) -> str:
    """The id of the event that `rule` derives from `causes`: a UUIDv5 over both."""
    return str(uuid5(NAMESPACE, json.dumps([rule, *causes], separators=(",", ":"))))
