"""When a fact is written down: minutes, days or months after it came about, and never after the last day."""

from __future__ import annotations

from bisect import bisect_left

from synthetic_world.calibration import LAST_MS
from synthetic_world.days import DAY, HOUR, MINUTE, start_of
from synthetic_world.dice import Dice, Weighted

# The nights that end a report's date, or a date on which knowledge is asked for: facts fall close to them on
# both sides, so that a day taken in local time shows.
MAY_2024, OCT_2024, JAN_2025 = start_of("2024-06-01"), start_of("2024-11-01"), start_of("2025-02-01")
_KNOWN_BY = ("2023-07-01", "2024-01-01", "2024-07-01", "2024-09-01", "2025-01-01", "2025-03-01")
NIGHTS = sorted([MAY_2024, OCT_2024, JAN_2025, *map(start_of, _KNOWN_BY)])
_SNAPPED = 0.02
_NEAR = 60 * DAY

# Lengths of delay and their weights: the channel is a portal, an e-mail, or a pile of paper.
PROMPT = Weighted((("minutes", 80), ("days", 17), ("months", 3)))
USUAL = Weighted((("minutes", 45), ("days", 45), ("months", 10)))
SLOW = Weighted((("minutes", 15), ("days", 55), ("months", 30)))
_SPANS = {
    "minutes": (3 * MINUTE, 10 * HOUR),
    "days": (10 * HOUR, 12 * DAY),
    "months": (12 * DAY, 210 * DAY),
}
LONGEST_DELAY = 210 * DAY


def near_night(dice: Dice, night: int, *, before: bool) -> int:
    """A moment within 45 minutes of a midnight UTC, the last before it or the first after it included."""
    offset = dice.between(0, 45 * MINUTE)
    return night - 1 - offset if before else night + offset


def record(dice: Dice, occurred: int, pace: Weighted[str], not_before: int = 0, latest: int = LAST_MS) -> int:
    """When a fact is written down: from the later of `occurred` and `not_before` to `latest`."""
    earliest = max(occurred, not_before)
    if earliest > latest:
        raise ValueError("a fact cannot be written down in time; ask first whether there is room")
    if dice.chance(_SNAPPED):
        at = bisect_left(NIGHTS, earliest + HOUR)
        if at < len(NIGHTS) and NIGHTS[at] < min(earliest + _NEAR, latest - HOUR):
            return near_night(dice, NIGHTS[at], before=dice.chance(0.5))
    recorded = earliest + dice.between(*_SPANS[dice.draw(pace)])
    return recorded if recorded <= latest else dice.between(earliest, latest)


def room(moment: int) -> bool:
    """Whether something that happens at `moment` still falls into the world."""
    return moment <= LAST_MS
