"""A crew of worker processes: jobs are shared out, what they yield is heard as it comes.

A worker dies with the process that started it, however that one dies, and never sees a Ctrl-C of the terminal: the
owner does, and sends the crew home. Nothing is shared but files that the jobs themselves write.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, TypeVar, cast

from casefeed.wire.errors import Unavailable

T = TypeVar("T")
Job = Callable[[], Iterator[T]]


class News(Enum):
    """What a worker says of its job."""

    HEARD = "it yielded this"
    FAILED = "it raised this"
    DONE = "it has ended"


_WORK = "from synthetic_world.workers import work; work()"


class WorkerFailed(Unavailable):
    """A job raised what nobody expects: told by its type and place, never its message, which may hold a value."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"A worker process failed: {fault}. This is a fault of casefeed; --workers 1 shows all the places it "
            "came through."
        )


class WorkerNotStarted(Unavailable):
    """The machine gives no process more."""

    def __init__(self, why: str) -> None:
        super().__init__(f"A worker process cannot be started ({why}); do it again, with fewer --workers.")


class WorkerGone(Unavailable):
    """A worker ended in the middle of a job."""

    def __init__(self) -> None:
        super().__init__(
            "A worker process was killed, perhaps for want of memory; do it again, with fewer --workers."
        )


class Crew:
    """`workers` processes that do jobs while the context lasts; one worker is this process itself."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._hands: dict[Connection, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Crew:
        if self._workers > 1:
            # A worker inherits the mask: a Ctrl-C is for the owner alone.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                for _ in range(self._workers):
                    self._hire()
                signal.pthread_sigmask(
                    signal.SIG_SETMASK, before
                )  # a Ctrl-C that came meanwhile is raised here
            except BaseException:
                self.__exit__()
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def _hire(self) -> None:
        """Start a worker; not by multiprocessing, which would run the owner's main script again.

        Raises WorkerNotStarted.
        """
        try:
            ours, theirs = Pipe()
            with theirs:
                command = [sys.executable, "-P", "-c", _WORK, str(theirs.fileno())]
                self._hands[ours] = subprocess.Popen(
                    command, stdin=subprocess.PIPE, pass_fds=[theirs.fileno()]
                )
        except OSError as error:
            raise WorkerNotStarted(error.strerror or type(error).__name__) from None

    def __exit__(self, *_: object) -> None:
        for process in self._hands.values():
            process.terminate()
        for hand, process in self._hands.items():
            with process:  # waits for it, and closes our end of its standard input
                hand.close()

    def run(self, jobs: Iterable[Job[T]]) -> Iterator[T]:
        """What the jobs yield, as it comes; they are begun in their order.

        A job is picklable: a `functools.partial` of a generator function. Raises OSError as a job raised it,
        WorkerGone, and WorkerFailed for any other error in another process.
        """
        waiting = iter(jobs)
        if not self._hands:
            for job in waiting:
                yield from job()
            return
        busy = [hand for hand, job in zip(self._hands, waiting, strict=False) if _give(hand, job)]
        while busy:
            for hand in cast(list[Connection], wait(busy)):
                news, what = _hear(hand)
                if news is News.HEARD:
                    yield what
                elif news is News.FAILED:
                    raise what if isinstance(what, OSError) else WorkerFailed(what)
                elif (following := next(waiting, None)) is None:
                    busy.remove(hand)
                else:
                    _give(hand, following)


def _give(hand: Connection, job: Job[T]) -> bool:
    try:
        hand.send(job)
    except ConnectionError:
        raise WorkerGone from None
    return True


def _hear(hand: Connection) -> tuple[News, Any]:
    try:
        news, what = hand.recv()
    except (EOFError, ConnectionError):
        raise WorkerGone from None
    return news, what


def work() -> None:
    """A worker's life: one job after the other, until the owner ends it or is gone."""
    threading.Thread(target=_end_with_owner, daemon=True).start()
    with Connection(int(sys.argv[1])) as orders, suppress(EOFError, ConnectionError):
        while True:
            job = orders.recv()
            try:
                for news in job():
                    orders.send((News.HEARD, news))
                answer: tuple[News, object] = (News.DONE, None)
            except ConnectionError:
                raise
            except OSError as error:
                answer = (News.FAILED, OSError(error.errno, error.strerror))
            except Exception as error:  # noqa: BLE001  its message may hold a value: type and place only
                answer = (News.FAILED, _told(error))
            orders.send(answer)


def _told(error: Exception) -> str:
    from casefeed.wire.logs import places  # a worker that does not fail starts in half the time without it

    return f"{type(error).__name__} at {places(error)[-1]}"


def _end_with_owner() -> None:
    """Standard input ends when its owner does, however that came about."""
    os.read(0, 1)
    os._exit(1)
