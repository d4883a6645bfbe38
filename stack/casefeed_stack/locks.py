"""Locks between processes: a file, held by `flock`, free again however its holder ended."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def try_lock(path: Path) -> IO[str] | None:
    """Take the lock on `path` (made when missing) and write our pid into it; None when another holds it.

    The lock lasts until the returned file is closed or the process ends; children do not inherit it.
    """
    file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - the open file is the lock
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def holder_pid(path: Path) -> int | None:
    """The pid of the process that holds the lock on `path`, or None when nobody does."""
    if not path.exists():
        return None
    with path.open(encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            # Between taking the lock and writing the pid the file is empty: 0 says "somebody".
            return int(file.read().strip() or 0)
    return None


@contextmanager
def locked(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock on `path`, waiting for whoever has it; `on_wait` is called once before a wait."""
    file = try_lock(path)
    if file is None:
        on_wait()
        file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - the open file is the lock
        fcntl.flock(file, fcntl.LOCK_EX)
    with file:
        yield
