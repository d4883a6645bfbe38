"""Waiting for a program that was started: until it answers a real call, has ended, or took too long."""

import time
from collections.abc import Callable

from casefeed.runtime.errors import Unavailable
from casefeed_stack.process import Child

READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.05


def await_answer(name: str, child: Child, answers: Callable[[], bool]) -> None:
    """Return when `answers` says so; OSError and ValueError from it are no answer yet.

    Raises Unavailable when `child` has ended or the deadline has passed, with the end of its log.
    """
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if not child.alive:
            raise Unavailable(
                f"Start of {name} failed ({child.ended}). The end of {child.log}:\n{child.tail()}"
            )
        try:
            if answers():
                return
        except (OSError, ValueError):
            # Not listening yet, or listening and not yet able to answer: the deadline decides.
            pass
        time.sleep(LOOK_EVERY_S)
    raise Unavailable(
        f"Start of {name} failed: no answer within {READY_WITHIN_S:.0f} s. "
        f"The end of {child.log}:\n{child.tail()}"
    )
