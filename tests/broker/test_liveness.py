"""The intake as a supervised process: what it answers while its surroundings change, and how a stuck one ends."""

from __future__ import annotations

import json
import math
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from casefeed.contract.catalogue import ORR_TOPIC
from tests.desk_helpers import event_inputs, orr_desk, record
from tests.feedkit import PERSONAL, FeedEnv, KafkaRecord, child_key, make_event
from tests.relay_processes import SMALL_BATCHES, command_line, running_process, wait_until
from tests.restarts import environment
from tests.stack_services import StackServices

# An intake whose client stops handing anything out once it has read something, however often it connects.
STUCK = """
import asyncio
from casefeed.read import intake, stall
stall.STALLED_AFTER_SECONDS, stall.STALLED_AFTER_FETCHES = 1.0, 3
fetch, handed = intake.Consumer.fetch, []
async def stuck(self, **how):
    if handed:
        await asyncio.sleep(0.05)
        return {}
    rows = await fetch(self, **how)
    handed.extend(rows)
    return rows
intake.Consumer.fetch = stuck
"""
# An intake that blocks its loop when the first batch comes.
BLOCKED = """
import time
from casefeed.read.store import SqliteStore
from casefeed.runtime import health, watchdog
watchdog.LOOP_HANGS_AFTER_CHECKS, health.UNRESPONSIVE_AFTER_S = 6, 1.0
SqliteStore.commit_batch = lambda *_: time.sleep(600)
"""
# An intake that looks often at what is parked.
OFTEN = """
from casefeed.read import intake
intake.UNCERTAIN_EVERY_SECONDS = 0.5
"""


class Asking:
    """Asks a process at the port where it listens."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)

    def status(self, path: str) -> int:
        """The HTTP status of an answer; 0 when nobody answers."""
        try:
            return self._client.get(path).status_code
        except httpx.HTTPError:
            return 0

    def text(self, path: str) -> str:
        """An answer's text."""
        return self._client.get(path).text

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels; no number while there are no metrics."""
        answer = self._client.get("/metrics")
        if answer.status_code != 200:
            return math.nan
        return sum(
            sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@contextmanager
def listening(feed_env: FeedEnv, home: Path, *words: str, script: str = "") -> Iterator[Asking]:
    """`casefeed WORDS --listen` as a process of its own, `script` run in it before."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    command = command_line(*words, "--listen", f"127.0.0.1:{port}", script=script)
    with running_process(command, environment(feed_env, home)) as process:
        asking = Asking(process, port)
        wait_until(lambda: asking.status("/livez"))
        yield asking


def intake(feed_env: FeedEnv, home: Path, script: str = "") -> AbstractContextManager[Asking]:
    """`casefeed ice intake --listen`."""
    return listening(feed_env, home, "ice", "intake", script=script)


def transfer(feed_env: FeedEnv, child: int) -> KafkaRecord:
    """A good record of a child."""
    return feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", child, 1))


def test_it_is_alive_while_it_waits_and_ready_while_it_reads(
    feed_env: FeedEnv, stack: StackServices, tmp_path: Path
) -> None:
    """Ready once caught up; a broker that goes away is waited for, said and counted; and read on when it is back."""
    feed_env.send(
        *(transfer(feed_env, child) for child in range(1, 4)), KafkaRecord(ORR_TOPIC, b"Zzyzxsurname", b"\x01x")
    )
    with intake(feed_env, tmp_path) as asking:
        wait_until(lambda: asking.status("/readyz") == 200)
        wait_until(lambda: asking.metric("casefeed_records_total", outcome="applied") == 3)
        assert asking.metric("casefeed_records_total", outcome="parked", reason="wrong-magic-byte") == 1
        assert asking.metric("casefeed_parked_records", reason="wrong-magic-byte") == 1
        assert asking.metric("casefeed_position_offset") == asking.metric("casefeed_end_offset") == 4
        assert asking.metric("casefeed_lag_records") == asking.metric("casefeed_lag_seconds") == 0
        assert 0 <= asking.metric("casefeed_applied_age_seconds", topic=ORR_TOPIC, clock="published") < 120
        assert asking.metric("casefeed_batch_seconds_count") >= 1
        assert abs(time.time() - asking.metric("casefeed_ends_seen_timestamp_seconds")) < 30
        stack.kill_kafka()
        try:
            wait_until(lambda: asking.status("/readyz") == 503)
            assert asking.status("/livez") == 200
            assert feed_env.bootstrap in asking.text("/readyz")
            assert asking.metric("casefeed_waiting", service="broker") == 1
            assert asking.metric("casefeed_ready") == 0
        finally:
            stack.start_kafka()
        feed_env.send(transfer(feed_env, 9))
        wait_until(lambda: asking.metric("casefeed_records_total", outcome="applied") == 4)
        wait_until(lambda: asking.status("/readyz") == 200)
        assert asking.metric("casefeed_waiting") == 0
        shown = asking.text("/metrics") + asking.text("/livez")
        assert not any(value in shown for value in (*PERSONAL, child_key(1)))


