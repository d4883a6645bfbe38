"""Whether a process that runs until it is stopped is alive, and whether it is ready: its loop says, others ask.

Alive: its loop gives signs of life, and its client is not stuck. What is away (a broker, a registry, a locked file)
is waited for, which is no reason to start a process again: it is alive, and not ready.
"""

from __future__ import annotations

from typing import NamedTuple

from casefeed.runtime.clock import Ticks, monotonic, now_ms
from casefeed.runtime.errors import Unavailable

# A batch may hold the loop for seconds on a slow disk. The watchdog waits longer before it ends the process.
SILENT_AFTER_S = 30.0
GOES_ON = "it goes on"


class Answer(NamedTuple):
    """Yes or no, and why."""

    yes: bool
    why: str


class Vitals:
    """What a loop says of itself. Every field is replaced whole, so that another thread may ask at any time.

    `signs` and `turns` count: a watchdog looks whether they grow.
    """

    def __init__(self, what: str, to_begin: str, *, ticks: Ticks = monotonic) -> None:
        """`what` it is, as in "the intake"; `to_begin`: what it must have done once to be ready."""
        self.what = what
        self.signs = 0
        self.turns = 0
        self.away: Unavailable | None = None
        self._ticks = ticks
        self._sign_at: float | None = None
        self._moved_at = ticks()
        self._awaited: str | None = f"{what} {to_begin}"
        self._stuck: str | None = None

    def sign(self) -> None:
        """The loop runs."""
        self._sign_at = self._ticks()
        self.signs += 1

    def turn(self) -> None:
        """The work came round once more, whatever it found."""
        self.turns += 1

    def moved(self, at: float | None = None) -> None:
        """Something was done, or there was nothing to do, `at` these ticks (None: now)."""
        self._moved_at = self._ticks() if at is None else at

    def begun(self) -> None:
        """What must be done once to be ready is done."""
        self._awaited = None

    def waits(self, away: Unavailable | None, *, stuck: bool = False) -> None:
        """Something is away, or is not any more. `stuck`: it answers, and yet nothing moves."""
        self.away = away
        self._stuck = away.sentence if away is not None and stuck else None

    @property
    def moved_at_ms(self) -> int:
        """When something moved last, in ms UTC."""
        return now_ms() - round((self._ticks() - self._moved_at) * 1000)

    def alive(self) -> Answer:
        """Whether there is no reason to start the process again. Until its first sign it is about to begin."""
        silent_s = 0.0 if self._sign_at is None else self._ticks() - self._sign_at
        if silent_s > SILENT_AFTER_S:
            return Answer(False, f"{self.what} gave no sign of life for {silent_s:.0f} s")
        if self._stuck is not None:
            return Answer(False, self._stuck)
        return Answer(True, f"waits: {self.away.sentence}" if self.away is not None else GOES_ON)

    def ready(self) -> Answer:
        """Whether it does what it is there for."""
        alive = self.alive()
        awaited = self.away.sentence if self.away is not None else self._awaited
        return Answer(False, awaited) if alive.yes and awaited is not None else alive
