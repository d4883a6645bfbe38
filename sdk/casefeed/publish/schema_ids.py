"""The registry's number of each schema that is sent, asked for again and again: a registry may be made anew.

A record under a number of the registry before would be another type's, or nobody's, to a reader who asks the new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import structlog

from casefeed.contract.catalogue import EventType, load
from casefeed.kafka.registry import Registry
from casefeed.runtime.clock import Ticks, monotonic
from casefeed.runtime.errors import RegistryUnavailable

LOOK_EVERY_S = 10.0


class Numbers:
    """What one registry calls the schemas of the topics that are sent to. `version` changes with any number."""

    def __init__(self, registry: Registry, topics: Iterable[str], ticks: Ticks = monotonic) -> None:
        self._registry = registry
        self._ticks = ticks
        self._kinds = {kind.fingerprint: kind for topic in topics for kind in load().on(topic)}
        self._numbers: dict[bytes, int] = {}
        self._asked = ticks()
        self.version = 0
        self._look: asyncio.Task[dict[bytes, int]] | None = None

    def of(self, kind: EventType) -> int:
        """The number of a schema that was learnt."""
        return self._numbers[kind.fingerprint]

    async def learn(self) -> None:
        """Register all schemas, which changes nothing where they are.

        Raises RegistryUnavailable, and AnswerIsNo where the registry refuses one.
        """
        found = await self._all()
        # A look that began before may hold what was true then.
        await self.close()
        self._take(found)

    async def know(self, kind: EventType) -> None:
        """Send this schema too, as an earlier release wrote it; raises as `learn` does."""
        if kind.fingerprint not in self._numbers:
            self._numbers[kind.fingerprint] = await self._registry.register(kind.name, kind.text)
            self._kinds[kind.fingerprint] = kind

    def look(self) -> None:
        """Take what a look at the registry has found, and begin another where the last was a while ago.

        Waits for nothing: with the registry away what is known stays good. Raises AnswerIsNo as `learn` does.
        """
        if self._look is not None and self._look.done():
            done, self._look = self._look, None
            with suppress(RegistryUnavailable):
                self._take(done.result())
        if self._look is None and self._ticks() - self._asked >= LOOK_EVERY_S:
            self._asked = self._ticks()
            self._look = asyncio.create_task(self._all())

    async def close(self) -> None:
        """Wait for no answer any more."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
            self._look = None

    async def _all(self) -> dict[bytes, int]:
        self._asked = self._ticks()
        return {
            kind.fingerprint: await self._registry.register(kind.name, kind.text)
            for kind in tuple(self._kinds.values())
        }

    def _take(self, found: dict[bytes, int]) -> None:
        other = sum(number != self._numbers.get(each, number) for each, number in found.items())
        if other:
            self.version += 1
            structlog.get_logger().warning("the registry was made anew, its numbers are others", count=other)
        self._numbers.update(found)
