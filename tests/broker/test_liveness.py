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
from tests.desk_helpers import orr_desk, record, story
from tests.feedkit import PERSONAL, Bench, Sent, child_key, make
from tests.relay_processes import SMALL, casefeed, running, until
from tests.restarts import environment
from tests.stack_services import Surroundings

# An intake whose client stops handing anything out once it has read something, however often it connects.
STUCK = """
import asyncio
from casefeed.read import intake
from casefeed.read import stall
standstill.AFTER_SECONDS, standstill.AFTER_FETCHES = 1.0, 3
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
watchdog.LOOP_LOOKS, health.SILENT_AFTER_S = 6, 1.0
SqliteStore.take = lambda *_: time.sleep(600)
"""
# An intake that looks often at what is parked.
OFTEN = """
from casefeed.read import intake
intake.ASIDE_EVERY_SECONDS = 0.5
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
def listening(bench: Bench, home: Path, *words: str, script: str = "") -> Iterator[Asking]:
    """`casefeed WORDS --listen` as a process of its own, `script` run in it before."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    command = casefeed(*words, "--listen", f"127.0.0.1:{port}", script=script)
    with running(command, environment(bench, home)) as process:
        asking = Asking(process, port)
        until(lambda: asking.status("/livez"))
        yield asking


def intake(bench: Bench, home: Path, script: str = "") -> AbstractContextManager[Asking]:
    """`casefeed ice intake --listen`."""
    return listening(bench, home, "ice", "intake", script=script)


def transfer(bench: Bench, child: int) -> Sent:
    """A good record of a child."""
    return bench.event("ChildTransferred", make("ChildTransferred", child, 1))


def test_it_is_alive_while_it_waits_and_ready_while_it_reads(
    bench: Bench, stack: Surroundings, tmp_path: Path
) -> None:
    """Ready once caught up; a broker that goes away is waited for, said and counted; and read on when it is back."""
    bench.send(*(transfer(bench, child) for child in range(1, 4)), Sent(ORR_TOPIC, b"Zzyzxsurname", b"\x01x"))
    with intake(bench, tmp_path) as asking:
        until(lambda: asking.status("/readyz") == 200)
        until(lambda: asking.metric("casefeed_records_total", outcome="applied") == 3)
        assert asking.metric("casefeed_records_total", outcome="parked", reason="wrong-magic-byte") == 1
        assert asking.metric("casefeed_parked_records", reason="wrong-magic-byte") == 1
        assert asking.metric("casefeed_position_offset") == asking.metric("casefeed_end_offset") == 4
        assert asking.metric("casefeed_lag_records") == asking.metric("casefeed_lag_seconds") == 0
        assert 0 <= asking.metric("casefeed_applied_age_seconds", topic=ORR_TOPIC, clock="published") < 120
        assert asking.metric("casefeed_batch_seconds_count") >= 1
        assert abs(time.time() - asking.metric("casefeed_ends_seen_timestamp_seconds")) < 30
        stack.kill_kafka()
        try:
            until(lambda: asking.status("/readyz") == 503)
            assert asking.status("/livez") == 200
            assert bench.bootstrap in asking.text("/readyz")
            assert asking.metric("casefeed_waiting", service="broker") == 1
            assert asking.metric("casefeed_ready") == 0
        finally:
            stack.start_kafka()
        bench.send(transfer(bench, 9))
        until(lambda: asking.metric("casefeed_records_total", outcome="applied") == 4)
        until(lambda: asking.status("/readyz") == 200)
        assert asking.metric("casefeed_waiting") == 0
        shown = asking.text("/metrics") + asking.text("/livez")
        assert not any(value in shown for value in (*PERSONAL, child_key(1)))


