"""A crew does jobs in processes of its own: all are done, faults come through, nobody outlives the owner."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from synthetic_world.workers import WorkerFailed, WorkerKilled, WorkerNotStarted, WorkerPool

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def jobs_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker finds the jobs of this file."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def squares(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Each number's square, and who worked it out."""
    for number in range(first, last):
        yield number * number, os.getpid()


def no_room() -> Iterator[int]:
    """A job on a full disk."""
    yield 1
    raise OSError(errno.ENOSPC, "No space left on device")


def fault() -> Iterator[int]:
    """A job with a fault whose message holds what nobody may read."""
    yield 1
    raise KeyError("A000123456")


def killed() -> Iterator[int]:
    """A job whose process somebody kills."""
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


def interrupted() -> Iterator[int]:
    """A job whose process a Ctrl-C reaches."""
    os.kill(os.getpid(), signal.SIGINT)
    yield 1


def pid_and_sleep() -> Iterator[int]:
    """A job that says who does it and lasts for ever."""
    yield os.getpid()
    time.sleep(600)


def gone(pid: int) -> bool:
    """Whether a process has ended, within ten seconds."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_job_is_done_by_one_of_so_many(workers: int) -> None:
    """More jobs than workers: all news comes; one worker is the process itself."""
    with WorkerPool(workers) as pool:
        news = list(pool.run(partial(squares, at, at + 3) for at in range(0, 30, 3)))
        again = list(pool.run([partial(squares, 0, 2)]))
    assert sorted(square for square, _ in news) == [number * number for number in range(30)]
    assert [square for square, _ in again] == [0, 1]
    pids = {pid for _, pid in news}
    assert pids == {os.getpid()} if workers == 1 else (os.getpid() not in pids and len(pids) <= workers)
    assert all(gone(pid) for pid in pids - {os.getpid()})


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_the_same_error_from_any_process(workers: int) -> None:
    """An OSError keeps its number and its words."""
    with pytest.raises(OSError, match="No space left on device") as caught, WorkerPool(workers) as pool:
        list(pool.run([no_room]))
    assert caught.value.errno == errno.ENOSPC


def test_another_fault_is_told_by_its_place_and_never_its_message() -> None:
    """The sentence names type, file and line."""
    with pytest.raises(WorkerFailed) as caught, WorkerPool(2) as pool:
        list(pool.run([fault]))
    assert "KeyError at" in caught.value.message
    assert "test_workers.py" in caught.value.message
    assert "A000123456" not in str(caught.value)


def test_a_killed_worker_is_told_and_not_waited_for() -> None:
    """The owner hears that it is gone and what to do."""
    with pytest.raises(WorkerKilled, match="fewer --workers"), WorkerPool(2) as pool:
        list(pool.run([killed, killed]))


def test_a_worker_that_cannot_be_started_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fault of a file: the sentence speaks of the process, and says to take fewer."""

    def no_more(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", no_more)
    with pytest.raises(WorkerNotStarted, match=r"temporarily unavailable\); .*fewer --workers"), WorkerPool(2):
        pass


def test_a_worker_does_not_see_a_ctrl_c() -> None:
    """The terminal sends it to the whole group; it is for the owner to decide what becomes of the work."""
    with WorkerPool(2) as pool:
        assert list(pool.run([interrupted, interrupted])) == [1, 1]


def test_nobody_outlives_an_owner_that_was_killed() -> None:
    """SIGKILL of the owner in the middle of a job ends its workers."""
    program = "import sys; from synthetic_world.workers import WorkerPool\n"
    program += f"from {pid_and_sleep.__module__} import {pid_and_sleep.__name__} as job\n"
    program += "with WorkerPool(2) as pool:\n"
    program += "    for pid in pool.run([job] * 2): sys.stdout.write(f'{pid}\\n'); sys.stdout.flush()\n"
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        pids = [int(owner.stdout.readline()) for _ in range(2)]
        owner.kill()
    assert all(gone(pid) for pid in pids)
