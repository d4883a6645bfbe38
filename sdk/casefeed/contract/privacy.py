"""How sensitive each field is, and an event with its personal values masked.

The tags stand in the `.avsc` (domain 4). What is tagged child identity, child location or sponsor lies in a
personal part; the one exception is the pseudonym, which stands for the child on the feed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import chain
from typing import Any

from casefeed.contract.catalogue import EventType, FieldPath, load_catalogue, walk_fields
from casefeed.contract.codec import Datum, corrected_event


class Sensitivity(StrEnum):
    """A sensitivity tag; its `label` is what people read."""

    CHILD_IDENTITY = "CI"
    CHILD_LOCATION = "CL"
    SPONSOR = "SP"
    MEDICAL = "MP"
    VICTIM = "VT"
    COURT = "CT"
    OPERATIONAL = "OP"
    NONE = "NO"

    @property
    def label(self) -> str:
        """The tag in words (domain 4)."""
        return _LONG_LABELS.get(self) or self.name.replace("_", " ").lower()


_LONG_LABELS = {Sensitivity.MEDICAL: "medical or psychological", Sensitivity.VICTIM: "victim, trafficking or asylum"}
# Tags of values that belong to a person: they lie in a personal part.
PERSONAL_TAGS = frozenset({Sensitivity.CHILD_IDENTITY, Sensitivity.CHILD_LOCATION, Sensitivity.SPONSOR})
# Tags of values that a log line, a metric label or an error may hold.
LOGGABLE_TAGS = frozenset({Sensitivity.NONE, Sensitivity.OPERATIONAL, Sensitivity.COURT})
SEALED_MASK = "[sealed]"


@dataclass(frozen=True, slots=True)
class FieldSensitivity:
    """What the schema says of one field's sensitivity.

    `is_record`: it holds a part, not a value. `is_ciphertext`: it holds the bytes of a sealed part.
    """

    tag: Sensitivity
    pseudonym: bool
    is_record: bool
    is_ciphertext: bool

    @property
    def may_be_shown(self) -> bool:
        """Whether the value may stand in a log or on a masked event."""
        return self.tag in LOGGABLE_TAGS or self.pseudonym


@cache
def field_sensitivities(event_type: EventType) -> dict[FieldPath, FieldSensitivity]:
    """Every field of `event_type` by path, through both forms of a personal part."""
    fields = dict(walk_fields(event_type.schema))
    wholes = {path[:-1] for path in fields}
    return {
        path: FieldSensitivity(
            tag=Sensitivity(item["sensitivity"]),
            pseudonym=item.get("pseudonym", False),
            is_record=path in wholes,
            is_ciphertext=item["type"] == "bytes",
        )
        for path, item in fields.items()
    }


@cache
def personal_fields() -> frozenset[str]:
    """The names of fields that somewhere on the feed hold a personal value (the pseudonym does not)."""
    return frozenset(path[-1] for path, each in _all_fields() if not each.may_be_shown)


@cache
def loggable_fields() -> frozenset[str]:
    """The names of fields whose value may stand in a log: nowhere personal, and no bytes or whole part."""
    shown = {
        path[-1]
        for path, each in _all_fields()
        if each.may_be_shown and not each.is_record and not each.is_ciphertext
    }
    return frozenset(shown) - personal_fields()


def mask(event_type: EventType, datum: Datum) -> Datum:
    """`datum` (raw form) with the words of its tag in brackets for every value that is not to be shown.

    A sealed part keeps its key id. A flag that touches health is masked too; the pseudonym stays.
    """
    return {name: _masked(event_type, (name,), value) for name, value in datum.items()}


def masked_correction(event_type: EventType, event: Datum) -> tuple[EventType, Datum] | None:
    """What a correction (raw form) puts in an earlier event's place, masked, with its type; None of other events.

    Raises as `codec.corrected_event` does for a correction that was never checked.
    """
    if "restated" not in event:
        return None
    kind, corrected = corrected_event(event_type, event)
    return kind, mask(kind, corrected)


def _masked(event_type: EventType, path: FieldPath, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(event_type, (*path, name), inner) for name, inner in value.items()}
    field = field_sensitivities(event_type)[path]
    if field.is_ciphertext:
        return SEALED_MASK
    return value if field.may_be_shown else f"[{field.tag.label}]"


def _all_fields() -> Iterator[tuple[FieldPath, FieldSensitivity]]:
    return chain.from_iterable(field_sensitivities(each).items() for each in load_catalogue().record_types.values())
