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

from casefeed.runtime.health import Vitals
from casefeed.runtime.signals import beside

EXIT_CODE = 3
LOOK_EVERY_S = 1.0
# What a slow handler may need for its batch; a disk that is gone, or a log that nobody reads, holds it for ever.
LOOP_LOOKS = 120
# Every wait of ours has a deadline, and a turn has no more than a few of them.
WORK_LOOKS = 300

End = Callable[[str], None]


def end_process(sentence: str) -> None:
    """Say why and end at once: whatever hangs may hold the locks of the log, and of standard error's buffer.

    What a transaction had written is undone by the next process that opens the file.
    """
    with suppress(OSError):  # nobody reads it, which may be what the process hangs at
        os.set_blocking(2, False)
        os.write(2, sentence.encode() + b"\n")
    os._exit(EXIT_CODE)


@asynccontextmanager
async def watched(vitals: Vitals, end: End = end_process) -> AsyncIterator[None]:
    """While open, `end` hears why the process must end once loop or work gave no sign for too long."""
    closed = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(vitals, threading.get_ident(), closed, end), name="watchdog", daemon=True
    )
    async with beside(_give_signs(vitals)):
        watch.start()
        try:
            yield
        finally:
            closed.set()


async def _give_signs(vitals: Vitals) -> None:
    while True:
        vitals.sign()
        await asyncio.sleep(LOOK_EVERY_S / 2)


def _watch(vitals: Vitals, loop_thread: int, closed: threading.Event, end: End) -> None:
    signs = turns = -1
    silent = idle = 0
    while not closed.wait(LOOK_EVERY_S):
        silent = silent + 1 if vitals.signs == signs else 0
        idle = idle + 1 if vitals.turns == turns else 0
        signs, turns = vitals.signs, vitals.turns
        if silent >= LOOP_LOOKS:
            end(_sentence(vitals, f"its event loop hangs at {_place(loop_thread)}, for", silent))
            return
        if idle >= WORK_LOOKS:
            end(_sentence(vitals, "its event loop runs, but its work has not come round for", idle))
            return


def _sentence(vitals: Vitals, found: str, looks: int) -> str:
    return (
        f"{vitals.what[0].upper()}{vitals.what[1:]} ends itself: {found} {looks * LOOK_EVERY_S:.0f} s. "
        "Nothing is lost; started again, as a supervisor does, it goes on where it stopped."
    )


def _place(thread: int) -> str:
    """Where a thread is now: file, line and function, no value."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return "no place"
    last = traceback.extract_stack(frame)[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