def test_a_stuck_client_ends_its_process_and_a_new_one_catches_up(feed_env: FeedEnv, tmp_path: Path) -> None:
    """The broker has more and nothing comes: one more connection, then exit 3 with a reason; nothing is lost."""
    feed_env.send(*(transfer(feed_env, child) for child in range(1, 4)))
    with intake(feed_env, tmp_path, STUCK) as asking:
        wait_until(lambda: asking.metric("casefeed_position_offset") >= 1)
        feed_env.send(*(transfer(feed_env, child) for child in range(4, 30)))
        wait_until(lambda: asking.status("/livez") in (503, 0))
        assert asking.process.wait(timeout=60) == 3
        _, said = asking.process.communicate(timeout=60)
    assert b"this process's client is stuck" in said
    with intake(feed_env, tmp_path) as asking:
        wait_until(lambda: asking.status("/readyz") == 200)
        assert asking.metric("casefeed_position_offset") == 29
    with feed_env.store() as store:
        assert store.db.execute("SELECT count(*) FROM event").fetchone()[0] == 29


def test_a_loop_that_hangs_is_not_alive_and_ends_its_process(feed_env: FeedEnv, tmp_path: Path) -> None:
    """A call that blocks: /livez says so while it lasts, then exit 3 with the place; a new one reads on."""
    feed_env.send(transfer(feed_env, 1))
    with intake(feed_env, tmp_path, BLOCKED) as asking:
        wait_until(lambda: asking.status("/livez") == 503)
        assert "gave no sign of life" in asking.text("/livez")
        assert asking.process.wait(timeout=60) == 3
        _, said = asking.process.communicate(timeout=60)
    assert b"its event loop hangs at" in said
    assert feed_env.run_intake().counts.applied == 1


def test_a_flood_of_parked_records_is_a_few_lines(feed_env: FeedEnv, tmp_path: Path) -> None:
    """Ten thousand of one cause: a line when it begins, counts now and then, and one line when none is left."""
    feed_env.send(*(KafkaRecord(ORR_TOPIC, b"a", b"\x01%d" % number) for number in range(10_000)))
    with intake(feed_env, tmp_path, OFTEN) as asking:
        wait_until(lambda: asking.metric("casefeed_parked_records", reason="wrong-magic-byte") == 10_000)
        with closing(sqlite3.connect(feed_env.path, timeout=60)) as repairing:
            repairing.execute("DELETE FROM parked")
            repairing.commit()
        wait_until(lambda: asking.metric("casefeed_parked_records") == 0)
        asking.process.terminate()
        _, said = asking.process.communicate(timeout=60)
    lines = [json.loads(each) for each in said.splitlines() if each.startswith(b"{")]
    told = [(each["event"], each["reason"]) for each in lines if "parked" in each["event"]]
    assert told[0] == ("records are parked", "wrong-magic-byte")
    assert told[-1] == ("no record is parked for this reason any more", "wrong-magic-byte")
    assert len(told) < 10


def test_a_relay_tells_what_waits_and_what_it_waits_for(
    feed_env: FeedEnv, stack: StackServices, tmp_path: Path
) -> None:
    """Ready once it reached the broker; while that is away it is alive, not ready, and what waits is counted."""
    with orr_desk(tmp_path) as desk, listening(feed_env, tmp_path, "orr", "relay", script=SMALL_BATCHES) as asking:
        record(desk, *event_inputs(2, 1))
        wait_until(lambda: asking.status("/readyz") == 200)
        wait_until(lambda: asking.metric("casefeed_outbox_sent_events_total") == 2)
        assert asking.metric("casefeed_outbox_waiting_events") == 0
        assert "casefeed_outbox_waiting_since_timestamp_seconds{" not in asking.text("/metrics")
        assert abs(time.time() - asking.metric("casefeed_outbox_acknowledged_timestamp_seconds")) < 60
        stack.kill_kafka()
        try:
            record(desk, *event_inputs(2, 1))
            wait_until(lambda: asking.status("/readyz") == 503)
            assert asking.status("/livez") == 200
            assert asking.metric("casefeed_waiting", service="broker") == 1
            assert asking.metric("casefeed_outbox_waiting_events") == 2
            assert abs(time.time() - asking.metric("casefeed_outbox_waiting_since_timestamp_seconds")) < 60
        finally:
            stack.start_kafka()
        wait_until(lambda: asking.metric("casefeed_outbox_sent_events_total") == 4)
        wait_until(lambda: asking.status("/readyz") == 200)
