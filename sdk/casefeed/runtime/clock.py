"""The clocks of this machine, read at the edge and handed on as arguments."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time of day, in UTC."""
Ticks = Callable[[], float]
"""Seconds since some moment; never runs backwards."""


def utc_now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The time, in ms UTC."""
    return int(utc_now().timestamp() * 1000)


monotonic: Ticks = time.monotonic
