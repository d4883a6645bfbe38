"""Ends a process whose event loop hangs, or whose work does not come round any more, with a reason.

A thread of its own looks, for a loop that is blocked notices nothing. It counts its own looks and reads no clock: a
machine that slept, or a process that was stopped and goes on, is not taken for a hanging one.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.signals import background

EXIT_CODE = 3
CHECK_EVERY_S = 1.0
# What a slow handler may need for its batch; a disk that is gone, or a log that nobody reads, holds it for ever.
LOOP_HANGS_AFTER_CHECKS = 120
# Every wait of ours has a deadline, and a turn has no more than a few of them.
WORK_HANGS_AFTER_CHECKS = 300

_Terminate = Callable[[str], None]


def terminate_process(message: str) -> None:
    """Say why and end at once: whatever hangs may hold the locks of the log, and of standard error's buffer.

    What a transaction had written is undone by the next process that opens the file.
    """
    with suppress(OSError):  # nobody reads it, which may be what the process hangs at
        os.set_blocking(2, False)
        os.write(2, message.encode() + b"\n")
    os._exit(EXIT_CODE)


@asynccontextmanager
async def run_watchdog(health: ProcessHealth, terminate: _Terminate = terminate_process) -> AsyncIterator[None]:
    """While open, `terminate` hears why the process must end once loop or work gave no sign for too long."""
    closed = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(health, threading.get_ident(), closed, terminate), name="watchdog", daemon=True
    )
    async with background(_tick(health)):
        watch.start()
        try:
            yield
        finally:
            closed.set()


async def _tick(health: ProcessHealth) -> None:
    while True:
        health.loop_tick()
        await asyncio.sleep(CHECK_EVERY_S / 2)


def _watch(health: ProcessHealth, loop_thread: int, closed: threading.Event, terminate: _Terminate) -> None:
    loop_ticks = iterations = -1
    loop_checks = work_checks = 0
    while not closed.wait(CHECK_EVERY_S):
        loop_checks = loop_checks + 1 if health.loop_ticks == loop_ticks else 0
        work_checks = work_checks + 1 if health.iterations == iterations else 0
        loop_ticks, iterations = health.loop_ticks, health.iterations
        if loop_checks >= LOOP_HANGS_AFTER_CHECKS:
            terminate(_message(health, f"its event loop hangs at {_location(loop_thread)}, for", loop_checks))
            return
        if work_checks >= WORK_HANGS_AFTER_CHECKS:
            terminate(_message(health, "its event loop runs, but its work has not come round for", work_checks))
            return


def _message(health: ProcessHealth, problem: str, checks: int) -> str:
    return (
        f"{health.name[0].upper()}{health.name[1:]} ends itself: {problem} {checks * CHECK_EVERY_S:.0f} s. "
        "Nothing is lost; started again, as a supervisor does, it goes on where it stopped."
    )


def _location(thread: int) -> str:
    """Where a thread is now: file, line and function, no value."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return "no place"
    last = traceback.extract_stack(frame)[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
