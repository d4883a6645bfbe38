"""What is done until it is stopped has ended when it is left, however it is left."""

from __future__ import annotations

import asyncio

import pytest

from casefeed.runtime.signals import to_its_end, until_stopped


class Work:
    """Goes on until it is cancelled or, with `after_s`, ends by itself; `last` is what happens to it at its end."""

    def __init__(self, after_s: float = 60, last: Exception | None = None) -> None:
        self.after_s = after_s
        self.last = last
        self.going = False
        self.whole = False

    async def do(self) -> None:
        """Takes a turn of the loop to end, as what closes connections does."""
        self.going = True
        try:
            await asyncio.sleep(self.after_s)
            self.whole = True
        finally:
            await asyncio.sleep(0)
            self.going = False
            if self.last is not None:
                raise self.last


async def test_what_ends_by_itself_is_not_cut_short() -> None:
    """It is waited for, and nobody has to set the event."""
    work = Work(0)
    await until_stopped(work.do(), asyncio.Event())
    assert (work.whole, work.going) == (True, False)


@pytest.mark.parametrize(("after_s", "grace_s", "whole"), [(0.05, 60, True), (60, 0.05, False)])
async def test_what_is_stopped_has_its_grace_and_no_more(after_s: float, grace_s: float, whole: bool) -> None:
    """Long enough to end what it is at, where it can."""
    work, stop = Work(after_s), asyncio.Event()
    stop.set()
    await until_stopped(work.do(), stop, grace_s=grace_s)
    assert (work.whole, work.going) == (whole, False)


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_fault_of_the_work_is_raised(stopped: bool) -> None:
    """Also when it comes up only at the end."""
    work, stop = Work(60 if stopped else 0, ValueError("at the end")), asyncio.Event()
    if stopped:
        stop.set()
    with pytest.raises(ValueError, match="at the end"):
        await until_stopped(work.do(), stop, grace_s=0.05)


async def test_who_is_cancelled_cancels_the_work_and_waits_for_it() -> None:
    """Nothing goes on reading or sending that nobody waits for."""
    work = Work()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await until_stopped(work.do(), asyncio.Event())
    assert (work.whole, work.going) == (False, False)


async def test_a_fault_that_comes_up_when_who_waits_is_cancelled_is_raised() -> None:
    """It is worth more than that somebody gave up waiting, and nobody else would see it."""
    work = Work(last=ValueError("at the end"))
    with pytest.raises(ValueError, match="at the end"):
        async with asyncio.timeout(0.05):
            await until_stopped(work.do(), asyncio.Event())
    assert not work.going


async def test_work_that_was_cancelled_by_another_was_not_stopped() -> None:
    """Only who asked for the end takes a cancellation for one."""

    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await until_stopped(cancelled(), asyncio.Event())


async def closes(task: asyncio.Task[None]) -> str:
    """As a Kafka client ends a task of its own: a cancellation is taken for that task's."""
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return "closed"
    raise AssertionError("it was not cancelled")


async def test_a_cancellation_while_a_client_is_closed_is_not_lost() -> None:
    """Who is asked to end while it closes, ends; and what is closed is closed whole."""
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def ends_slowly() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await may_end.wait()

    client = asyncio.create_task(ends_slowly())
    await asyncio.sleep(0)
    closing = asyncio.create_task(to_its_end(closes(client)))
    await ending.wait()
    closing.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert client.done()


async def test_what_goes_to_its_end_gives_its_answer_or_its_fault() -> None:
    """As if it were awaited, and its fault also where it was cancelled meanwhile."""

    async def answer() -> int:
        return 7

    assert await to_its_end(answer()) == 7
    for after_s in (0.0, 0.1):
        with pytest.raises(ValueError, match="at the end"):
            async with asyncio.timeout(0.05):
                await to_its_end(Work(after_s, ValueError("at the end")).do())
