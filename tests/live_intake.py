"""An intake that runs inside a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from casefeed.kafka.registry import Registry
from casefeed.read.intake import Feed, Progress, read_feed
from casefeed.read.store import Handler
from ice_caseload.cases import take_in
from tests.feedkit import Bench


class Live:
    """An intake that runs in this process while the test does things to its surroundings."""

    def __init__(self, bench: Bench, handler: Handler = take_in, *, from_start: bool = False) -> None:
        self.bench = bench
        self.handler = handler
        self.from_start = from_start
        self.said: list[str] = []
        self.progress = Progress()
        self.stop = asyncio.Event()
        self.store = bench.store()
        self.reading: asyncio.Task[Progress]

    def report(self, progress: Progress) -> None:
        """Keep what the intake says."""
        self.progress = progress
        if progress.waiting and progress.waiting not in self.said:
            self.said.append(progress.waiting)

    async def during(self, act: Callable[[Live], Awaitable[None]]) -> None:
        """Run the intake while `act` acts on it; then stop it."""
        async with Registry(self.bench.registry_url, deadline_s=2) as registry:
            with self.store as store:
                feed = Feed(
                    self.bench.bootstrap,
                    self.bench.registry_url,
                    registry.schema_by_id,
                    store,
                    self.handler,
                    "test-live",
                    report=self.report,
                )
                self.reading = asyncio.create_task(read_feed(feed, self.stop, from_start=self.from_start))
                try:
                    await act(self)
                finally:
                    self.stop.set()
                    await self.reading

    async def until(self, applied: int, seconds: float = 60) -> None:
        """Wait until so many events were applied."""
        deadline = time.monotonic() + seconds
        while self.progress.tally.applied < applied:
            assert time.monotonic() < deadline, (self.progress, self.said)
            await asyncio.sleep(0.05)

    async def until_waiting(self, seconds: float = 60) -> None:
        """Wait until the intake says that it waits."""
        async with asyncio.timeout(seconds):
            while self.progress.waiting is None:
                await asyncio.sleep(0.05)

    async def until_ended(self, seconds: float = 60) -> None:
        """Wait until the intake has ended by itself; `during` raises what it ended with."""
        done, _ = await asyncio.wait({self.reading}, timeout=seconds)
        assert done, "the intake goes on"
