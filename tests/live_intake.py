"""An intake that runs inside a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from casefeed.kafka.registry import SchemaRegistry
from casefeed.ledger.projection import apply_events
from casefeed.read.intake import IntakeConfig, ReaderProgress, run_intake
from casefeed.read.store import Handler
from tests.feedkit import FeedEnv


class LiveIntake:
    """An intake that runs in this process while the test does things to its surroundings."""

    def __init__(self, feed_env: FeedEnv, handler: Handler = apply_events, *, from_start: bool = False) -> None:
        self.feed_env = feed_env
        self.handler = handler
        self.from_start = from_start
        self.messages: list[str] = []
        self.progress = ReaderProgress()
        self.stop = asyncio.Event()
        self.store = feed_env.store()
        self.task: asyncio.Task[ReaderProgress]

    def report(self, progress: ReaderProgress) -> None:
        """Keep what the intake says."""
        self.progress = progress
        if progress.unavailable_message and progress.unavailable_message not in self.messages:
            self.messages.append(progress.unavailable_message)

    async def run_with(self, action: Callable[[LiveIntake], Awaitable[None]]) -> None:
        """Run the intake while `action` acts on it; then stop it."""
        async with SchemaRegistry(self.feed_env.registry_url, timeout_s=2) as registry:
            with self.store as store:
                feed = IntakeConfig(
                    self.feed_env.bootstrap,
                    self.feed_env.registry_url,
                    registry.schema_by_id,
                    store,
                    self.handler,
                    "test-live",
                    on_progress=self.report,
                )
                self.task = asyncio.create_task(run_intake(feed, self.stop, from_start=self.from_start))
                try:
                    await action(self)
                finally:
                    self.stop.set()
                    await self.task

    async def wait_until_applied(self, applied: int, seconds: float = 60) -> None:
        """Wait until so many events were applied."""
        deadline = time.monotonic() + seconds
        while self.progress.counts.applied < applied:
            assert time.monotonic() < deadline, (self.progress, self.messages)
            await asyncio.sleep(0.05)

    async def wait_until_waiting(self, seconds: float = 60) -> None:
        """Wait until the intake says that it waits."""
        async with asyncio.timeout(seconds):
            while self.progress.unavailable_message is None:
                await asyncio.sleep(0.05)

    async def wait_until_ended(self, seconds: float = 60) -> None:
        """Wait until the intake has ended by itself; `run_with` raises what it ended with."""
        done, _ = await asyncio.wait({self.task}, timeout=seconds)
        assert done, "the intake goes on"