def test_a_stuck_client_ends_its_process_and_a_new_one_catches_up(bench: Bench, tmp_path: Path) -> None:
    """The broker has more and nothing comes: one more connection, then exit 3 with a reason; nothing is lost."""
    bench.send(*(transfer(bench, child) for child in range(1, 4)))
    with intake(bench, tmp_path, STUCK) as asking:
        until(lambda: asking.metric("casefeed_position_offset") >= 1)
        bench.send(*(transfer(bench, child) for child in range(4, 30)))
        until(lambda: asking.status("/livez") in (503, 0))
        assert asking.process.wait(timeout=60) == 3
        _, said = asking.process.communicate(timeout=60)
    assert b"this process's client is stuck" in said
    with intake(bench, tmp_path) as asking:
        until(lambda: asking.status("/readyz") == 200)
        assert asking.metric("casefeed_position_offset") == 29
    with bench.store() as store:
        assert store.db.execute("SELECT count(*) FROM event").fetchone()[0] == 29


def test_a_loop_that_hangs_is_not_alive_and_ends_its_process(bench: Bench, tmp_path: Path) -> None:
    """A call that blocks: /livez says so while it lasts, then exit 3 with the place; a new one reads on."""
    bench.send(transfer(bench, 1))
    with intake(bench, tmp_path, BLOCKED) as asking:
        until(lambda: asking.status("/livez") == 503)
        assert "gave no sign of life" in asking.text("/livez")
        assert asking.process.wait(timeout=60) == 3
        _, said = asking.process.communicate(timeout=60)
    assert b"its event loop hangs at" in said
    assert bench.read().tally.applied == 1


def test_a_flood_of_parked_records_is_a_few_lines(bench: Bench, tmp_path: Path) -> None:
    """Ten thousand of one cause: a line when it begins, counts now and then, and one line when none is left."""
    bench.send(*(Sent(ORR_TOPIC, b"a", b"\x01%d" % number) for number in range(10_000)))
    with intake(bench, tmp_path, OFTEN) as asking:
        until(lambda: asking.metric("casefeed_parked_records", reason="wrong-magic-byte") == 10_000)
        with closing(sqlite3.connect(bench.path, timeout=60)) as repairing:
            repairing.execute("DELETE FROM parked")
            repairing.commit()
        until(lambda: asking.metric("casefeed_parked_records") == 0)
        asking.process.terminate()
        _, said = asking.process.communicate(timeout=60)
    lines = [json.loads(each) for each in said.splitlines() if each.startswith(b"{")]
    told = [(each["event"], each["reason"]) for each in lines if "parked" in each["event"]]
    assert told[0] == ("records are parked", "wrong-magic-byte")
    assert told[-1] == ("no record is parked for this reason any more", "wrong-magic-byte")
    assert len(told) < 10


def test_a_relay_tells_what_waits_and_what_it_waits_for(
    bench: Bench, stack: Surroundings, tmp_path: Path
) -> None:
    """Ready once it reached the broker; while that is away it is alive, not ready, and what waits is counted."""
    with orr_desk(tmp_path) as desk, listening(bench, tmp_path, "orr", "relay", script=SMALL) as asking:
        record(desk, *story(2, 1))
        until(lambda: asking.status("/readyz") == 200)
        until(lambda: asking.metric("casefeed_outbox_sent_events_total") == 2)
        assert asking.metric("casefeed_outbox_waiting_events") == 0
        assert "casefeed_outbox_waiting_since_timestamp_seconds{" not in asking.text("/metrics")
        assert abs(time.time() - asking.metric("casefeed_outbox_acknowledged_timestamp_seconds")) < 60
        stack.kill_kafka()
        try:
            record(desk, *story(2, 1))
            until(lambda: asking.status("/readyz") == 503)
            assert asking.status("/livez") == 200
            assert asking.metric("casefeed_waiting", service="broker") == 1
            assert asking.metric("casefeed_outbox_waiting_events") == 2
            assert abs(time.time() - asking.metric("casefeed_outbox_waiting_since_timestamp_seconds")) < 60
        finally:
            stack.start_kafka()
        until(lambda: asking.metric("casefeed_outbox_sent_events_total") == 4)
        until(lambda: asking.status("/readyz") == 200)
