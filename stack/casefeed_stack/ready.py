"""Waiting for a program that was started: until it answers a real call, has ended, or took too long."""

import time
from collections.abc import Callable

from casefeed.runtime.errors import Unavailable
from casefeed_stack.process import ChildProcess

READY_TIMEOUT_S = 120.0
POLL_INTERVAL_S = 0.05


def wait_until_ready(name: str, child: ChildProcess, is_ready: Callable[[], bool]) -> None:
    """Return when `is_ready` says so; OSError and ValueError from it are no answer yet.

    Raises Unavailable when `child` has ended or the deadline has passed, with the end of its log.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        if not child.alive:
            raise Unavailable(
                f"Start of {name} failed ({child.exit_description}). The end of {child.log}:\n{child.tail()}"
            )
        try:
            if is_ready():
                return
        except (OSError, ValueError):
            # Not listening yet, or listening and not yet able to answer: the deadline decides.
            pass
        time.sleep(POLL_INTERVAL_S)
    raise Unavailable(
        f"Start of {name} failed: no answer within {READY_TIMEOUT_S:.0f} s. The end of {child.log}:\n{child.tail()}"
    )
