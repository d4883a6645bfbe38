"""Redrive and resend on a real broker: beside an intake at work, after the topic has forgotten, end to end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, load
from casefeed.contract.framing import frame
from casefeed.read.examine import Known
from tests.feedkit import Bench, Sent, child_key, fresh_topics, make
from tests.killing import CASEFEED, environment
from tests.live import Live

TRANSFER = "ChildTransferred"
UNKNOWN_ID = 999_999


def rows(bench: Bench, sql: str) -> list[tuple[Any, ...]]:
    """What a question to the ledger answers."""
    db = sqlite3.connect(bench.path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


async def casefeed(bench: Bench, home: Path, *words: str, events: str = "") -> str:
    """What a command answers; it must end with 0."""
    process = await asyncio.create_subprocess_exec(
        CASEFEED, *words, env=environment(bench, home), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(events.encode())
    assert process.returncode == 0, err.decode()
    return out.decode()


def unreadable(bench: Bench, child: int, number: int) -> Sent:
    """A record of an absence under a schema number that nobody knows, without headers that would say more."""
    sent = bench.event("RunawayFromCustody", make("RunawayFromCustody", child, number, days=2))
    assert sent.value is not None
    return Sent(sent.topic, sent.key, frame(UNKNOWN_ID, sent.value[5:]))


def learn(bench: Bench) -> None:
    """The ledger hears what the number stands for, as from a registry that was mended."""
    kind = load().named("RunawayFromCustody")
    with bench.store() as store:
        store.remember_schema(bench.registry_url, UNKNOWN_ID, Known(kind, kind.fingerprint))


@pytest.mark.finding("OIG-25-21/data-review", "cause/not-told-of-location")
def test_a_redrive_is_made_beside_an_intake_at_work(bench: Bench, tmp_path: Path) -> None:
    """The topic was wiped since; the absence shows, and the intake holds what comes before, meanwhile and after once."""
    bench.send(*(unreadable(bench, child, 2) for child in range(1, 31)))
    bench.send(*(bench.event(TRANSFER, make(TRANSFER, child, 1)) for child in range(1, 31)))
    done = bench.read()
    assert dict(done.tally.parked) == {"unknown-schema-id": 30}
    learn(bench)
    fresh_topics(bench.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    live = Live(bench, from_start=True)

    async def act(live: Live) -> None:
        for begin in range(31, 331, 100):
            bench.send(
                *(bench.event(TRANSFER, make(TRANSFER, child, 1)) for child in range(begin, begin + 100))
            )
            if begin == 131:
                words = ("--cause", "unknown-schema-id", "--reason", "it is known now", "--by", "J. Doe")
                answer = await casefeed(
                    bench, tmp_path, "ice", "parked", "redrive", *words, "--format", "json"
                )
                assert json.loads(answer)["counts"]["applied"] == 30
        await live.until(300)

    asyncio.run(live.during(act))
    assert rows(bench, "SELECT count(*), count(DISTINCT event_id), max(seq) FROM event") == [(360, 360, 360)]
    assert rows(bench, "SELECT count(*) FROM gap") == [(0,)]
    assert rows(bench, "SELECT count(*) FROM listed WHERE list = 'absences'") == [(30,)]
    assert rows(bench, "SELECT sum(amount) FROM figure_step WHERE figure = 'transfers'") == [(330,)]


@pytest.mark.finding("OIG-25-21/data-review")
def test_what_was_lost_is_asked_for_and_sent_again(bench: Bench, tmp_path: Path) -> None:
    """ORR's record 2 never reached the topic: ICE lists the gap, ORR resends, and nothing is uncertain any more."""

    async def act() -> None:
        events = [make(TRANSFER, 1, 1), make("RunawayFromCustody", 1, 2), make("ChildLocated", 1, 3)]
        names = (TRANSFER, "RunawayFromCustody", "ChildLocated")
        lines = "\n".join(json.dumps(given(name, event)) for name, event in zip(names, events, strict=True))
        await casefeed(bench, tmp_path, "orr", "record", "--lines", events=lines)
        lose(tmp_path / "desk.db", 2)
        await casefeed(bench, tmp_path, "orr", "relay", "--until-empty")
        told = await casefeed(bench, tmp_path, "ice", "intake", "--until-caught-up")
        assert "Uncertain: 1 child" in told
        (gap,) = json.loads(await casefeed(bench, tmp_path, "ice", "gaps", "--format", "json"))["gaps"]
        assert (gap["child_key"], gap["first"], gap["last"]) == (child_key(1), 2, 2)
        which = ("--child", gap["child_key"], "--source", gap["source"], "--first", "2", "--last", "2")
        assert "1 go out again" in await casefeed(bench, tmp_path, "orr", "resend", *which)
        await casefeed(bench, tmp_path, "orr", "relay", "--until-empty")
        told = await casefeed(bench, tmp_path, "ice", "intake", "--until-caught-up")
        assert "1 events applied" in told
        assert "Uncertain" not in told
        assert json.loads(await casefeed(bench, tmp_path, "ice", "gaps", "--format", "json"))["gaps"] == []

    asyncio.run(act())


def given(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """An event as a desk takes it."""
    kept = ("event_id", "child_key", "occurred_at", "synthetic")
    return {"type": name, **event, "header": {key: event["header"][key] for key in kept}}


def lose(desk: Path, number: int) -> None:
    """The desk believes that it sent an event, and the topic never had it."""
    db = sqlite3.connect(desk)
    with db:
        db.execute("UPDATE outbox SET sent_at = 1, partition = 0 WHERE number = ?", (number,))
    db.close()
