"""Waiting for what is away: said once at first and then every ten seconds, and given up after a while."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import TypeVar

from casefeed.runtime import logs
from casefeed.runtime.clock import Clock, MonotonicClock, monotonic, utc_now
from casefeed.runtime.errors import BrokerUnavailable, ClientStalled, RegistryUnavailable, Unacknowledged, Unavailable
from casefeed.runtime.health import ProcessHealth
from casefeed.store import StoreError

LOG_EVERY_S = 10.0
RETRY_EVERY_S = 0.5
# A broker that answers and acknowledges nothing, each try over a connection of its own: replicas may be missing, and
# that heals. After a while this process is taken for stuck, later it ends.
STUCK_AFTER_S = 120.0
EXIT_AFTER_S = 300.0

_Result = TypeVar("_Result")


class Outage:
    """How long one run waits for each outage, `wait_s` seconds (None: for ever), and what it says meanwhile.

    `health` hears of it, where it is what the process lives for.
    """

    def __init__(
        self,
        wait_s: float | None,
        *,
        clock: MonotonicClock = monotonic,
        utc_clock: Clock = utc_now,
        health: ProcessHealth | None = None,
    ) -> None:
        self._wait_s = wait_s
        self._health = health
        self._unacknowledged_since: float | None = None
        self._clock = clock
        self._utc_clock = utc_clock
        self._since: float | None = None
        self._since_iso = ""
        self._logged_at = 0.0

    @property
    def is_ongoing(self) -> bool:
        """Whether something is away."""
        return self._since is not None

    def failed(self, error: Unavailable) -> None:
        """Something is away; raises `error` when it has been for too long, or will not come back by itself.

        Raises ClientStalled where the process lives for it, and a broker has answered for long and acknowledged
        nothing.
        """
        if isinstance(error, StoreError) and not error.is_transient:
            raise error
        now = self._clock()
        if self._since is None:
            self._since, self._since_iso = now, self._utc_clock().isoformat(timespec="seconds")
            self._logged_at = now - LOG_EVERY_S
        if self._wait_s is not None and now - self._since >= self._wait_s:
            timed_out = copy.copy(error)
            waited = f"Away since {self._since_iso}, waited {self._wait_s:g} s."
            timed_out.message = f"{error.message.rstrip('.')}. {waited}"
            timed_out.args = (timed_out.message,)
            raise timed_out
        stuck_s = self._stuck_s(error, now)
        if self._health is not None:
            self._health.iteration()
            self._health.set_unavailable(error, stalled=stuck_s > STUCK_AFTER_S)
        if self._health is not None and stuck_s > EXIT_AFTER_S:
            raise ClientStalled(
                f"{error.message} For {stuck_s:.0f} s it has answered every new connection and acknowledged "
                "nothing: this process's client may be stuck. Nothing is lost; started again, as a supervisor does, "
                "it sends what waits."
            )
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            logs.get_logger().warning(
                "no answer, waiting",
                service=error.service,
                code=error.code if isinstance(error, StoreError) else None,
                since=self._since_iso,
                waited_s=round(now - self._since, 1),
                timeout_s=self._wait_s,
            )

    def recovered(self) -> None:
        """It answers."""
        if self._since is not None:
            waited = round(self._clock() - self._since, 1)
            logs.get_logger().warning("it answers again", since=self._since_iso, waited_s=waited)
        self._since = self._unacknowledged_since = None
        if self._health is not None:
            self._health.set_unavailable(None)

    def _stuck_s(self, error: Unavailable, now: float) -> float:
        """For how long the broker has answered and acknowledged nothing."""
        if not isinstance(error, Unacknowledged):
            self._unacknowledged_since = None
            return 0.0
        if self._unacknowledged_since is None:
            self._unacknowledged_since = now
        return now - self._unacknowledged_since

    async def wait(self, error: Unavailable) -> None:
        """Something is away: return when it is worth another try; raises `error` as `failed` does."""
        self.failed(error)
        await asyncio.sleep(RETRY_EVERY_S)

    async def retry(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """The answer of `attempt`, asked again while broker, registry or store is away."""
        while True:
            try:
                result = await attempt()
            except (BrokerUnavailable, RegistryUnavailable, StoreError) as error:
                await self.wait(error)
            else:
                self.recovered()
                return result
