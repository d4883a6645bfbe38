"""An archive goes to its topic in batches: at least once, in order per child, resumable, refused at a bad record.

Loss could happen here only if progress ran ahead of acknowledgement: it is saved after every batch of a chunk
has been acknowledged by all in-sync replicas, and never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from casefeed.kafka.producer import Outgoing, partition_of
from casefeed.kafka.registry import Registry
from casefeed.publish.checkpoint import Progress, digest_of, place, resumed
from casefeed.publish.desk import Desk
from casefeed.publish.import_archive import take_in
from casefeed.publish.publisher import Publisher
from casefeed.publish.rate_limit import Pace
from casefeed.publish.retry import Patience
from casefeed.publish.schema_ids import Numbers
from casefeed.publish.sender import CHUNK_EVENTS, Chunk, Line, Packed, ensured
from casefeed.runtime.clock import Ticks, monotonic
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.runtime.settings import Settings

# The sender of the chunk before works while this one is read: it gets a turn after so many events.
TURN_EVENTS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay and how.

    `rate`: events a second (None: as fast as it goes). `wait_s`: the patience with each outage. `desk`: the file of
    the desk that takes the archive in before any of it is sent; None for a mere copy. `report` hears the events
    so far and the bytes of the file read, `say` a line for people.
    """

    path: Path
    rate: float | None = None
    wait_s: float = 60.0
    from_start: bool = False
    as_is: bool = False
    desk: Path | None = None
    report: Callable[[int, int], None] = lambda events, read_bytes: None
    say: Callable[[str], None] = lambda line: None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: events sent now, events found sent before, seconds it took."""

    events: int
    before: int
    seconds: float


async def replay(publisher: Publisher, plan: Plan, settings: Settings, ticks: Ticks = monotonic) -> Replayed:
    """Send the archive at `plan.path` to the publisher's topic, going on where an earlier replay stopped.

    Raises AnswerIsNo at a record that may not go out, at numbers that contradict the desk's, or at a topic that would
    not keep it, Unavailable when broker, registry or the desk's file is away for longer than `plan.wait_s`, WrongUse
    when the archive cannot be read.
    """
    patience = Patience(plan.wait_s, ticks=ticks)
    digest = digest_of(plan.path)
    _refuse_at_once(publisher, plan)
    kept = place(settings.home, digest, publisher.topic)
    if plan.desk is not None:
        desk, sent_before = plan.desk, kept.exists()
        await patience.outlast(lambda: _take_in(publisher, plan, desk, digest, sent_before))
    started = ticks()
    topic = await patience.outlast(lambda: ensured(publisher.topic, settings, plan.say))
    progress = Progress(digest, topic.cluster_id, topic.name, topic.partitions)
    if not plan.from_start:
        progress = await patience.outlast(lambda: resumed(kept, digest, topic, settings.kafka_bootstrap))
    before = progress.records
    async with Registry(settings.registry_url) as registry:
        numbers = Numbers(registry, [publisher.topic], ticks)
        line = Line(settings.kafka_bootstrap, topic, numbers, progress.places, patience, ticks)
        sender = _Sender(line, progress, kept, patience)
        pace = Pace(plan.rate, ticks)
        try:
            await patience.outlast(line.connect)
            async for chunk in _chunks(publisher, plan, progress):
                numbers.look()
                await sender.send(chunk)
                plan.report(chunk.upto, chunk.read_bytes)
                await asyncio.sleep(pace.after(chunk.events))
            await sender.settle()
        finally:
            await line.close()
            await numbers.close()
    return Replayed(progress.records - before, before, ticks() - started)


def _refuse_at_once(publisher: Publisher, plan: Plan) -> None:
    """An archive that is none, or another agency's, is refused before anything is asked of Kafka."""
    with plan.path.open("rb") as source:
        next(publisher.outgoing(source, plan.path, as_is=plan.as_is), None)


async def _take_in(publisher: Publisher, plan: Plan, path: Path, digest: str, sent_before: bool) -> None:
    """Let the desk take the archive in.

    `sent_before`: it went out when this desk did not know it. A desk that is lost may have gone on with it since, so
    its source is not adopted.
    """
    with Desk(path, publisher) as desk:
        taken = take_in(desk, plan.path, bytes.fromhex(digest), adopt=not sent_before, report=plan.report)
    for name in taken.adopted:
        plan.say(
            f"What {publisher.agency}'s desk records from now on goes on under {name}, the archive's source."
        )


async def _chunks(publisher: Publisher, plan: Plan, progress: Progress) -> AsyncIterator[Chunk]:
    limit = CHUNK_EVENTS if plan.rate is None else max(1, min(CHUNK_EVENTS, int(plan.rate / 2)))
    chunk = Chunk(progress.records)
    with plan.path.open("rb") as source:
        outgoing = publisher.outgoing(source, plan.path, skip=progress.records, as_is=plan.as_is)
        for record in outgoing:
            partition = partition_of(record.key, progress.partitions)
            while not chunk.takes(partition, record, limit):
                chunk.read_bytes = source.tell()
                yield chunk
                chunk = Chunk(chunk.upto)
            if chunk.events % TURN_EVENTS == 0:
                await asyncio.sleep(0)
        if chunk.events:
            chunk.read_bytes = source.tell()
            yield chunk


class _Sender:
    """Has at most one chunk in flight, that is one batch a partition; remembers what was acknowledged."""

    def __init__(self, line: Line, progress: Progress, kept: Path, patience: Patience) -> None:
        self._line = line
        self._progress = progress
        self._kept = kept
        self._patience = patience
        self._pending: Chunk | None = None

    async def send(self, chunk: Chunk) -> None:
        """Send `chunk` once the one before it is acknowledged."""
        packed = self._line.pack(chunk)
        await self.settle()
        await self._submit(chunk, packed)
        self._pending = chunk

    async def settle(self) -> None:
        """Return when all that was sent is acknowledged and remembered."""
        chunk = self._pending
        if chunk is None:
            return
        while chunk.records:
            try:
                await self._line.acknowledged(chunk, self._remember)
            except BrokerUnavailable as error:
                await self._patience.pause(error)
                await self._submit(chunk)
        self._pending = None
        self._progress.records = chunk.upto
        self._progress.save(self._kept)

    async def _submit(self, chunk: Chunk, packed: Packed | None = None) -> None:
        while True:
            try:
                await self._line.submit(chunk, packed)
            except (BrokerUnavailable, RegistryUnavailable) as error:
                await self._patience.pause(error)
                packed = None
            else:
                return

    def _remember(self, partition: int, offset: int | None, records: list[Outgoing]) -> None:
        # Where the broker does not say at which offset, what was known stays good.
        if offset is not None:
            self._progress.last[str(partition)] = (offset + len(records) - 1, records[-1].event_id)
