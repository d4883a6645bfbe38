"""What a reader does with a broker that answers and hands out nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.read import intake, stall
from casefeed.read.intake import IntakeConfig, ReaderProgress, UncertainCounter, run_intake
from casefeed.read.queries import uncertain_counts
from casefeed.read.service import update_health
from casefeed.read.statements import SQL
from casefeed.read.store import SharedStore, SqliteStore
from casefeed.runtime.errors import BrokerUnavailable, ClientStalled, Unavailable
from casefeed.runtime.health import ProbeResult, ProcessHealth
from tests.feedkit import child_key

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

    async def beginning_offsets(self) -> dict[Partition, int]:
        """The topic is whole."""
        return {PARTITION: 0}

    async def end_offsets(self) -> dict[Partition, int]:
        """There is a record."""
        return {PARTITION: 1}

    async def positions(self) -> dict[Partition, int]:
        """It was not handed out."""
        return {PARTITION: 0}

    async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[ReceivedRecord]]:
        """Nothing comes."""
        await asyncio.sleep(0.01)
        return {}

    async def commit_positions(self, positions: dict[Partition, int]) -> None:
        """Nobody looks."""


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker answers and hands out nothing; who reads notices soon."""
    monkeypatch.setattr(intake, "Consumer", Silent)
    monkeypatch.setattr(intake, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(stall, "STALLED_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(stall, "STALLED_AFTER_FETCHES", 3)


def read(
    path: Path,
    report: Callable[[ReaderProgress], None] = lambda _: None,
    *,
    uncertain: UncertainCounter = uncertain_counts,
    **how: Any,
) -> None:
    """Read one topic into a store of its own."""

    async def never_asked(number: int) -> str | None:
        raise AssertionError(number)

    async def reading() -> None:
        with SqliteStore(path / "reader.db", now=lambda: 0) as store:
            feed = IntakeConfig(
                "broker:9092",
                "registry",
                never_asked,
                store,
                lambda _db, _held: None,
                "group",
                (ORR_TOPIC,),
                report,
                count_uncertain=uncertain,
            )
            async with asyncio.timeout(20):
                await run_intake(feed, asyncio.Event(), **how)

    asyncio.run(reading())


@pytest.mark.usefixtures("silent")
def test_a_broker_that_opens_and_hands_out_nothing_wears_patience_out(tmp_path: Path) -> None:
    """Connecting anew is no progress: a bounded read ends with a sentence."""
    with pytest.raises(Unavailable, match="handed out nothing of 1 of 1 partitions"):
        read(tmp_path, until_caught_up=True, outage_timeout_seconds=0.05)


@pytest.mark.usefixtures("silent")
def test_a_client_that_is_stuck_over_two_connections_ends(tmp_path: Path) -> None:
    """However patient: after one more connection the process is to be started again; until then it is not alive."""
    vitals, lives = ProcessHealth("the intake", "has not begun"), list[ProbeResult]()

    def report(progress: ReaderProgress) -> None:
        update_health(progress, vitals)
        if not lives or lives[-1] != vitals.alive():
            lives.append(vitals.alive())

    with pytest.raises(ClientStalled, match="nor did it over the connection before: this process's client is stuck"):
        read(tmp_path, report)
    assert [each.ok for each in lives] == [True, False]
    assert "handed out nothing" in lives[1].message


def test_a_broker_that_goes_away_in_between_is_waited_for(
    silent: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not answer is away, which ending would not help: only two silent connections in a row end it."""
    opened: list[int] = []

    class Comes(Silent):
        """Every other connection fails."""

        async def __aenter__(self) -> Self:
            opened.append(len(opened))
            if len(opened) % 2 == 0:
                raise BrokerUnavailable("away")
            return self

    monkeypatch.setattr(intake, "Consumer", Comes)
    with pytest.raises(TimeoutError):
        read(tmp_path)
    assert len(opened) > 6


def park(path: Path) -> None:
    """Another process parks a record of a child in the store."""
    record = ORR_TOPIC, 0, 1, bytes(32), child_key(1), None, 0, 0, "undecodable", "", None, b"", b"", "[]"
    with SharedStore(path / "reader.db", now=lambda: 0) as beside, beside.transaction() as db:
        db.execute(SQL["insert_parked"], record)


def test_what_others_change_is_counted_while_the_broker_is_away(
    silent: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision may be made at any time: what is parked and uncertain is looked at while nothing is read, too."""
    counts: list[dict[str, int]] = []

    class Away(Silent):
        """No connection opens."""

        async def __aenter__(self) -> Self:
            raise BrokerUnavailable("away")

    def report(progress: ReaderProgress) -> None:
        if not counts:
            park(tmp_path)
        assert sum(progress.parked.values()) == progress.uncertain["parked"]
        counts.append(progress.uncertain)

    monkeypatch.setattr(intake, "Consumer", Away)
    monkeypatch.setattr(intake, "UNCERTAIN_EVERY_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        read(tmp_path, report)
    assert (counts[0]["children"], counts[-1]["children"]) == (0, 1)


def test_counting_takes_at_most_a_fiftieth_of_the_time(
    silent: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is parked, the reader reads: the longer a count takes, the more seldom it is done."""
    now_ms, counted, fetches = 0, 0, 0

    def slowly(_: sqlite3.Connection) -> dict[str, int]:
        nonlocal now_ms, counted
        now_ms += 10
        counted += 1
        return {}

    class Enough(Exception):
        """Time is over."""

    class Patient(Silent):
        """There is nothing to read, which takes a millisecond to find out."""

        async def end_offsets(self) -> dict[Partition, int]:
            return {PARTITION: 0}

        async def fetch(self, *, max_records: int, timeout_seconds: float) -> dict[Partition, list[ReceivedRecord]]:
            nonlocal now_ms, fetches
            now_ms += 1
            fetches += 1
            if fetches > 2010:
                raise Enough
            return {}

    monkeypatch.setattr(intake, "Consumer", Patient)
    monkeypatch.setattr(intake, "UNCERTAIN_EVERY_SECONDS", 0)
    monkeypatch.setattr(intake, "monotonic", lambda: now_ms / 1000)
    with pytest.raises(Enough):
        read(tmp_path, uncertain=slowly)
    # Once at the start, then once after each 50 times ten milliseconds.
    assert counted == 1 + 2010 // 500


def test_a_reader_that_is_always_a_little_behind_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready is who reached the ends as they were at the start, however fast they move on."""

    class Flowing(Silent):
        """Each fetch goes one on, and so does the end."""

        at = 0

        async def end_offsets(self) -> dict[Partition, int]:
            return {PARTITION: self.at + 5}

        async def positions(self) -> dict[Partition, int]:
            self.at += 1
            return {PARTITION: self.at}

    vitals, ready = ProcessHealth("the intake", "has not read to the ends yet"), list[bool]()

    def report(progress: ReaderProgress) -> None:
        update_health(progress, vitals)
        ready.append(vitals.ready().ok)
        assert progress.lag > 0

    monkeypatch.setattr(intake, "Consumer", Flowing)
    with pytest.raises(TimeoutError):
        read(tmp_path, report)
    assert (ready[0], ready[-1]) == (False, True)
