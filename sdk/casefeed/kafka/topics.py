"""The topics of the feed: making them, and the check that one will keep what is put on it.

A replay puts facts of years ago on a topic today. A broker that judges age by the record's own time deletes
them at its next look, and readers wait without an error: so every topic is LogAppendTime, keeps what it holds
for ever or for a stated long time, and is never compacted (each child's last event would be all that is left). Where
it has replicas, an acknowledged record is on two of them at least: any one broker may be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from casefeed.kafka.unavailable import broker_unavailable
from casefeed.runtime.errors import CheckFailed, Unavailable
from casefeed.runtime.signals import shielded

TIMEOUT_S = 10.0
# A reader that was away for a month still finds everything.
MIN_RETENTION = timedelta(days=30)
TOPIC_CONFIGS = {
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
}
DEFAULT_REPLICATION_CONFIG = "default.replication.factor"
MIN_IN_SYNC_CONFIG = "min.insync.replicas"
# How many brokers hold a record when it is acknowledged, where there are as many.
SAFE_REPLICAS = 2


class TopicNotFound(Unavailable):
    """The topic does not exist yet."""


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """A topic as the broker describes it; `replication`: the replicas of the partition that has the fewest."""

    name: str
    cluster_id: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


async def create(bootstrap: str, names: Iterable[str], *, partitions: int, replication: int) -> list[str]:
    """Make those of `names` that do not exist, with `replication` replicas (0: the cluster's default); those made.

    Raises BrokerUnavailable when the broker does not answer or refuses.
    """
    created = []
    names = list(names)
    async with _admin(bootstrap) as admin:
        existing = set(await admin.list_topics())
        if not existing.issuperset(names):
            replication = replication or await _default_replication(bootstrap, admin)
        configs = TOPIC_CONFIGS | {MIN_IN_SYNC_CONFIG: str(min(SAFE_REPLICAS, replication))}
        for name in names:
            if name in existing:
                continue
            response = await admin.create_topics(
                [NewTopic(name, partitions, replication, topic_configs=configs)], timeout_ms=int(TIMEOUT_S * 1000)
            )
            error_type = for_code(response.topic_errors[0][1])
            if error_type is TopicAlreadyExistsError:  # another made it meanwhile
                continue
            if response.topic_errors[0][1] != 0:
                raise Unavailable(
                    f"{bootstrap} refuses to make the topic {name} ({error_type.__name__}); "
                    f"it was asked for {partitions} partitions with {replication} replicas each."
                )
            created.append(name)
        # A broker hears of a new topic a moment after the controller has made it.
        while not existing.issuperset(names):
            existing = set(await admin.list_topics())
    return created


async def describe(bootstrap: str, name: str) -> TopicDescription:
    """The topic as it is; raises TopicNotFound, or BrokerUnavailable when the broker does not answer."""
    async with _admin(bootstrap) as admin:
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
        if name not in await admin.list_topics():
            raise TopicNotFound(
                f"The topic {name} does not exist at {bootstrap}; make it with `casefeed topics create`."
            )
        described = (await admin.describe_topics([name]))[0]
        responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    replication = min(len(each["replicas"]) for each in described["partitions"])
    return TopicDescription(name, cluster_id, len(described["partitions"]), replication, _configs(responses[0]))


def problems(topic: TopicDescription, partitions: int) -> list[str]:
    """What is wrong with a topic, a sentence each; none when it will keep what is put on it.

    `partitions`: the count the topic was agreed to have, fixed for its life because a child's key finds its
    partition by it.
    """
    found = []
    if topic.partitions != partitions:
        found.append(
            f"{topic.name} has {topic.partitions} partitions, the setting topic_partitions says {partitions}; "
            f"the count never changes in a topic's life: set CASEFEED_TOPIC_PARTITIONS={topic.partitions}, "
            "or replay into a new topic."
        )
    if topic.configs["message.timestamp.type"] != TOPIC_CONFIGS["message.timestamp.type"]:
        found.append(
            f"{topic.name} takes the record's own time (CreateTime), so that the broker would judge the age of "
            "old facts by it and drop them; set message.timestamp.type=LogAppendTime."
        )
    kept_ms = int(topic.configs["retention.ms"])
    if 0 <= kept_ms < MIN_RETENTION / timedelta(milliseconds=1):
        found.append(
            f"{topic.name} keeps records for {timedelta(milliseconds=kept_ms)} only, less than the "
            f"{MIN_RETENTION.days} days a reader may be away; set retention.ms=-1."
        )
    if int(topic.configs["retention.bytes"]) >= 0:
        found.append(f"{topic.name} drops records when it grows; set retention.bytes=-1.")
    if topic.configs["cleanup.policy"] != TOPIC_CONFIGS["cleanup.policy"]:
        found.append(
            f"{topic.name} is compacted: all but the last event of each child would be dropped; "
            "set cleanup.policy=delete."
        )
    if topic.replication >= SAFE_REPLICAS > int(topic.configs[MIN_IN_SYNC_CONFIG]):
        found.append(
            f"{topic.name} has {topic.replication} replicas and acknowledges what one of them holds, so that it "
            f"may be lost with that broker; set {MIN_IN_SYNC_CONFIG}={SAFE_REPLICAS}."
        )
    return found


async def check(bootstrap: str, name: str, *, partitions: int) -> TopicDescription:
    """The topic, found good to publish into.

    Raises CheckFailed with what is wrong, TopicNotFound, or BrokerUnavailable.
    """
    topic = await describe(bootstrap, name)
    wrong = problems(topic, partitions)
    if wrong:
        raise CheckFailed("\n".join(wrong))
    return topic


async def _default_replication(bootstrap: str, admin: Any) -> int:
    node = (await admin.describe_cluster())["controller_id"]
    responses = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.BROKER, str(node), {DEFAULT_REPLICATION_CONFIG: None})]
    )
    replication = _configs(responses[0]).get(DEFAULT_REPLICATION_CONFIG)
    if replication is None:  # who may make topics need not have the right to ask for that
        raise Unavailable(
            f"{bootstrap} does not tell how many replicas it gives a topic; set CASEFEED_TOPIC_REPLICATION."
        )
    return int(replication)


def _configs(response: Any) -> dict[str, str]:
    return {entry[0]: entry[1] for entry in response.resources[0][4]}


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(TIMEOUT_S * 1000))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await admin.start()
            yield admin
    except (KafkaError, TimeoutError, OSError) as error:
        raise broker_unavailable(bootstrap, type(error).__name__) from error
    finally:
        await shielded(admin.close())
