"""How long a reader waits for a broker that answers and hands out nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.read import intake
from casefeed.read.intake import Feed, read_feed
from casefeed.read.store import SqliteStore
from casefeed.wire.consumer import Partition
from casefeed.wire.errors import BrokerUnavailable
from casefeed.wire.records import Received

PARTITION: Partition = (ORR_TOPIC, 0)


class Silent:
    """A consumer whose broker answers every question and never hands out the record that it has."""

    partitions = (PARTITION,)
    cluster_id = "silent"

    def __init__(self, bootstrap: str, *_: object) -> None:
        self.bootstrap = bootstrap

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    def seek(self, positions: dict[Partition, int]) -> None:
        """Nothing to seek in."""

    async def beginnings(self) -> dict[Partition, int]:
        """The topic is whole."""
        return {PARTITION: 0}

    async def ends(self) -> dict[Partition, int]:
        """There is a record."""
        return {PARTITION: 1}

    async def reached(self) -> dict[Partition, int]:
        """It was not handed out."""
        return {PARTITION: 0}

    async def fetch(self, *, at_most: int, wait_seconds: float) -> dict[Partition, list[Received]]:
        """Nothing comes."""
        await asyncio.sleep(0.01)
        return {}

    async def show_lag(self, positions: dict[Partition, int]) -> None:
        """Nobody looks."""


def test_a_broker_that_opens_and_hands_out_nothing_wears_patience_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Connecting anew is no progress: a bounded read ends with a sentence however often it connects."""
    monkeypatch.setattr(intake, "Consumer", Silent)
    monkeypatch.setattr(intake, "STALLED_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(intake, "RETRY_SECONDS", 0.01)

    async def never_asked(number: int) -> str | None:
        raise AssertionError(number)

    async def read() -> None:
        with SqliteStore(tmp_path / "reader.db", now=lambda: 0) as store:
            feed = Feed(
                "broker:9092", "registry", never_asked, store, lambda _db, _held: None, "group", (ORR_TOPIC,)
            )
            async with asyncio.timeout(5):
                await read_feed(feed, asyncio.Event(), until_caught_up=True, patience_seconds=0.3)

    with pytest.raises(BrokerUnavailable, match="hands out nothing"):
        asyncio.run(read())
