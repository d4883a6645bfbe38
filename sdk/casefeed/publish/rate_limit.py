"""So many events a second, and no more after an outage than before it."""

from __future__ import annotations

from casefeed.runtime.clock import MonotonicClock

# What was missed for longer than this is not made good: a burst is what a rate is there to prevent.
MAX_CATCH_UP_S = 1.0


class RateLimiter:
    """Tells how long to wait after each part of a stream, so that it keeps to `rate` events a second (None: any)."""

    def __init__(self, rate: float | None, clock: MonotonicClock) -> None:
        self._rate = rate
        self._clock = clock
        self._next_at = clock()

    def delay_after(self, events: int) -> float:
        """Seconds to wait now that so many more were sent."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._next_at = max(self._next_at, now - MAX_CATCH_UP_S) + events / self._rate
        return max(0.0, self._next_at - now)
