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

from casefeed.contract import catalogue
from casefeed.contract.catalogue import EventType
from casefeed.publish.desk import Desk
from casefeed.publish.outbox import Claimed, Mark, Outbox
from casefeed.publish.patience import Patience
from casefeed.publish.sending import Chunk, Line, ensured
from casefeed.sqlite import StoreFault
from casefeed.wire.clock import Ticks, monotonic
from casefeed.wire.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.wire.producer import Outgoing, partition_of
from casefeed.wire.registry import Registry
from casefeed.wire.settings import Settings
from casefeed.wire.topics import Topic
from casefeed.wire.vitals import Vitals

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
        working = asyncio.create_task(at_work.run())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((working,), timeout=GRACE_S)
        finally:
            stopping.cancel()
            working.cancel()
            await asyncio.wait((working,))
            await at_work.close()
    if not working.cancelled():
        working.result()
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
        self._registry = registry
        self._stop = stop
        self._ticks = ticks
        self._patience = Patience(plan.wait_s, ticks=ticks, vitals=plan.vitals)
        self._outbox = Outbox(desk)
        self._line: Line | None = None
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, tuple[EventType, int]] = {}
        self._began = self._said = ticks()
        self._sent = self._told = 0

    async def run(self) -> None:
        topic = await self._patience.outlast(self._topic)
        await self._patience.outlast(self._register)
        await self._patience.outlast(lambda: self._bind(topic))
        self._line = Line(self._settings.kafka_bootstrap, topic, self._patience, self._ticks)
        self._plan.vitals.begun()
        while not self._stop.is_set():
            try:
                seen = self._outbox.version()
                claimed = self._outbox.claim(CLAIM_EVENTS) if self._outbox.waits() else []
                if claimed:
                    await self._send(claimed, topic, self._line)
                elif self._plan.until_empty and not self._outbox.waits():
                    return
                else:
                    await self._look_out(seen)
                    self._look_well()
            except (BrokerUnavailable, RegistryUnavailable, StoreFault) as error:
                self._let_go()
                await self._patience.pause(error)

    async def close(self) -> None:
        """Let go of what is claimed and of the connection."""
        self._let_go()
        if self._line is not None:
            await self._line.close()

    def done(self) -> Relayed:
        """What was done so far."""
        return Relayed(self._sent, self._ticks() - self._began)

    async def _topic(self) -> Topic:
        return await ensured(self._desk.publisher.topic, self._settings, self._plan.say)

    async def _register(self) -> None:
        self._ids = await self._registry.ensure_registered(catalogue.load(), self._desk.publisher.topic)

    async def _bind(self, topic: Topic) -> None:
        self._outbox.bind(topic.cluster_id, from_start=self._plan.from_start)

    async def _send(self, claimed: Sequence[Claimed], topic: Topic, line: Line) -> None:
        """Send what is claimed, chunk by chunk; what was acknowledged is marked, whatever became of the rest."""
        await self._know_schemas({each.schema for each in claimed})
        numbers = {each.event_id: each.number for each in claimed}
        for chunk in _chunks(map(self._outgoing, claimed), topic.partitions):
            if self._stop.is_set():
                return
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
            packaged = catalogue.load().by_fingerprint(kind.fingerprint)
            number = self._ids[kind.name] if packaged else await self._registry.register(kind.name, kind.text)
            self._schemas[row] = kind, number

    def _outgoing(self, claimed: Claimed) -> Outgoing:
        return claimed.outgoing(*self._schemas[claimed.schema])

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
            structlog.get_logger().info("sending", topic=self._desk.publisher.topic, events=self._sent)

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
