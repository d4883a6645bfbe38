"""The kinds of damage, and which events it touches: one in fifty, chosen by its id, each in one way.

The children numbered first have one event touched whatever the lot says, a child a kind, so that a small world has
every kind too.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from synthetic_world.calibration import LAST_MS
from synthetic_world.days import DAY
from synthetic_world.dice import digest
from synthetic_world.telling import Telling


class Damage(StrEnum):
    """What can happen to a record between the one who recorded it and the one who reads it."""

    LOST = "lost"
    DOUBLED = "doubled"
    SHUFFLED = "shuffled"
    LATE = "late"
    CORRUPT = "corrupt"
    MIS_KEYED = "mis-keyed"
    CONTRADICTING = "contradicting"


KINDS = tuple(Damage)
ALL = "all"
_ONE_IN = 50
LATE_AFTER = 90 * DAY
"""A late record comes at least so long after it was recorded."""


def kinds_of(text: str) -> tuple[Damage, ...]:
    """The kinds that `text` names, parted by commas, in an order of their own; raises ValueError at another word."""
    words = [word.strip() for word in text.split(",")]
    if words == [ALL]:
        return KINDS
    named = [Damage(word) for word in words]
    return tuple(kind for kind in KINDS if kind in named)


def touched(index: int, told: Sequence[Telling], kinds: Sequence[Damage]) -> dict[int, Damage]:
    """How the events of child number `index` are touched: the kind by the fact's `n`."""
    lots = {
        each.fact.n: int.from_bytes(digest("damage", each.event["header"]["event_id"], size=8))
        for each in told
    }
    old = {each.fact.n for each in told if each.fact.recorded + LATE_AFTER <= LAST_MS}
    drawn = {n: kinds[lot // _ONE_IN % len(kinds)] for n, lot in lots.items() if lot % _ONE_IN == 0}
    if index < len(kinds):
        able = old if kinds[index] is Damage.LATE else lots.keys()
        drawn |= dict.fromkeys(sorted(able, key=lambda n: lots[n])[:1], kinds[index])
    return {n: kind for n, kind in drawn.items() if kind is not Damage.LATE or n in old}
