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

from casefeed.contract.catalogue import EventType, load, record_parts
from casefeed.contract.codec import Datum, restated


class Sensitivity(StrEnum):
    """A sensitivity tag; its `words` are what people read."""

    CHILD_IDENTITY = "CI"
    CHILD_LOCATION = "CL"
    SPONSOR = "SP"
    MEDICAL = "MP"
    VICTIM = "VT"
    COURT = "CT"
    OPERATIONAL = "OP"
    NONE = "NO"

    @property
    def words(self) -> str:
        """The tag in words (domain 4)."""
        return _WORDS[self]


_WORDS = {
    Sensitivity.CHILD_IDENTITY: "child identity",
    Sensitivity.CHILD_LOCATION: "child location",
    Sensitivity.SPONSOR: "sponsor",
    Sensitivity.MEDICAL: "medical or psychological",
    Sensitivity.VICTIM: "victim, trafficking or asylum",
    Sensitivity.COURT: "court",
    Sensitivity.OPERATIONAL: "operational",
    Sensitivity.NONE: "none",
}
# Tags of values that belong to a person: they lie in a personal part.
PERSONAL = frozenset({Sensitivity.CHILD_IDENTITY, Sensitivity.CHILD_LOCATION, Sensitivity.SPONSOR})
# Tags of values that a log line, a metric label or an error may hold.
LOGGABLE = frozenset({Sensitivity.NONE, Sensitivity.OPERATIONAL, Sensitivity.COURT})
SEALED_WORDS = "[sealed]"

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """What the schema says of one field's sensitivity.

    `whole`: it holds a part, not a value. `sealed`: it holds the bytes of a sealed part.
    """

    tag: Sensitivity
    pseudonym: bool
    whole: bool
    sealed: bool

    @property
    def shown(self) -> bool:
        """Whether the value may stand in a log or on a masked event."""
        return self.tag in LOGGABLE or self.pseudonym


@cache
def tagged(event_type: EventType) -> dict[Path, Tagged]:
    """Every field of `event_type` by path, through both forms of a personal part."""
    fields = dict(record_parts(event_type.schema))
    wholes = {path[:-1] for path in fields}
    return {
        path: Tagged(
            tag=Sensitivity(item["sensitivity"]),
            pseudonym=item.get("pseudonym", False),
            whole=path in wholes,
            sealed=item["type"] == "bytes",
        )
        for path, item in fields.items()
    }


def tags(event_type: EventType) -> dict[Path, Sensitivity]:
    """The sensitivity of every field of `event_type`, by path."""
    return {path: each.tag for path, each in tagged(event_type).items()}


@cache
def personal_fields() -> frozenset[str]:
    """The names of fields that somewhere on the feed hold a personal value (the pseudonym does not)."""
    return frozenset(path[-1] for path, each in _everywhere() if not each.shown)


@cache
def loggable_fields() -> frozenset[str]:
    """The names of fields whose value may stand in a log: nowhere personal, and no bytes or whole part."""
    shown = {path[-1] for path, each in _everywhere() if each.shown and not each.whole and not each.sealed}
    return frozenset(shown) - personal_fields()


def mask(event_type: EventType, datum: Datum) -> Datum:
    """`datum` (raw form) with the words of its tag in brackets for every value that is not to be shown.

    A sealed part keeps its key id. A flag that touches health is masked too; the pseudonym stays.
    """
    return {name: _masked(event_type, (name,), value) for name, value in datum.items()}


def masked_restated(event_type: EventType, event: Datum) -> tuple[EventType, Datum] | None:
    """What a correction (raw form) puts in an earlier event's place, masked, with its type; None of other events.

    Raises as `codec.restated` does for a correction that was never checked.
    """
    if "restated" not in event:
        return None
    kind, told = restated(event_type, event)
    return kind, mask(kind, told)


def _masked(event_type: EventType, path: Path, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(event_type, (*path, name), inner) for name, inner in value.items()}
    field = tagged(event_type)[path]
    if field.sealed:
        return SEALED_WORDS
    return value if field.shown else f"[{field.tag.words}]"


def _everywhere() -> Iterator[tuple[Path, Tagged]]:
    return chain.from_iterable(tagged(each).items() for each in load().records.values())
