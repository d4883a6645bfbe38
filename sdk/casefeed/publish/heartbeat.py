"""Heartbeats: how much of each source a desk has sent, what waits, and by when it is heard again; idle or not.

Nothing is said to be sent that was not acknowledged: what counts is what the outbox has marked. A desk on which two
relays work is heard from both; the one that ends leaves the other's promise standing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import uuid_utils

from casefeed.contract import codec
from casefeed.contract.catalogue import load
from casefeed.contract.framing import cloud_events, key_of
from casefeed.kafka.producer import Outgoing, partition_of
from casefeed.publish.desk import AGREEMENT_PROFILE, SQL, Desk, process_name
from casefeed.publish.retry import Patience
from casefeed.publish.sender import Chunk, Line
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.store import StoreFault

# A promise lasts longer than the time to the next heartbeat: a batch may have to go twice.
PROMISE_OF_INTERVAL = 1.5


class Heart:
    """Beats for one relay, beside its sending, from `start` to `end`; `look` raises what stopped it."""

    def __init__(self, desk: Desk, line: Line, partitions: int, every_s: float, patience: Patience) -> None:
        self._desk = desk
        self._line = line
        self._partitions = partitions
        self._every_s = every_s
        self._patience = patience
        self._me = process_name()
        self._wake = asyncio.Event()
        self._ending = False
        self._spoken_for: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Beat at once, and from then on."""
        self._task = asyncio.create_task(self._beat_on())

    def look(self) -> None:
        """Raises Unavailable when an outage was longer than the patience with it, AnswerIsNo where none helps."""
        if self._task is not None and self._task.done():
            self._task.result()

    def speak_for(self, sources: frozenset[str]) -> None:
        """These sources are in use: one of which nothing was said yet is spoken for at once."""
        if not sources <= self._spoken_for:
            self._spoken_for |= sources
            self._wake.set()

    async def end(self) -> None:
        """Say for the last time how it stands and that nothing more is promised; raises as `look` does."""
        self._ending = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._patience.outlast(lambda: self._beat(last=True))

    async def close(self) -> None:
        """Let go of the connection, whatever was said."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._line.close()

    async def _beat_on(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                await self._beat()
            except (BrokerUnavailable, RegistryUnavailable, StoreFault) as error:
                await self._patience.pause(error)
                continue
            self._patience.back()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._wake.wait()

    async def _beat(self, *, last: bool = False) -> None:
        # First, so that what is said is of now and not of before an outage.
        await self._line.connect()
        chunk = Chunk()
        for each in self._statements(last):
            chunk.takes(partition_of(each.key, self._partitions), each)
        if chunk.events:
            await self._line.submit(chunk)
            await self._line.acknowledged(chunk, lambda partition, offset, records: None)

    def _statements(self, last: bool) -> list[Outgoing]:
        """A heartbeat for each source in use; none where nothing was recorded yet, for there is no source then."""
        # The counts are of the time that is stated: nobody records between the two.
        with self._desk.transaction() as db:
            pulse = db.execute(SQL["pulse"]).fetchall()
            if not pulse:
                return []
            db.execute(
                SQL["promise"], (self._me, None if last else int(PROMISE_OF_INTERVAL * self._every_s * 1000))
            )
            db.execute(SQL["drop_promises"], (self._me,))
            stated_at, next_by = db.execute(SQL["promised"], (self._me,)).fetchone()
        self._spoken_for |= {source for source, *_ in pulse}
        return [_statement(tuple(row), stated_at, next_by) for row in pulse]


def _statement(pulse: tuple[str, str, int, int, int | None], stated_at: int, next_by: int | None) -> Outgoing:
    source, agency, sent, waiting, waiting_since = pulse
    kind = load().named("SourceHeartbeat")
    header = {
        "statement_id": str(uuid_utils.uuid7()),
        "source": source,
        "agency": agency,
        "stated_at": stated_at,
        "agreement_profile": AGREEMENT_PROFILE,
        "synthetic": True,
    }
    counts = {"sent": sent, "waiting": waiting, "waiting_since": waiting_since}
    statement = {"header": header, **counts, "next_by": next_by}
    return Outgoing(
        key_of(kind, statement).encode(),
        kind,
        codec.encode(kind, statement),
        cloud_events(kind, statement),
        str(header["statement_id"]),
    )
