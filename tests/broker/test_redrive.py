"""Redrive and resend on a real broker: beside an intake at work, after the topic has forgotten, end to end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, load_catalogue
from casefeed.contract.codec import decode
from casefeed.contract.framing import frame
from casefeed.read.classify import ReadableSchema
from tests.desk_helpers import desk_input, orr_desk, record
from tests.feedkit import FeedEnv, KafkaRecord, fresh_topics, make_event
from tests.live_intake import LiveIntake
from tests.restarts import CASEFEED, environment

TRANSFER = "ChildTransferred"
UNKNOWN_ID = 999_999


def rows(feed_env: FeedEnv, sql: str) -> list[tuple[Any, ...]]:
    """What a question to the ledger answers."""
    db = sqlite3.connect(feed_env.path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


async def casefeed(feed_env: FeedEnv, home: Path, *words: str) -> str:
    """What a command answers; it must end with 0."""
    process = await asyncio.create_subprocess_exec(
        CASEFEED, *words, env=environment(feed_env, home) | {"CASEFEED_GAP_ASKED_AFTER_MINUTES": "0"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


def unreadable(feed_env: FeedEnv, child: int, number: int) -> KafkaRecord:
    """A record of an absence under a schema number that nobody knows, without headers that would say more."""
    sent = feed_env.kafka_record("RunawayFromCustody", make_event("RunawayFromCustody", child, number, days=2))
    assert sent.value is not None
    return KafkaRecord(sent.topic, sent.key, frame(UNKNOWN_ID, sent.value[5:]))


def learn(feed_env: FeedEnv) -> None:
    """The ledger hears what the number stands for, as from a registry that was mended."""
    kind = load_catalogue().by_name("RunawayFromCustody")
    with feed_env.store() as store:
        store.store_schema(feed_env.registry_url, UNKNOWN_ID, ReadableSchema(kind, kind.fingerprint))


@pytest.mark.finding("OIG-25-21/data-review", "cause/not-told-of-location")
def test_a_redrive_is_made_beside_an_intake_at_work(feed_env: FeedEnv, tmp_path: Path) -> None:
    """The topic was wiped since; absences show, and the intake holds what comes before, meanwhile and after once."""
    feed_env.send(*(unreadable(feed_env, child, 2) for child in range(1, 31)))
    feed_env.send(*(feed_env.kafka_record(TRANSFER, make_event(TRANSFER, child, 1)) for child in range(1, 31)))
    done = feed_env.run_intake()
    assert dict(done.counts.parked) == {"unknown-schema-id": 30}
    learn(feed_env)
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    live = LiveIntake(feed_env, from_start=True)

    async def act(live: LiveIntake) -> None:
        for begin in range(31, 331, 100):
            feed_env.send(
                *(
                    feed_env.kafka_record(TRANSFER, make_event(TRANSFER, child, 1))
                    for child in range(begin, begin + 100)
                )
            )
            if begin == 131:
                words = ("--cause", "unknown-schema-id", "--reason", "it is known now", "--by", "J. Doe")
                answer = await casefeed(feed_env, tmp_path, "ice", "parked", "redrive", *words, "--format", "json")
                assert json.loads(answer)["counts"]["applied"] == 30
        await live.wait_until_applied(300)

    asyncio.run(live.run_with(act))
    assert rows(feed_env, "SELECT count(*), count(DISTINCT event_id), max(seq) FROM event") == [(360, 360, 360)]
    assert rows(feed_env, "SELECT count(*) FROM gap") == [(0,)]
    assert rows(feed_env, "SELECT count(*) FROM listed WHERE list = 'absences'") == [(30,)]
    assert rows(feed_env, "SELECT sum(amount) FROM figure_step WHERE figure = 'transfers'") == [(330,)]


@pytest.mark.finding("OIG-25-21/data-review")
def test_what_was_lost_is_asked_for_and_sent_again(feed_env: FeedEnv, tmp_path: Path) -> None:
    """ORR's record 2 never reached the topic: ICE asks for it, ORR sends it again, and nothing is uncertain."""
    home = tmp_path
    with orr_desk(home) as desk:
        record(desk, *(desk_input(name, 1) for name in (TRANSFER, "RunawayFromCustody", "ChildLocated")))
        # The desk believes that it sent the second, and the topic never had it.
        desk.db.execute("UPDATE outbox SET sent_at = 1, partition = 0 WHERE number = 2")

    async def act() -> None:
        # The rule acts on what is noticed once both topics were read to their ends.
        await casefeed(feed_env, home, "ice", "intake", "--until-caught-up")
        await casefeed(feed_env, home, "orr", "relay", "--until-empty")
        assert "Uncertain: 1 child" in await casefeed(feed_env, home, "ice", "intake", "--until-caught-up")
        await casefeed(feed_env, home, "ice", "relay", "--until-empty")
        assert "1 event applied" in await casefeed(feed_env, home, "ice", "intake", "--until-caught-up")
        (question,) = questions(feed_env)
        which = [question[name] for name in ("asked_source", "first_missing", "last_missing")]
        words = zip(("--source", "--first", "--last"), map(str, which), strict=True)
        asked = ["--child", question["header"]["child_key"], *(word for pair in words for word in pair)]
        assert "1 event to go out again" in await casefeed(feed_env, home, "orr", "resend", *asked)
        await casefeed(feed_env, home, "orr", "relay", "--until-empty")
        told = await casefeed(feed_env, home, "ice", "intake", "--until-caught-up")
        assert "1 event applied" in told
        assert "Uncertain" not in told

    asyncio.run(act())
    assert rows(feed_env, "SELECT count(*) FROM open_gap") == [(0,)]
    assert len(questions(feed_env)) == 1


def questions(feed_env: FeedEnv) -> list[dict[str, Any]]:
    """What ICE asked for, as its own ledger read it back."""
    kind = load_catalogue().by_name("EventsRequested")
    told = rows(
        feed_env, f"SELECT e.datum FROM event e JOIN schema s ON s.id = e.schema WHERE s.name = '{kind.name}'"
    )
    return [decode(kind, datum) for (datum,) in told]
