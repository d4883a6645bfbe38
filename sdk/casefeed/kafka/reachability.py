"""Whether broker and registry answer now, asked once and quickly: for a command that tells how things stand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from casefeed.kafka.consumer import Consumer, Partition
from casefeed.kafka.registry import Registry
from casefeed.kafka.topics import broker_unavailable
from casefeed.runtime import logs
from casefeed.runtime.errors import RegistryUnavailable, Unavailable
from casefeed.runtime.settings import Settings

DEADLINE_S = 3.0
# From here on what waits, or is behind, is a matter for a person; the alert rules have the same deadline.
LATE_AFTER_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What answered: the cluster's id and the end of each partition, where the broker did; and what did not."""

    cluster_id: str | None
    ends: dict[Partition, int]
    away: tuple[Unavailable, ...]


async def look(settings: Settings, topics: Sequence[str], may_lack: Sequence[str] = ()) -> Surroundings:
    """Ask broker and registry at once, each for a few seconds; one of `topics` that does not exist counts as away."""
    with logs.unheard("aiokafka"):
        broker, registry = await asyncio.gather(reach(settings, topics, may_lack), _registry(settings))
    away = [each for each in (broker, registry) if isinstance(each, Unavailable)]
    found = ("", dict[Partition, int]()) if isinstance(broker, Unavailable) else broker
    return Surroundings(found[0] or None, found[1], tuple(away))


async def reach(
    settings: Settings, topics: Sequence[str], may_lack: Sequence[str] = ()
) -> tuple[str, dict[Partition, int]] | Unavailable:
    """The broker's cluster and how far each partition reaches; why not, where it does not tell in a few seconds."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            async with Consumer(settings.kafka_bootstrap, topics, None, may_lack) as consumer:
                return consumer.cluster_id, await consumer.ends()
    except Unavailable as away:
        return away
    except TimeoutError as error:
        return broker_unavailable(settings.kafka_bootstrap, error)


async def _registry(settings: Settings) -> RegistryUnavailable | None:
    async with Registry(settings.registry_url, deadline_s=DEADLINE_S) as registry:
        try:
            await registry.schema_by_id(1)
        except RegistryUnavailable as away:
            return away
    return None
