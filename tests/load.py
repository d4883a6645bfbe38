"""A desk that records without a pause, its relay and ICE's intake, while something is done to the cluster."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.desk_helpers import event_inputs, orr_desk
from tests.feedkit import FeedEnv
from tests.relay_processes import assert_in_order_and_complete, record_answers, running_process, terminate, wait_until
from tests.restarts import CASEFEED, environment, row_count
from tests.topic_records import topic_records

RECORD_INTERVAL_SECONDS = 0.1
CHILDREN = 10
POLL_SECONDS = 0.1
SETTLE_TIMEOUT_SECONDS = 180
SENT_COUNT = "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"
EVENT_ORDER = "SELECT child, source, sequence FROM event ORDER BY seq"


@dataclass
class LongestStall:
    """The longest time in which a number that should grow did not."""

    seconds: float = 0
    _last: int = 0
    _since: float = field(default_factory=time.monotonic)

    def update(self, number: int) -> None:
        """The number is so large now."""
        now = time.monotonic()
        if number != self._last:
            self._last, self._since = number, now
        self.seconds = max(self.seconds, now - self._since)


class LoadTest:
    """A hundred events a second from desk to ledger, for as long as the block lasts.

    `verify` afterwards holds topic and ledger to what the desk answered. `sent_stall` and `read_stall` are how long
    nothing was acknowledged, and nothing new was in the ledger.
    """

    def __init__(self, feed_env: FeedEnv, home: Path) -> None:
        self.feed_env = feed_env
        self.home = home
        self.answers: list[dict[str, Any]] = []
        self.sent_stall, self.read_stall = LongestStall(), LongestStall()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._record, self._poll)]
        self._processes = ExitStack()

    def __enter__(self) -> Self:
        with orr_desk(self.home):  # its tables are made before anybody looks
            env = environment(self.feed_env, self.home)
            start = self._processes.enter_context
            self._relay = start(running_process([CASEFEED, "orr", "relay"], env))
            self._intake = start(running_process([CASEFEED, "ice", "intake"], env))
        self._threads[0].start()
        try:
            self.wait_for_events()
        except BaseException:
            self.__exit__()
            raise
        self._threads[1].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._processes.close()

    def wait_for_events(self, events: int = 200) -> None:
        """Return when the ledger has so many events more."""
        before = row_count(self.feed_env)
        wait_until(lambda: row_count(self.feed_env) >= before + events, SETTLE_TIMEOUT_SECONDS)

    def verify(self) -> str:
        """End the load, let everything arrive, hold it to what was recorded; the figures in a line."""
        self._stop.set()
        self._threads[0].join()
        wait_until(lambda: self._sent_count() == len(self.answers), SETTLE_TIMEOUT_SECONDS)
        wait_until(lambda: row_count(self.feed_env) == len(self.answers), SETTLE_TIMEOUT_SECONDS)
        terminate(self._relay)
        terminate(self._intake)
        rows = topic_records(self.feed_env.bootstrap)
        assert_in_order_and_complete(rows, self.answers)
        self._assert_ledger_complete()
        return (
            f"{len(self.answers):,} events, lost 0, doubled 0, {len(rows) - len(self.answers)} sent twice; "
            f"longest standstill: {self.sent_stall.seconds:.1f} s acknowledged, {self.read_stall.seconds:.1f} s read"
        )

    def _assert_ledger_complete(self) -> None:
        told: dict[tuple[int, int], list[int]] = {}
        with closing(sqlite3.connect(self.feed_env.path)) as db:
            assert db.execute("SELECT count(*) FROM parked").fetchone() == (0,)
            assert db.execute("SELECT count(DISTINCT event_id) FROM event").fetchone() == (len(self.answers),)
            for child, source, sequence in db.execute(EVENT_ORDER):
                told.setdefault((child, source), []).append(sequence)
        assert [key for key, found in told.items() if found != sorted(found)] == []

    def _sent_count(self) -> int:
        with closing(sqlite3.connect(self.home / "desk.db")) as db:
            return int(db.execute(SENT_COUNT).fetchone()[0])

    def _record(self) -> None:
        with orr_desk(self.home) as desk:
            while not self._stop.wait(RECORD_INTERVAL_SECONDS):
                self.answers += record_answers(desk, event_inputs(CHILDREN, 1))

    def _poll(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self.sent_stall.update(self._sent_count())
            self.read_stall.update(row_count(self.feed_env))
