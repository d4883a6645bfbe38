"""The relay: what a desk recorded goes to its topic, in order per child, at least once, until it is stopped.

Loss could happen here only if a mark ran ahead of the acknowledgement: an event is marked sent after its batch was
acknowledged by all in-sync replicas, and never before. Killed in between, it goes again with the same id and bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from casefeed.contract.catalogue import STATEMENT_TOPICS, EventType
from casefeed.kafka.records import OutgoingRecord
from casefeed.kafka.registry import SchemaRegistry
from casefeed.kafka.topics import TopicDescription
from casefeed.publish.desk import Desk
from casefeed.publish.heartbeat import HeartbeatSender
from casefeed.publish.outbox import Acknowledgement, ClaimedEvent, Outbox
from casefeed.publish.retry import Outage
from casefeed.publish.schema_ids import SchemaIds
from casefeed.publish.sender import SentPositions, TopicSender, batch_sets, ensure_topic
from casefeed.runtime import logs
from casefeed.runtime.clock import MonotonicClock, monotonic
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.settings import Settings
from casefeed.runtime.signals import run_until_stopped
from casefeed.store import StoreError

CLAIM_EVENTS = 4000
POLL_EVERY_S = 0.02
# Leases of a relay that died run out without anybody writing: looked for this often.
CLAIM_EVERY_S = 1.0
LOG_EVERY_S = 10.0
# A batch on its way may still be acknowledged when the relay is asked to end.
GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """How to relay. `wait_s`: the patience with each outage, None for ever. `until_empty`: end when nothing waits.

    `from_start`: send all again. `heartbeat_file` is a file to touch while all is well; `print_line` hears a line for
    people, `health` how the relay is.
    """

    wait_s: float | None = None
    until_empty: bool = False
    from_start: bool = False
    heartbeat_file: Path | None = None
    print_line: Callable[[str], None] = lambda line: None
    health: ProcessHealth = field(
        default_factory=lambda: ProcessHealth("the relay", "has not reached the broker yet")
    )


@dataclass(frozen=True, slots=True)
class RelayResult:
    """What a relay did: events acknowledged, seconds it took."""

    events: int
    seconds: float


async def relay(
    desk: Desk, options: RelayOptions, settings: Settings, stop: asyncio.Event, clock: MonotonicClock = monotonic
) -> RelayResult:
    """Send what the open `desk` recorded, until `stop` is set or, with `until_empty`, nothing waits.

    Raises CheckFailed at a topic that would not keep it or another cluster, Unavailable when broker, registry or the
    desk's file is away for longer than `options.wait_s`.
    """
    async with SchemaRegistry(settings.registry_url) as registry:
        running_relay = _Relay(desk, options, settings, registry, stop, clock)
        try:
            await run_until_stopped(running_relay.run(), stop, GRACE_S)
        finally:
            await running_relay.close()
    return running_relay.result()


@dataclass(eq=False)
class _Relay:
    desk: Desk
    options: RelayOptions
    settings: Settings
    registry: SchemaRegistry
    stop: asyncio.Event
    clock: MonotonicClock

    def __post_init__(self) -> None:
        self._topic_name = self.desk.publisher.topic
        topics = [self._topic_name, STATEMENT_TOPICS[self._topic_name]]
        self._schema_ids = SchemaIds(self.registry, topics, self.clock)
        self._outage = Outage(self.options.wait_s, clock=self.clock, health=self.options.health)
        self._outbox = Outbox(self.desk)
        self._sender: TopicSender | None = None
        self._heartbeats: HeartbeatSender | None = None
        self._schemas: dict[int, EventType] = {}
        self._started_at = self._logged_at = self.clock()
        self._sent = self._logged_events = 0

    async def run(self) -> None:
        topic = await self._outage.retry(lambda: self._ensure_topic(self._topic_name))
        await self._outage.retry(lambda: self._bind(topic))
        sender = self._sender = self._topic_sender(topic, self._outbox.last_positions(), self._outage)
        await self._outage.retry(sender.connect)
        heartbeats = self._heartbeats = await self._heartbeat_sender()
        self.options.health.started()
        heartbeats.start()
        await self._send_pending(topic, sender, heartbeats)
        await heartbeats.stop()

    async def _send_pending(self, topic: TopicDescription, sender: TopicSender, heartbeats: HeartbeatSender) -> None:
        """Send what waits, until the end."""
        while not self.stop.is_set():
            self._schema_ids.refresh()
            heartbeats.raise_if_failed()
            try:
                version = self._outbox.version()
                claimed = self._outbox.claim(CLAIM_EVENTS) if self._outbox.has_pending() else []
                if claimed:
                    heartbeats.add_sources(frozenset(each.source for each in claimed))
                    await self._send(claimed, topic, sender)
                elif self.options.until_empty and not self._outbox.has_pending():
                    return
                else:
                    await self._wait_for_events(version)
                    self._check_idle()
            except (BrokerUnavailable, RegistryUnavailable, StoreError) as error:
                self._release()
                await self._outage.wait(error)

    async def close(self) -> None:
        """Let go of what is claimed and of the connections."""
        self._release()
        await self._schema_ids.close()
        # At once: each may have to give up on a broker that is away.
        await asyncio.gather(*(each.close() for each in (self._heartbeats, self._sender) if each is not None))

    def result(self) -> RelayResult:
        """What was done so far."""
        return RelayResult(self._sent, self.clock() - self._started_at)

    async def _ensure_topic(self, name: str) -> TopicDescription:
        return await ensure_topic(name, self.settings, self.options.print_line)

    def _topic_sender(self, topic: TopicDescription, positions: SentPositions | None, outage: Outage) -> TopicSender:
        return TopicSender(self.settings.kafka_bootstrap, topic, self._schema_ids, positions, outage, self.clock)

    async def _heartbeat_sender(self) -> HeartbeatSender:
        """The heartbeat sender, with a topic sender and an outage of its own: once it beats, what holds it up holds
        up no event."""
        outage = Outage(self.options.wait_s, clock=self.clock)
        topic = await self._outage.retry(lambda: self._ensure_topic(STATEMENT_TOPICS[self._topic_name]))
        sender = self._topic_sender(topic, None, outage)
        await self._outage.retry(sender.connect)
        return HeartbeatSender(self.desk, sender, topic.partitions, self.settings.heartbeat_every_s, outage)

    async def _bind(self, topic: TopicDescription) -> None:
        self._outbox.bind_cluster(topic.cluster_id, from_start=self.options.from_start)

    async def _send(self, claimed: Sequence[ClaimedEvent], topic: TopicDescription, sender: TopicSender) -> None:
        """Send what is claimed, one batch set at a time; what was acknowledged is marked, whatever became of the
        rest."""
        for row in {each.schema_row for each in claimed} - self._schemas.keys():
            event_type = self._outbox.event_type(row)
            await self._schema_ids.register(event_type)
            self._schemas[row] = event_type
        row_ids = {each.event_id: each.row_id for each in claimed}
        outgoing = (each.outgoing(self._schemas[each.schema_row]) for each in claimed)
        async for batch_set in batch_sets(outgoing, topic.partitions):
            if self.stop.is_set():
                return
            self._schema_ids.refresh()
            acknowledgements: list[Acknowledgement] = []

            def on_acknowledged(
                partition: int,
                offset: int | None,
                records: list[OutgoingRecord],
                to: list[Acknowledgement] = acknowledgements,
            ) -> None:
                to += [
                    Acknowledgement(partition, None if offset is None else offset + index, row_ids[each.event_id])
                    for index, each in enumerate(records)
                ]

            try:
                await sender.submit(batch_set)
                await sender.wait_acknowledged(batch_set, on_acknowledged)
            finally:
                if acknowledgements:
                    self._outbox.mark_sent(acknowledgements)
                    self._sent += len(acknowledgements)
            self._progressed()

    async def _wait_for_events(self, version: int) -> None:
        """Return when somebody wrote the desk since it had `version`, when leases may have run out, or at the end."""
        began = self.clock()
        while not self.stop.is_set() and self.clock() - began < CLAIM_EVERY_S:
            await asyncio.sleep(POLL_EVERY_S)
            if self._outbox.version() != version:
                return

    def _check_idle(self) -> None:
        """Nothing could be claimed: no outage is over by that where another relay, or a lease, holds what waits."""
        if not self._outbox.has_pending():
            self._progressed()
        elif not self._outage.is_ongoing:
            self._touch_heartbeat()

    def _touch_heartbeat(self) -> None:
        self.options.health.iteration()
        if self.options.heartbeat_file is not None:
            self.options.heartbeat_file.touch()

    def _progressed(self) -> None:
        """Something was acknowledged, or nothing waits."""
        self._outage.recovered()
        self.options.health.progressed()
        self._touch_heartbeat()
        if self._sent > self._logged_events and self.clock() - self._logged_at >= LOG_EVERY_S:
            self._logged_events, self._logged_at = self._sent, self.clock()
            logs.get_logger().info("sending", topic=self._topic_name, events=self._sent)

    def _release(self) -> None:
        # A desk that cannot be written now keeps the claim until its lease runs out, which does no harm.
        with suppress(StoreError):
            self._outbox.release()
