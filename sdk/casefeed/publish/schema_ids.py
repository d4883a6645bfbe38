"""The registry's number of each schema that is sent, asked for again and again: a registry may be made anew.

A record under a number of the registry before would be another type's, or nobody's, to a reader who asks the new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from casefeed.contract.catalogue import EventType, load_catalogue
from casefeed.kafka.registry import SchemaRegistry
from casefeed.runtime import logs
from casefeed.runtime.clock import MonotonicClock, monotonic
from casefeed.runtime.errors import RegistryUnavailable

REFRESH_EVERY_S = 10.0


class SchemaIds:
    """What one registry calls the schemas of the topics that are sent to. `version` changes with any number."""

    def __init__(self, registry: SchemaRegistry, topics: Iterable[str], clock: MonotonicClock = monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._event_types = {kind.fingerprint: kind for topic in topics for kind in load_catalogue().on_topic(topic)}
        self._ids: dict[bytes, int] = {}
        self._refreshed_at = clock()
        self.version = 0
        self._refresh_task: asyncio.Task[dict[bytes, int]] | None = None

    def id_of(self, kind: EventType) -> int:
        """The number of a schema that was learnt."""
        return self._ids[kind.fingerprint]

    async def register_all(self) -> None:
        """Register all schemas, which changes nothing where they are.

        Raises RegistryUnavailable, and CheckFailed where the registry refuses one.
        """
        ids = await self._register_known()
        # A look that began before may hold what was true then.
        await self.close()
        self._update(ids)

    async def register(self, kind: EventType) -> None:
        """Send this schema too, as an earlier release wrote it; raises as `register_all` does."""
        if kind.fingerprint not in self._ids:
            self._ids[kind.fingerprint] = await self._registry.register(kind.name, kind.canonical_json)
            self._event_types[kind.fingerprint] = kind

    def refresh(self) -> None:
        """Take what a look at the registry has found, and begin another where the last was a while ago.

        Waits for nothing: with the registry away what is known stays good. Raises CheckFailed as `register_all` does.
        """
        if self._refresh_task is not None and self._refresh_task.done():
            task, self._refresh_task = self._refresh_task, None
            with suppress(RegistryUnavailable):
                self._update(task.result())
        if self._refresh_task is None and self._clock() - self._refreshed_at >= REFRESH_EVERY_S:
            self._refreshed_at = self._clock()
            self._refresh_task = asyncio.create_task(self._register_known())

    async def close(self) -> None:
        """Wait for no answer any more."""
        if self._refresh_task is not None:
            self._refresh_task.cancel()
            await asyncio.gather(self._refresh_task, return_exceptions=True)
            self._refresh_task = None

    async def _register_known(self) -> dict[bytes, int]:
        self._refreshed_at = self._clock()
        return {
            kind.fingerprint: await self._registry.register(kind.name, kind.canonical_json)
            for kind in tuple(self._event_types.values())
        }

    def _update(self, ids: dict[bytes, int]) -> None:
        changed = sum(schema_id != self._ids.get(each, schema_id) for each, schema_id in ids.items())
        if changed:
            self.version += 1
            logs.get_logger().warning("the registry was made anew, its numbers are others", count=changed)
        self._ids.update(ids)
