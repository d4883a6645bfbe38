"""Waiting for what is away: said once at first and then every ten seconds, and given up after a while."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from casefeed.runtime.clock import Clock, Ticks, monotonic, utc_now
from casefeed.runtime.errors import (
    BrokerUnavailable,
    RegistryUnavailable,
    Stalled,
    Unacknowledged,
    Unavailable,
)
from casefeed.runtime.health import Vitals
from casefeed.store import StoreFault

SAID_EVERY_S = 10.0
RETRY_EVERY_S = 0.5
# A broker that answers and acknowledges nothing, each try over a connection of its own: replicas may be missing, and
# that heals. After a while this process is taken for stuck, later it ends.
STUCK_AFTER_S = 120.0
ENDS_AFTER_S = 300.0

_Answer = TypeVar("_Answer")


class Patience:
    """How long one run waits for each outage, `wait_s` seconds (None: for ever), and what it says meanwhile.

    `vitals` hears of it, where it is what the process lives for.
    """

    def __init__(
        self,
        wait_s: float | None,
        *,
        ticks: Ticks = monotonic,
        clock: Clock = utc_now,
        vitals: Vitals | None = None,
    ) -> None:
        self._wait_s = wait_s
        self._vitals = vitals
        self._unacknowledged_since: float | None = None
        self._ticks = ticks
        self._clock = clock
        self._since: float | None = None
        self._since_text = ""
        self._said = 0.0

    @property
    def waits(self) -> bool:
        """Whether something is away."""
        return self._since is not None

    def away(self, error: Unavailable) -> None:
        """Something is away; raises `error` when it has been for too long, or will not come back by itself.

        Raises Stalled where the process lives for it, and a broker has answered for long and acknowledged nothing.
        """
        if isinstance(error, StoreFault) and not error.may_pass:
            raise error
        now = self._ticks()
        if self._since is None:
            self._since, self._since_text = now, self._clock().isoformat(timespec="seconds")
            self._said = now - SAID_EVERY_S
        if self._wait_s is not None and now - self._since >= self._wait_s:
            raise _late(error, f"Away since {self._since_text}, waited {self._wait_s:g} s.")
        stuck_s = self._stuck_s(error, now)
        if self._vitals is not None:
            self._vitals.turn()
            self._vitals.waits(error, stuck=stuck_s > STUCK_AFTER_S)
        if self._vitals is not None and stuck_s > ENDS_AFTER_S:
            raise Stalled(
                f"{error.sentence} For {stuck_s:.0f} s it has answered every new connection and acknowledged "
                "nothing: this process's client may be stuck. Nothing is lost; started again, as a supervisor does, "
                "it sends what waits."
            )
        if now - self._said >= SAID_EVERY_S:
            self._said = now
            structlog.get_logger().warning(
                "no answer, waiting",
                service=error.service,
                code=error.code if isinstance(error, StoreFault) else None,
                since=self._since_text,
                waited_s=round(now - self._since, 1),
                timeout_s=self._wait_s,
            )

    def back(self) -> None:
        """It answers."""
        if self._since is not None:
            waited = round(self._ticks() - self._since, 1)
            structlog.get_logger().warning("it answers again", since=self._since_text, waited_s=waited)
        self._since = self._unacknowledged_since = None
        if self._vitals is not None:
            self._vitals.waits(None)

    def _stuck_s(self, error: Unavailable, now: float) -> float:
        """For how long the broker has answered and acknowledged nothing."""
        if not isinstance(error, Unacknowledged):
            self._unacknowledged_since = None
            return 0.0
        if self._unacknowledged_since is None:
            self._unacknowledged_since = now
        return now - self._unacknowledged_since

    async def pause(self, error: Unavailable) -> None:
        """Something is away: return when it is worth another try; raises `error` as `away` does."""
        self.away(error)
        await asyncio.sleep(RETRY_EVERY_S)

    async def outlast(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """The answer of `ask`, asked again while broker, registry or store is away."""
        while True:
            try:
                answer = await ask()
            except (BrokerUnavailable, RegistryUnavailable, StoreFault) as error:
                await self.pause(error)
            else:
                self.back()
                return answer


def _late(error: Unavailable, words: str) -> Unavailable:
    """The same error, with what it knows, and a sentence more."""
    late = copy.copy(error)
    late.sentence = f"{error.sentence.rstrip('.')}. {words}"
    late.args = (late.sentence,)
    return late
