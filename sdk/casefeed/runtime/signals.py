"""Ending in order: SIGTERM and Ctrl-C as an event that a loop looks at, and work that is ended, or ends, whole."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

_T = TypeVar("_T")


@contextmanager
def stop_on_signal() -> Iterator[asyncio.Event]:
    """Set once the process is asked to end; while open nothing else happens at these signals."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def background(work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """While open, `work` is done beside; then it is cancelled and waited for. Raises what it raised."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.result()


async def run_until_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event, grace_s: float = 0.0) -> None:
    """Do `work` until it ends, or until `grace_s` seconds after `stop` is set; when this ends, the work has ended.

    Raises what the work raised. When this is cancelled, the work is too, and is waited for.
    """
    async with background(work) as task, background(stop.wait()) as stopping:
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((task,), timeout=grace_s)
    if not stop.is_set():
        task.result()


async def shielded(work: Coroutine[Any, Any, _T]) -> _T:
    """What `work` gives; when this is cancelled, the work goes on to its end, and the cancellation is raised then.

    For closing: a client that ends a task of its own takes a cancellation that comes meanwhile for that task's, and
    what was to end would go on for ever.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        task.result()
        raise
    return task.result()
