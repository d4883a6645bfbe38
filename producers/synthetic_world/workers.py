"""A pool of worker processes: jobs are shared out, what they yield is received as it comes.

A worker dies with the process that started it, however that one dies, and never sees a Ctrl-C of the terminal: the
owner does, and ends the pool. Nothing is shared but files that the jobs themselves write.

`concurrent.futures.ProcessPoolExecutor` keeps neither promise: its workers outlive an owner that is killed, its end
waits for the jobs that run, and a job gives one result and no progress.
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

from casefeed.runtime.errors import Unavailable

_T = TypeVar("_T")
Job = Callable[[], Iterator[_T]]


class MessageKind(Enum):
    """What a worker says of its job."""

    RESULT = "it yielded this"
    ERROR = "it raised this"
    DONE = "it has ended"


class WorkerFailed(Unavailable):
    """A job raised what nobody expects: reported by its type and place, never its message, which may hold a value."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"A worker process failed: {fault}. This is a fault of casefeed; --workers 1 shows all the places it "
            "came through."
        )


class WorkerNotStarted(Unavailable):
    """The machine gives no process more."""

    def __init__(self, why: str) -> None:
        super().__init__(f"A worker process cannot be started ({why}); do it again, with fewer --workers.")


class WorkerKilled(Unavailable):
    """A worker ended in the middle of a job."""

    def __init__(self) -> None:
        super().__init__(
            "A worker process was killed, perhaps for want of memory; do it again, with fewer --workers."
        )


class WorkerPool:
    """`workers` processes that do jobs while the context lasts; one worker is this process itself."""

    def __init__(self, workers: int) -> None:
        self._size = workers
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> WorkerPool:
        if self._size > 1:
            # A worker inherits the mask: a Ctrl-C is for the owner alone.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                for _ in range(self._size):
                    self._start_worker()
                signal.pthread_sigmask(signal.SIG_SETMASK, before)  # a Ctrl-C that came meanwhile is raised here
            except BaseException:
                self.__exit__()
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def _start_worker(self) -> None:
        """Start a worker; not by multiprocessing, which would run the owner's main script again.

        Raises WorkerNotStarted.
        """
        try:
            ours, theirs = Pipe()
            with theirs:
                code = f"from {__name__} import {worker_main.__name__} as main; main()"
                command = [sys.executable, "-P", "-c", code, str(theirs.fileno())]
                self._processes[ours] = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[theirs.fileno()])
        except OSError as error:
            raise WorkerNotStarted(error.strerror or type(error).__name__) from None

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.terminate()
        for connection, process in self._processes.items():
            with process:  # waits for it, and closes our end of its standard input
                connection.close()

    def run(self, jobs: Iterable[Job[_T]]) -> Iterator[_T]:
        """What the jobs yield, as it comes; they are begun in their order.

        A job is picklable: a `functools.partial` of a generator function. Raises OSError as a job raised it,
        WorkerKilled, and WorkerFailed for any other error in another process.
        """
        pending = iter(jobs)
        if not self._processes:
            for job in pending:
                yield from job()
            return
        busy = [
            connection
            for connection, job in zip(self._processes, pending, strict=False)
            if _send_job(connection, job)
        ]
        while busy:
            for connection in cast(list[Connection], wait(busy)):
                kind, payload = _receive(connection)
                if kind is MessageKind.RESULT:
                    yield payload
                elif kind is MessageKind.ERROR:
                    raise payload if isinstance(payload, OSError) else WorkerFailed(payload)
                elif (following := next(pending, None)) is None:
                    busy.remove(connection)
                else:
                    _send_job(connection, following)


def _send_job(connection: Connection, job: Job[_T]) -> bool:
    try:
        connection.send(job)
    except ConnectionError:
        raise WorkerKilled from None
    return True


def _receive(connection: Connection) -> tuple[MessageKind, Any]:
    try:
        kind, payload = connection.recv()
    except (EOFError, ConnectionError):
        raise WorkerKilled from None
    return kind, payload


def worker_main() -> None:
    """What a worker does: one job after the other, until the owner ends it or is gone."""
    threading.Thread(target=_exit_with_owner, daemon=True).start()
    with Connection(int(sys.argv[1])) as owner, suppress(EOFError, ConnectionError):
        while True:
            job = owner.recv()
            try:
                for result in job():
                    owner.send((MessageKind.RESULT, result))
                answer: tuple[MessageKind, object] = (MessageKind.DONE, None)
            except ConnectionError:
                raise
            except OSError as error:
                answer = (MessageKind.ERROR, OSError(error.errno, error.strerror))
            except Exception as error:  # noqa: BLE001  its message may hold a value: type and place only
                answer = (MessageKind.ERROR, _describe(error))
            owner.send(answer)


def _describe(error: Exception) -> str:
    from casefeed.runtime.logs import (
        traceback_locations,  # a worker that does not fail starts in half the time without it
    )

    return f"{type(error).__name__} at {traceback_locations(error)[-1]}"


def _exit_with_owner() -> None:
    """Standard input ends when its owner does, however that came about."""
    os.read(0, 1)
    os._exit(1)
