"""A batch is open when somebody else takes over: our positions are not the group's, so only the file decides."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from confluent_kafka import Consumer

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.ledger.projection import apply_events
from casefeed.read.event_log import NewEvent
from tests.feedkit import FeedEnv, KafkaRecord, make_event
from tests.live_intake import LiveIntake
from tests.relay_processes import running_process, wait_until
from tests.restarts import CASEFEED, environment, row_count

NOT_THERE = 3
# An intake that stops itself inside its third transaction, and says so by a file.
FROZEN_IN_A_BATCH = """
import os, pathlib, signal, sys
from casefeed.read import intake, store
intake.BATCH_RECORDS = 40
take, done, sign = store.SqliteStore.commit_batch, 0, sys.argv.pop(1)
def frozen(self, judged, moves, handler):
    def stopping(db, held):
        global done
        handler(db, held)
        done += 1
        if done == 3:
            pathlib.Path(sign).touch()
            os.kill(os.getpid(), signal.SIGSTOP)
    return take(self, judged, moves, stopping)
store.SqliteStore.commit_batch = frozen
from casefeed.cli import main
main()
"""


def transfers(feed_env: FeedEnv, children: int) -> list[KafkaRecord]:
    """A good record of each of so many children."""
    return [
        feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", child, 1))
        for child in range(1, children + 1)
    ]


def caught_up(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`casefeed ice intake --until-caught-up`, run to its end."""
    command = [CASEFEED, "ice", "intake", "--until-caught-up"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_second_intake_takes_over_only_when_the_first_is_gone(feed_env: FeedEnv, tmp_path: Path) -> None:
    """With a batch open in the first it is refused; once that is killed it reads on from what was committed."""
    env, sign = environment(feed_env, tmp_path), tmp_path / "frozen"
    feed_env.send(*transfers(feed_env, 500))
    command = [sys.executable, "-c", FROZEN_IN_A_BATCH, str(sign), "ice", "intake"]
    with running_process(command, env) as first:
        wait_until(sign.exists)
        committed = row_count(feed_env)
        assert 0 < committed < 500
        refused = caught_up(env)
        assert (refused.returncode, row_count(feed_env)) == (NOT_THERE, committed)
        assert "another process works on" in refused.stderr
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        second = caught_up(env)
    assert second.returncode == 0, second.stderr
    assert f"{500 - committed} events applied, 0 held already, 0 parked" in second.stdout
    with closing(sqlite3.connect(feed_env.path)) as db:
        assert db.execute("SELECT count(*), count(DISTINCT child) FROM event").fetchone() == (500, 500)


def test_a_stranger_in_our_group_takes_nothing_from_us(feed_env: FeedEnv) -> None:
    """Somebody joins under our group's name while a batch is open, is given all partitions, and commits its ends."""
    stranger = Consumer(
        {"bootstrap.servers": feed_env.bootstrap, "group.id": "test-live", "auto.offset.reset": "earliest"}
    )
    joined: list[bool] = []

    def joined_in_the_middle(db: sqlite3.Connection, held: Sequence[NewEvent]) -> None:
        apply_events(db, held)
        if not joined:
            stranger.subscribe([ORR_TOPIC, ICE_TOPIC])
            wait_until(lambda: stranger.consume(100, 0.2))
            joined.append(True)
            stranger.commit(asynchronous=False)

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(500)
        feed_env.send(*transfers(feed_env, 700)[500:])
        await live.wait_until_applied(700)

    feed_env.send(*transfers(feed_env, 500))
    live = LiveIntake(feed_env, joined_in_the_middle)
    try:
        asyncio.run(live.run_with(act))
    finally:
        stranger.close()
    assert joined
    tally = live.progress.counts
    assert (tally.applied, tally.duplicates, sum(tally.parked.values())) == (700, 0, 0)
    again = feed_env.run_intake().counts
    assert (again.applied, again.duplicates) == (0, 0)
