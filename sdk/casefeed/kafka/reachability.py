"""Whether broker and registry answer now, asked once and quickly: for a command that tells how things stand.

Their clients are loaded where something listens: a question that finds none is answered in a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from casefeed.kafka.records import Partition
from casefeed.kafka.unavailable import broker_unavailable, is_refused, registry_unavailable
from casefeed.runtime import logs
from casefeed.runtime.errors import RegistryUnavailable, Unavailable
from casefeed.runtime.settings import Settings, mask

TIMEOUT_S = 3.0
# From here on what waits, or is behind, is a matter for a person; the alert rules have the same deadline.
ATTENTION_AFTER_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Reachability:
    """What answered: the cluster's id and the end of each partition, where the broker did; and what did not."""

    cluster_id: str | None
    end_offsets: dict[Partition, int]
    unavailable: tuple[Unavailable, ...]


async def check_services(
    settings: Settings, topics: Sequence[str], optional_topics: Sequence[str] = ()
) -> Reachability:
    """Ask broker and registry at once, each for a few seconds; one of `topics` that does not exist counts as away."""
    import asyncio

    with logs.silenced("aiokafka"):
        broker, registry = await asyncio.gather(
            check_broker(settings, topics, optional_topics), _check_registry(settings)
        )
    unavailable = tuple(each for each in (broker, registry) if isinstance(each, Unavailable))
    cluster_id, ends = (None, {}) if isinstance(broker, Unavailable) else broker
    return Reachability(cluster_id or None, ends, unavailable)


async def check_broker(
    settings: Settings, topics: Sequence[str], optional_topics: Sequence[str] = ()
) -> tuple[str, dict[Partition, int]] | Unavailable:
    """The broker's cluster and how far each partition reaches; why not, where it does not tell in a few seconds."""
    if _broker_refuses(settings):
        return broker_unavailable(settings.kafka_bootstrap, "KafkaConnectionError")
    import asyncio

    from casefeed.kafka.consumer import Consumer

    try:
        async with asyncio.timeout(TIMEOUT_S):
            async with Consumer(settings.kafka_bootstrap, topics, None, optional_topics) as consumer:
                return consumer.cluster_id, await consumer.end_offsets()
    except Unavailable as unavailable:
        return unavailable
    except TimeoutError as error:
        return broker_unavailable(settings.kafka_bootstrap, type(error).__name__)


def end_offsets(settings: Settings, topics: Sequence[str]) -> dict[Partition, int] | None:
    """How far each partition of `topics` reaches; None where no broker tells in a few seconds."""
    if _broker_refuses(settings):
        return None
    import asyncio

    reached = asyncio.run(check_broker(settings, topics))
    return None if isinstance(reached, Unavailable) else reached[1]


def _broker_refuses(settings: Settings) -> bool:
    return all(is_refused(f"//{each.strip()}", 9092) for each in settings.kafka_bootstrap.split(","))


async def _check_registry(settings: Settings) -> RegistryUnavailable | None:
    if is_refused(settings.registry_url, 443 if urlsplit(settings.registry_url).scheme == "https" else 80):
        return registry_unavailable(mask(settings.registry_url.rstrip("/")), "ConnectError")
    from casefeed.kafka.registry import SchemaRegistry

    async with SchemaRegistry(settings.registry_url, timeout_s=TIMEOUT_S) as registry:
        try:
            await registry.schema_by_id(1)
        except RegistryUnavailable as unavailable:
            return unavailable
    return None
