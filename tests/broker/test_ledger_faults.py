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

from casefeed.store import StoreError
from tests.feedkit import FeedEnv, KafkaRecord, make_event
from tests.live_intake import LiveIntake
from tests.restarts import CASEFEED, environment, row_count

NOT_THERE = 3
Spoil = Callable[[LiveIntake, ExitStack], None]


def transfers(feed_env: FeedEnv, first: int, last: int) -> list[KafkaRecord]:
    """A good record of each child from number `first` to `last`."""
    return [
        feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", child, 1))
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


def intake(feed_env: FeedEnv, home: Path, room_kib: int | None = None) -> subprocess.CompletedProcess[str]:
    """`casefeed ice intake --until-caught-up`, where no file may grow beyond `room_kib`."""
    limit = "" if room_kib is None else f"ulimit -f {room_kib * 2}; "
    return subprocess.run(
        ["/bin/sh", "-c", f'{limit}exec "$@"', "sh", CASEFEED, "ice", "intake", "--until-caught-up"],
        env=environment(feed_env, home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def full(live: LiveIntake, _: ExitStack) -> None:
    """The file may not grow by a page."""
    live.store.db.execute("PRAGMA max_page_count = 1")


def read_only(live: LiveIntake, _: ExitStack) -> None:
    """What could be written at the start may only be read now."""
    live.store.db.execute("PRAGMA query_only = ON")


def taken(live: LiveIntake, until_mended: ExitStack) -> None:
    """Another process holds the write lock, and does not let go while it is waited for."""
    live.store.db.execute("PRAGMA busy_timeout = 100")
    until_mended.enter_context(locked(live.feed_env.path))


@pytest.mark.parametrize(
    ("spoil", "cause"), [(full, "SQLITE_FULL"), (read_only, "SQLITE_READONLY"), (taken, "SQLITE_BUSY")]
)
def test_a_ledger_that_fails_in_the_middle_ends_the_intake_and_loses_nothing(
    feed_env: FeedEnv, spoil: Spoil, cause: str
) -> None:
    """The sentence says that nothing of the batch was kept; mended, the next intake holds every event once."""
    feed_env.send(*transfers(feed_env, 1, 50))
    live = LiveIntake(feed_env)

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(50)
        spoil(live, until_mended)
        feed_env.send(*transfers(feed_env, 51, 500))
        await live.wait_until_ended()

    with (
        ExitStack() as until_mended,
        pytest.raises(StoreError, match=rf"ice\.db .*{cause}.*nothing of the batch was kept"),
    ):
        asyncio.run(live.run_with(act))
    before = live.progress.counts.applied
    assert 50 <= before < 500
    done = feed_env.run_intake().counts
    assert (done.applied, done.duplicates, dict(done.parked)) == (500 - before, 0, {})


def test_a_ledger_that_is_locked_for_a_moment_is_waited_for(feed_env: FeedEnv) -> None:
    """Somebody who writes for longer than SQLite waits holds the intake up and no more: it tries again."""
    feed_env.send(*transfers(feed_env, 1, 50))

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(50)
        live.store.db.execute("PRAGMA busy_timeout = 400")
        lock = ExitStack()
        lock.enter_context(locked(feed_env.path))
        threading.Timer(1, lock.close).start()
        feed_env.send(*transfers(feed_env, 51, 100))
        await live.wait_until_applied(100)

    live = LiveIntake(feed_env)
    asyncio.run(live.run_with(act))
    assert live.progress.counts.applied == 100


def test_a_ledger_that_is_locked_at_the_start_is_said(feed_env: FeedEnv, tmp_path: Path) -> None:
    """The command ends with 3, names the file and what SQLite calls it; unlocked, it reads."""
    feed_env.send(*transfers(feed_env, 1, 5))
    feed_env.run_intake()
    feed_env.send(*transfers(feed_env, 6, 8))
    with locked(feed_env.path):
        refused = intake(feed_env, tmp_path)
    assert refused.returncode == NOT_THERE
    assert f"{feed_env.path} could not be written (SQLITE_BUSY)" in refused.stderr
    assert "3 events applied, 0 held already" in intake(feed_env, tmp_path).stdout


def test_a_disk_that_is_full_at_the_commit_keeps_nothing_of_the_batch(feed_env: FeedEnv, tmp_path: Path) -> None:
    """The write of the commit itself fails: exit 3 and a sentence; with room again everything is held once."""
    feed_env.send(*transfers(feed_env, 1, 50))
    feed_env.run_intake()
    feed_env.send(*transfers(feed_env, 51, 1000))
    refused = intake(feed_env, tmp_path, room_kib=512)
    assert refused.returncode == NOT_THERE
    assert "nothing of the batch was kept" in refused.stderr
    before = row_count(feed_env)
    assert 50 <= before < 1000
    assert f"{1000 - before} events applied, 0 held already" in intake(feed_env, tmp_path).stdout
