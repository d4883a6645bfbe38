"""The relay: what a desk recorded goes to its topic, in order per child, at least once, until it is stopped.

Loss could happen here only if a mark ran ahead of the acknowledgement: an event is marked sent after its batch was
acknowledged by all in-sync replicas, and never before. Killed in between, it goes again with the same id and bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from casefeed.contract.catalogue import STATEMENTS, EventType
from casefeed.kafka.producer import Outgoing, partition_of
from casefeed.kafka.registry import Registry
from casefeed.kafka.topics import Topic
from casefeed.publish.desk import Desk
from casefeed.publish.heartbeat import Heart
from casefeed.publish.outbox import Claimed, Mark, Outbox
from casefeed.publish.retry import Patience
from casefeed.publish.schema_ids import Numbers
from casefeed.publish.sender import Chunk, Line, ensured
from casefeed.publish.sent_check import Places
from casefeed.runtime.clock import Ticks, monotonic
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.runtime.health import Vitals
from casefeed.runtime.settings import Settings
from casefeed.runtime.signals import until_stopped
from casefeed.store import StoreFault

CLAIM_EVENTS = 4000
LOOK_EVERY_S = 0.02
# Leases of a relay that died run out without anybody writing: looked for this often.
CLAIM_EVERY_S = 1.0
SAY_EVERY_S = 10.0
# A batch on its way may still be acknowledged when the relay is asked to end.
GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Relaying:
    """How to relay. `wait_s`: the patience with each outage, None for ever. `until_empty`: end when nothing waits.

    `from_start`: send all again. `beat` is a file to touch while all is well; `say` hears a line for people, `vitals`
    how the relay is.
    """

    wait_s: float | None = None
    until_empty: bool = False
    from_start: bool = False
    beat: Path | None = None
    say: Callable[[str], None] = lambda line: None
    vitals: Vitals = field(default_factory=lambda: Vitals("the relay", "has not reached the broker yet"))


@dataclass(frozen=True, slots=True)
class Relayed:
    """What a relay did: events acknowledged, seconds it took."""

    events: int
    seconds: float


async def relay(
    desk: Desk, plan: Relaying, settings: Settings, stop: asyncio.Event, ticks: Ticks = monotonic
) -> Relayed:
    """Send what the open `desk` recorded, until `stop` is set or, with `until_empty`, nothing waits.

    Raises AnswerIsNo at a topic that would not keep it or another cluster, Unavailable when broker, registry or the
    desk's file is away for longer than `plan.wait_s`.
    """
    async with Registry(settings.registry_url) as registry:
        at_work = _Relay(desk, plan, settings, registry, stop, ticks)
        try:
            await until_stopped(at_work.run(), stop, GRACE_S)
        finally:
            await at_work.close()
    return at_work.done()


class _Relay:
    def __init__(
        self,
        desk: Desk,
        plan: Relaying,
        settings: Settings,
        registry: Registry,
        stop: asyncio.Event,
        ticks: Ticks,
    ) -> None:
        self._desk = desk
        self._plan = plan
        self._settings = settings
        self._topic_name = desk.publisher.topic
        self._numbers = Numbers(registry, [self._topic_name, STATEMENTS[self._topic_name]], ticks)
        self._stop = stop
        self._ticks = ticks
        self._patience = Patience(plan.wait_s, ticks=ticks, vitals=plan.vitals)
        self._outbox = Outbox(desk)
        self._line: Line | None = None
        self._heart: Heart | None = None
        self._schemas: dict[int, EventType] = {}
        self._began = self._said = ticks()
        self._sent = self._told = 0

    async def run(self) -> None:
        topic = await self._patience.outlast(lambda: self._ensured(self._topic_name))
        await self._patience.outlast(lambda: self._bind(topic))
        line = self._line = self._line_to(topic, self._outbox.places(), self._patience)
        await self._patience.outlast(line.connect)
        heart = self._heart = await self._hearts_own()
        self._plan.vitals.begun()
        heart.start()
        await self._pass_on(topic, line, heart)
        await heart.end()

    async def _pass_on(self, topic: Topic, line: Line, heart: Heart) -> None:
        """Send what waits, until the end."""
        while not self._stop.is_set():
            self._numbers.look()
            heart.look()
            try:
                seen = self._outbox.version()
                claimed = self._outbox.claim(CLAIM_EVENTS) if self._outbox.waits() else []
                if claimed:
                    heart.speak_for(frozenset(each.source for each in claimed))
                    await self._send(claimed, topic, line)
                elif self._plan.until_empty and not self._outbox.waits():
                    return
                else:
                    await self._look_out(seen)
                    self._look_well()
            except (BrokerUnavailable, RegistryUnavailable, StoreFault) as error:
                self._let_go()
                await self._patience.pause(error)

    async def close(self) -> None:
        """Let go of what is claimed and of the connections."""
        self._let_go()
        await self._numbers.close()
        # At once: each may have to give up on a broker that is away.
        await asyncio.gather(*(each.close() for each in (self._heart, self._line) if each is not None))

    def done(self) -> Relayed:
        """What was done so far."""
        return Relayed(self._sent, self._ticks() - self._began)

    async def _ensured(self, name: str) -> Topic:
        return await ensured(name, self._settings, self._plan.say)

    def _line_to(self, topic: Topic, places: Places | None, patience: Patience) -> Line:
        return Line(self._settings.kafka_bootstrap, topic, self._numbers, places, patience, self._ticks)

    async def _hearts_own(self) -> Heart:
        """The heart, with a line and a patience of its own: once it beats, what holds it up holds up no event."""
        patience = Patience(self._plan.wait_s, ticks=self._ticks)
        topic = await self._patience.outlast(lambda: self._ensured(STATEMENTS[self._topic_name]))
        line = self._line_to(topic, None, patience)
        await self._patience.outlast(line.connect)
        return Heart(self._desk, line, topic.partitions, self._settings.heartbeat_every_s, patience)

    async def _bind(self, topic: Topic) -> None:
        self._outbox.bind(topic.cluster_id, from_start=self._plan.from_start)

    async def _send(self, claimed: Sequence[Claimed], topic: Topic, line: Line) -> None:
        """Send what is claimed, chunk by chunk; what was acknowledged is marked, whatever became of the rest."""
        await self._know_schemas({each.schema for each in claimed})
        numbers = {each.event_id: each.number for each in claimed}
        for chunk in _chunks(map(self._outgoing, claimed), topic.partitions):
            if self._stop.is_set():
                return
            self._numbers.look()
            marks: list[Mark] = []

            def taken(
                partition: int, offset: int | None, records: list[Outgoing], to: list[Mark] = marks
            ) -> None:
                to += [
                    Mark(partition, None if offset is None else offset + place, numbers[each.event_id])
                    for place, each in enumerate(records)
                ]

            try:
                await line.submit(chunk)
                await line.acknowledged(chunk, taken)
            finally:
                if marks:
                    self._outbox.mark(marks)
                    self._sent += len(marks)
            self._is_well()

    async def _know_schemas(self, rows: set[int]) -> None:
        for row in rows - self._schemas.keys():
            kind = self._outbox.event_type(row)
            await self._numbers.know(kind)
            self._schemas[row] = kind

    def _outgoing(self, claimed: Claimed) -> Outgoing:
        return claimed.outgoing(self._schemas[claimed.schema])

    async def _look_out(self, seen: int) -> None:
        """Return when somebody wrote the desk since it was `seen`, when leases may have run out, or at the end."""
        began = self._ticks()
        while not self._stop.is_set() and self._ticks() - began < CLAIM_EVERY_S:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._outbox.version() != seen:
                return

    def _look_well(self) -> None:
        """Nothing could be claimed: no outage is over by that where another relay, or a lease, holds what waits."""
        if not self._outbox.waits():
            self._is_well()
        elif not self._patience.waits:
            self._beat()

    def _beat(self) -> None:
        self._plan.vitals.turn()
        if self._plan.beat is not None:
            self._plan.beat.touch()

    def _is_well(self) -> None:
        """Something was acknowledged, or nothing waits."""
        self._patience.back()
        self._plan.vitals.moved()
        self._beat()
        if self._sent > self._told and self._ticks() - self._said >= SAY_EVERY_S:
            self._told, self._said = self._sent, self._ticks()
            structlog.get_logger().info("sending", topic=self._topic_name, events=self._sent)

    def _let_go(self) -> None:
        # A desk that cannot be written now keeps the claim until its lease runs out, which does no harm.
        with suppress(StoreFault):
            self._outbox.let_go()


def _chunks(records: Iterable[Outgoing], partitions: int) -> Iterator[Chunk]:
    chunk = Chunk()
    for record in records:
        partition = partition_of(record.key, partitions)
        while not chunk.takes(partition, record):
            yield chunk
            chunk = Chunk()
    if chunk.events:
        yield chunk
