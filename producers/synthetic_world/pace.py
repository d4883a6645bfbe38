"""How fast a live world goes: when each event may be recorded, given the speed of world time and a rate."""

from __future__ import annotations

import re
from dataclasses import dataclass

from synthetic_world.days import DAY, HOUR, MINUTE

_UNITS = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}
_SPEED = re.compile(r"(\d+(?:\.\d+)?)([smhd])/s")
# A sleep ends late by a little: so much of what it cost may be made good at once, and no more.
_MADE_GOOD_S = 0.1


def parse_speed(text: str) -> float:
    """World ms a second of ours, from `1d/s`, `6h/s`, `30m/s` or `10s/s`; raises ValueError."""
    found = _SPEED.fullmatch(text.strip())
    speed = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if speed <= 0:
        raise ValueError("a speed is a length of world time a second: 1d/s, 6h/s, 30m/s")
    return speed


def speed_words(speed: float) -> str:
    """A speed as people write it."""
    unit = next(name for name in ("d", "h", "m", "s") if speed >= _UNITS[name] or name == "s")
    count = speed / _UNITS[unit]
    return f"{count:.0f}{unit}/s" if count >= 100 else f"{count:.3g}{unit}/s"


@dataclass(frozen=True, slots=True)
class Pace:
    """`since`: where world time stands at the start (ms UTC). `speed`: world ms a second; `rate`: events a second.

    Where both are given the speed drives and the rate is the cap; at least one is.
    """

    since: int
    speed: float | None
    rate: float | None

    def due_s(self, recorded_at: int, before: tuple[float, float] | None) -> float:
        """Seconds after the start at which an event may be recorded.

        `before` says when the one before was due and when it was given, in seconds after the start.
        """
        due = 0.0 if self.speed is None else (recorded_at - self.since) / self.speed
        if self.rate is None or before is None:
            return max(due, 0.0)
        step = 1 / self.rate
        was_due, was_given = before
        return max(due, was_due + step, was_given + step - _MADE_GOOD_S)

    def world_ms(self, elapsed_s: float, last: int, coming: int) -> int:
        """Where world time stands: with a speed it flows on from event to event, else it is that of the last one."""
        return (
            last if self.speed is None else max(last, min(coming, self.since + int(elapsed_s * self.speed)))
        )
