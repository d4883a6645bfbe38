"""Redrive and resend on a real broker: beside an intake at work, after the topic has forgotten, end to end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, load
from casefeed.contract.codec import decode
from casefeed.contract.framing import frame
from casefeed.read.classify import Known
from tests.desk_helpers import given, orr_desk, record
from tests.feedkit import Bench, Sent, fresh_topics, make
from tests.live_intake import Live
from tests.restarts import CASEFEED, environment

TRANSFER = "ChildTransferred"
UNKNOWN_ID = 999_999


def rows(bench: Bench, sql: str) -> list[tuple[Any, ...]]:
    """What a question to the ledger answers."""
    db = sqlite3.connect(bench.path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


async def casefeed(bench: Bench, home: Path, *words: str) -> str:
    """What a command answers; it must end with 0."""
    process = await asyncio.create_subprocess_exec(
        CASEFEED, *words, env=environment(bench, home) | {"CASEFEED_GAP_ASKED_AFTER_MINUTES": "0"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
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
    """The topic was wiped since; absences show, and the intake holds what comes before, meanwhile and after once."""
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
    """ORR's record 2 never reached the topic: ICE asks for it, ORR sends it again, and nothing is uncertain."""
    home = tmp_path
    with orr_desk(home) as desk:
        record(desk, *(given(name, 1) for name in (TRANSFER, "RunawayFromCustody", "ChildLocated")))
        # The desk believes that it sent the second, and the topic never had it.
        desk.db.execute("UPDATE outbox SET sent_at = 1, partition = 0 WHERE number = 2")

    async def act() -> None:
        # The rule acts on what is noticed once both topics were read to their ends.
        await casefeed(bench, home, "ice", "intake", "--until-caught-up")
        await casefeed(bench, home, "orr", "relay", "--until-empty")
        assert "Uncertain: 1 child" in await casefeed(bench, home, "ice", "intake", "--until-caught-up")
        await casefeed(bench, home, "ice", "relay", "--until-empty")
        assert "1 event applied" in await casefeed(bench, home, "ice", "intake", "--until-caught-up")
        (question,) = questions(bench)
        which = [question[name] for name in ("asked_source", "first_missing", "last_missing")]
        words = zip(("--source", "--first", "--last"), map(str, which), strict=True)
        asked = ["--child", question["header"]["child_key"], *(word for pair in words for word in pair)]
        assert "1 event to go out again" in await casefeed(bench, home, "orr", "resend", *asked)
        await casefeed(bench, home, "orr", "relay", "--until-empty")
        told = await casefeed(bench, home, "ice", "intake", "--until-caught-up")
        assert "1 event applied" in told
        assert "Uncertain" not in told

    asyncio.run(act())
    assert rows(bench, "SELECT count(*) FROM open_gap") == [(0,)]
    assert len(questions(bench)) == 1


def questions(bench: Bench) -> list[dict[str, Any]]:
    """What ICE asked for, as its own ledger read it back."""
    kind = load().named("EventsRequested")
    told = rows(
        bench, f"SELECT e.datum FROM event e JOIN schema s ON s.id = e.schema WHERE s.name = '{kind.name}'"
    )
    return [decode(kind, datum) for (datum,) in told]
