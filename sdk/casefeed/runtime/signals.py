"""Ending in order: SIGTERM and Ctrl-C as an event that a loop looks at, and work that is ended, or ends, whole."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

Answer = TypeVar("Answer")


@contextmanager
def stopped_by_signal() -> Iterator[asyncio.Event]:
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
async def beside(work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """While open, `work` is done beside; then it is cancelled and waited for. Raises what it raised."""
    working = asyncio.create_task(work)
    try:
        yield working
    finally:
        working.cancel()
        await asyncio.wait((working,))
        if not working.cancelled():
            working.result()


async def until_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event, grace_s: float = 0.0) -> None:
    """Do `work` until it ends, or until `grace_s` seconds after `stop` is set; when this ends, the work has ended.

    Raises what the work raised. When this is cancelled, the work is too, and is waited for.
    """
    async with beside(work) as working, beside(stop.wait()) as stopping:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((working,), timeout=grace_s)
    if not stop.is_set():
        working.result()


async def to_its_end(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What `work` gives; when this is cancelled, the work goes on to its end, and the cancellation is raised then.

    For closing: a client that ends a task of its own takes a cancellation that comes meanwhile for that task's, and
    what was to end would go on for ever.
    """
    working = asyncio.create_task(work)
    try:
        await asyncio.wait((working,))
    except asyncio.CancelledError:
        await asyncio.wait((working,))
        working.result()
        raise
    return working.result()
