"""So many events a second, and no more after an outage than before it."""

from __future__ import annotations

from casefeed.runtime.clock import Ticks

# What was missed for longer than this is not made good: a burst is what a rate is there to prevent.
MAKES_GOOD_S = 1.0


class Pace:
    """Tells how long to wait after each part of a stream, so that it keeps to `rate` events a second (None: any)."""

    def __init__(self, rate: float | None, ticks: Ticks) -> None:
        self._rate = rate
        self._ticks = ticks
        self._due = ticks()

    def after(self, events: int) -> float:
        """Seconds to wait now that so many more were sent."""
        if self._rate is None:
            return 0.0
        now = self._ticks()
        self._due = max(self._due, now - MAKES_GOOD_S) + events / self._rate
        return max(0.0, self._due - now)
