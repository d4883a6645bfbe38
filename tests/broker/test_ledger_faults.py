"""A ledger that cannot be written: said, nothing kept by halves, mended by a restart."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from casefeed.store import StoreFault
from tests.feedkit import Bench, Sent, make
from tests.live_intake import Live
from tests.restarts import CASEFEED, count, environment

NOT_THERE = 3
Spoil = Callable[[Live, ExitStack], None]


def transfers(bench: Bench, first: int, last: int) -> list[Sent]:
    """A good record of each child from number `first` to `last`."""
    return [
        bench.event("ChildTransferred", make("ChildTransferred", child, 1))
        for child in range(first, last + 1)
    ]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else writes to the file, and does not come to an end."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def intake(bench: Bench, home: Path, room_kib: int | None = None) -> subprocess.CompletedProcess[str]:
    """`casefeed ice intake --until-caught-up`, where no file may grow beyond `room_kib`."""
    limit = "" if room_kib is None else f"ulimit -f {room_kib * 2}; "
    return subprocess.run(
        ["/bin/sh", "-c", f'{limit}exec "$@"', "sh", CASEFEED, "ice", "intake", "--until-caught-up"],
        env=environment(bench, home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def full(live: Live, _: ExitStack) -> None:
    """The file may not grow by a page."""
    live.store.db.execute("PRAGMA max_page_count = 1")


def read_only(live: Live, _: ExitStack) -> None:
    """What could be written at the start may only be read now."""
    live.store.db.execute("PRAGMA query_only = ON")


def taken(live: Live, until_mended: ExitStack) -> None:
    """Another process holds the write lock, and does not let go while it is waited for."""
    live.store.db.execute("PRAGMA busy_timeout = 100")
    until_mended.enter_context(locked(live.bench.path))


@pytest.mark.parametrize(
    ("spoil", "cause"), [(full, "SQLITE_FULL"), (read_only, "SQLITE_READONLY"), (taken, "SQLITE_BUSY")]
)
def test_a_ledger_that_fails_in_the_middle_ends_the_intake_and_loses_nothing(
    bench: Bench, spoil: Spoil, cause: str
) -> None:
    """The sentence says that nothing of the batch was kept; mended, the next intake holds every event once."""
    bench.send(*transfers(bench, 1, 50))
    live = Live(bench)

    async def act(live: Live) -> None:
        await live.until(50)
        spoil(live, until_mended)
        bench.send(*transfers(bench, 51, 500))
        await live.until_ended()

    with (
        ExitStack() as until_mended,
        pytest.raises(StoreFault, match=rf"ice\.db .*{cause}.*nothing of the batch was kept"),
    ):
        asyncio.run(live.during(act))
    before = live.progress.tally.applied
    assert 50 <= before < 500
    done = bench.read().tally
    assert (done.applied, done.already_held, dict(done.parked)) == (500 - before, 0, {})


def test_a_ledger_that_is_locked_for_a_moment_is_waited_for(bench: Bench) -> None:
    """Somebody who writes for longer than SQLite waits holds the intake up and no more: it tries again."""
    bench.send(*transfers(bench, 1, 50))

    async def act(live: Live) -> None:
        await live.until(50)
        live.store.db.execute("PRAGMA busy_timeout = 400")
        lock = ExitStack()
        lock.enter_context(locked(bench.path))
        threading.Timer(1, lock.close).start()
        bench.send(*transfers(bench, 51, 100))
        await live.until(100)

    live = Live(bench)
    asyncio.run(live.during(act))
    assert live.progress.tally.applied == 100


def test_a_ledger_that_is_locked_at_the_start_is_said(bench: Bench, tmp_path: Path) -> None:
    """The command ends with 3, names the file and what SQLite calls it; unlocked, it reads."""
    bench.send(*transfers(bench, 1, 5))
    bench.read()
    bench.send(*transfers(bench, 6, 8))
    with locked(bench.path):
        refused = intake(bench, tmp_path)
    assert refused.returncode == NOT_THERE
    assert f"{bench.path} could not be written (SQLITE_BUSY)" in refused.stderr
    assert "3 events applied, 0 held already" in intake(bench, tmp_path).stdout


def test_a_disk_that_is_full_at_the_commit_keeps_nothing_of_the_batch(bench: Bench, tmp_path: Path) -> None:
    """The write of the commit itself fails: exit 3 and a sentence; with room again everything is held once."""
    bench.send(*transfers(bench, 1, 50))
    bench.read()
    bench.send(*transfers(bench, 51, 1000))
    refused = intake(bench, tmp_path, room_kib=512)
    assert refused.returncode == NOT_THERE
    assert "nothing of the batch was kept" in refused.stderr
    before = count(bench)
    assert 50 <= before < 1000
    assert f"{1000 - before} events applied, 0 held already" in intake(bench, tmp_path).stdout
