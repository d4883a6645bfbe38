"""Heartbeats: how much of each source a desk has sent, what waits, and by when it is heard again; idle or not.

Nothing is said to be sent that was not acknowledged: what counts is what the outbox has marked. A desk on which two
relays work is heard from both; the one that ends leaves the other's promise standing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import uuid_utils

from casefeed.contract import codec
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.framing import cloud_event_headers, kafka_key
from casefeed.kafka.producer import partition_of
from casefeed.kafka.records import OutgoingRecord
from casefeed.publish.desk import AGREEMENT_PROFILE, SQL, Desk, process_name
from casefeed.publish.retry import Outage
from casefeed.publish.sender import BatchSet, TopicSender
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.store import StoreError

# A promise lasts longer than the time to the next heartbeat: a batch may have to go twice.
DEADLINE_INTERVALS = 1.5


class HeartbeatSender:
    """Beats for one relay, beside its sending, from `start` to `stop`; `raise_if_failed` raises what stopped it."""

    def __init__(self, desk: Desk, sender: TopicSender, partitions: int, every_s: float, outage: Outage) -> None:
        self._desk = desk
        self._sender = sender
        self._partitions = partitions
        self._every_s = every_s
        self._outage = outage
        self._relay_id = process_name()
        self._wake = asyncio.Event()
        self._stopping = False
        self._announced_sources: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Beat at once, and from then on."""
        self._task = asyncio.create_task(self._run())

    def raise_if_failed(self) -> None:
        """Raises Unavailable when an outage was longer than the patience with it, CheckFailed where none helps."""
        if self._task is not None and self._task.done():
            self._task.result()

    def add_sources(self, sources: frozenset[str]) -> None:
        """These sources are in use: one of which nothing was said yet is spoken for at once."""
        if not sources <= self._announced_sources:
            self._announced_sources |= sources
            self._wake.set()

    async def stop(self) -> None:
        """Say for the last time how it stands and that nothing more is promised; raises as `raise_if_failed` does."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._outage.retry(lambda: self._send(last=True))

    async def close(self) -> None:
        """Let go of the connection, whatever was said."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._sender.close()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._send()
            except (BrokerUnavailable, RegistryUnavailable, StoreError) as error:
                await self._outage.wait(error)
                continue
            self._outage.recovered()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._wake.wait()

    async def _send(self, *, last: bool = False) -> None:
        # First, so that what is said is of now and not of before an outage.
        await self._sender.connect()
        batch_set = BatchSet()
        for each in self._statements(last):
            batch_set.try_add(partition_of(each.key, self._partitions), each)
        if batch_set.event_count:
            await self._sender.submit(batch_set)
            await self._sender.wait_acknowledged(batch_set, lambda partition, offset, records: None)

    def _statements(self, last: bool) -> list[OutgoingRecord]:
        """A heartbeat for each source in use; none where nothing was recorded yet, for there is no source then."""
        # The counts are of the time that is stated: nobody records between the two.
        with self._desk.transaction() as db:
            rows = db.execute(SQL["heartbeat_counts"]).fetchall()
            if not rows:
                return []
            db.execute(
                SQL["upsert_deadline"],
                (self._relay_id, None if last else int(DEADLINE_INTERVALS * self._every_s * 1000)),
            )
            db.execute(SQL["delete_past_deadlines"], (self._relay_id,))
            stated_at, next_by = db.execute(SQL["next_deadline"], (self._relay_id,)).fetchone()
        self._announced_sources |= {source for source, *_ in rows}
        return [_statement(tuple(row), stated_at, next_by) for row in rows]


def _statement(row: tuple[str, str, int, int, int | None], stated_at: int, next_by: int | None) -> OutgoingRecord:
    source, agency, sent, waiting, waiting_since = row
    kind = load_catalogue().by_name("SourceHeartbeat")
    header = {
        "statement_id": str(uuid_utils.uuid7()),
        "source": source,
        "agency": agency,
        "stated_at": stated_at,
        "agreement_profile": AGREEMENT_PROFILE,
        "synthetic": True,
    }
    counts = {"sent": sent, "waiting": waiting, "waiting_since": waiting_since, "next_by": next_by}
    statement = {"header": header, **counts}
    return OutgoingRecord(
        kafka_key(kind, statement).encode(),
        kind,
        codec.encode(kind, statement),
        cloud_event_headers(kind, statement),
        str(header["statement_id"]),
    )
