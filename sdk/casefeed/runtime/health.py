"""Whether a process that runs until it is stopped is alive, and whether it is ready: its loop says, others ask.

Alive: its loop gives signs of life, and its client is not stuck. What is away (a broker, a registry, a locked file)
is waited for, which is no reason to start a process again: it is alive, and not ready.
"""

from __future__ import annotations

from typing import NamedTuple

from casefeed.runtime.clock import MonotonicClock, monotonic, now_ms
from casefeed.runtime.errors import Unavailable

# A batch may hold the loop for seconds on a slow disk. The watchdog waits longer before it ends the process.
UNRESPONSIVE_AFTER_S = 30.0


class ProbeResult(NamedTuple):
    """Yes or no, and why."""

    ok: bool
    message: str


class ProcessHealth:
    """What a loop says of itself. Every field is replaced whole, so that another thread may ask at any time.

    `loop_ticks` and `iterations` count: a watchdog looks whether they grow.
    """

    def __init__(self, name: str, not_ready_reason: str, *, clock: MonotonicClock = monotonic) -> None:
        """`name`: what it is, as in "the intake"; `not_ready_reason`: what it must have done once to be ready."""
        self.name = name
        self.loop_ticks = 0
        self.iterations = 0
        self.unavailable: Unavailable | None = None
        self._clock = clock
        self._ticked_at: float | None = None
        self._progressed_at = clock()
        self._not_ready_reason: str | None = f"{name} {not_ready_reason}"
        self._stalled_reason: str | None = None

    def loop_tick(self) -> None:
        """The loop runs."""
        self._ticked_at = self._clock()
        self.loop_ticks += 1

    def iteration(self) -> None:
        """The work came round once more, whatever it found."""
        self.iterations += 1

    def progressed(self, at: float | None = None) -> None:
        """Something was done, or there was nothing to do, `at` this reading of the clock (None: now)."""
        self._progressed_at = self._clock() if at is None else at

    def started(self) -> None:
        """What must be done once to be ready is done."""
        self._not_ready_reason = None

    def set_unavailable(self, error: Unavailable | None, *, stalled: bool = False) -> None:
        """Something is away, or is not any more. `stalled`: it answers, and yet nothing moves."""
        self.unavailable = error
        self._stalled_reason = error.message if error is not None and stalled else None

    @property
    def progressed_at_ms(self) -> int:
        """When something moved last, in ms UTC."""
        return now_ms() - round((self._clock() - self._progressed_at) * 1000)

    def alive(self) -> ProbeResult:
        """Whether there is no reason to start the process again. Until its first sign it is about to begin."""
        silent_s = 0.0 if self._ticked_at is None else self._clock() - self._ticked_at
        if silent_s > UNRESPONSIVE_AFTER_S:
            return ProbeResult(False, f"{self.name} gave no sign of life for {silent_s:.0f} s")
        if self._stalled_reason is not None:
            return ProbeResult(False, self._stalled_reason)
        return ProbeResult(True, "it goes on" if self.unavailable is None else f"waits: {self.unavailable.message}")

    def ready(self) -> ProbeResult:
        """Whether it does what it is there for."""
        alive = self.alive()
        reason = self.unavailable.message if self.unavailable is not None else self._not_ready_reason
        return ProbeResult(False, reason) if alive.ok and reason is not None else alive
