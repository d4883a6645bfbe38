"""A desk that records without a pause, its relay and ICE's intake, while something is done to the cluster."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.desk_helpers import orr_desk, story
from tests.feedkit import Bench
from tests.relay_processes import answers_of, end, in_order_and_whole, running, until
from tests.restarts import CASEFEED, count, environment
from tests.topic_records import held

RECORD_EVERY_SECONDS = 0.1
CHILDREN = 10
LOOK_EVERY_SECONDS = 0.1
SETTLED_WITHIN_SECONDS = 180
SENT = "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"
ORDER = "SELECT child, source, sequence FROM event ORDER BY seq"


@dataclass
class Standstill:
    """The longest time in which a number that should grow did not."""

    seconds: float = 0
    _last: int = 0
    _since: float = field(default_factory=time.monotonic)

    def see(self, number: int) -> None:
        """The number is so large now."""
        now = time.monotonic()
        if number != self._last:
            self._last, self._since = number, now
        self.seconds = max(self.seconds, now - self._since)


class UnderLoad:
    """A hundred events a second from desk to ledger, for as long as the block lasts.

    `check` afterwards holds topic and ledger to what the desk answered. `sent` and `read` are how long nothing was
    acknowledged, and nothing new was in the ledger.
    """

    def __init__(self, bench: Bench, home: Path) -> None:
        self.bench = bench
        self.home = home
        self.answers: list[dict[str, Any]] = []
        self.sent, self.read = Standstill(), Standstill()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._record, self._look)]
        self._processes = ExitStack()

    def __enter__(self) -> Self:
        with orr_desk(self.home):  # its tables are made before anybody looks
            env = environment(self.bench, self.home)
            start = self._processes.enter_context
            self._relay = start(running([CASEFEED, "orr", "relay"], env))
            self._intake = start(running([CASEFEED, "ice", "intake"], env))
        self._threads[0].start()
        try:
            self.goes_on()
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

    def goes_on(self, events: int = 200) -> None:
        """Return when the ledger has so many events more."""
        before = count(self.bench)
        until(lambda: count(self.bench) >= before + events, SETTLED_WITHIN_SECONDS)

    def check(self) -> str:
        """End the load, let everything arrive, hold it to what was recorded; the figures in a line."""
        self._stop.set()
        self._threads[0].join()
        until(lambda: self._sent() == len(self.answers), SETTLED_WITHIN_SECONDS)
        until(lambda: count(self.bench) == len(self.answers), SETTLED_WITHIN_SECONDS)
        end(self._relay)
        end(self._intake)
        rows = held(self.bench.bootstrap)
        in_order_and_whole(rows, self.answers)
        self._ledger_is_whole()
        return (
            f"{len(self.answers):,} events, lost 0, doubled 0, {len(rows) - len(self.answers)} sent twice; "
            f"longest standstill: {self.sent.seconds:.1f} s acknowledged, {self.read.seconds:.1f} s read"
        )

    def _ledger_is_whole(self) -> None:
        told: dict[tuple[int, int], list[int]] = {}
        with closing(sqlite3.connect(self.bench.path)) as db:
            assert db.execute("SELECT count(*) FROM parked").fetchone() == (0,)
            assert db.execute("SELECT count(DISTINCT event_id) FROM event").fetchone() == (len(self.answers),)
            for child, source, sequence in db.execute(ORDER):
                told.setdefault((child, source), []).append(sequence)
        assert [key for key, found in told.items() if found != sorted(found)] == []

    def _sent(self) -> int:
        with closing(sqlite3.connect(self.home / "desk.db")) as db:
            return int(db.execute(SENT).fetchone()[0])

    def _record(self) -> None:
        with orr_desk(self.home) as desk:
            while not self._stop.wait(RECORD_EVERY_SECONDS):
                self.answers += answers_of(desk, story(CHILDREN, 1))

    def _look(self) -> None:
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            self.sent.see(self._sent())
            self.read.see(count(self.bench))
