"""Desks and relays as processes, and what of them is on the topics afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from casefeed.contract.framing import unframe
from casefeed.kafka.records import ReceivedRecord
from casefeed.publish.desk import Desk
from casefeed.publish.event_input import SET_BY_DESK
from tests.desk_helpers import event_inputs, orr_desk, record
from tests.feedkit import FeedEnv, Raw
from tests.seed_records import decode_envelope, seeds
from tests.stack_services import StackServices
from tests.topic_records import topic_records

# What docker gives a container before it kills it.
GRACE_SECONDS = 10
# A relay with small claims and short leases, so that little goes out at a time.
SMALL_BATCHES = """
import sys
from casefeed.publish import outbox, relay, sender
outbox.LEASE_MS, relay.CLAIM_EVENTS = 1500, 40
sender.ACK_TIMEOUT_S = 1.0
"""
RUN_MAIN = """
from casefeed.cli import main
main()
"""


def command_line(*words: str, script: str = "") -> list[str]:
    """The command line of casefeed, after `script` has run in its process."""
    return [sys.executable, "-c", script + RUN_MAIN, *words]


@contextmanager
def running_process(command: list[str], env: dict[str, str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the block."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def run_relay(agency: str, env: dict[str, str], *options: str) -> str:
    """What the agency's relay says once nothing waits; it must end well."""
    done = subprocess.run(
        command_line(agency, "relay", "--until-empty", *options),
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def seed_inputs(topic: str) -> list[Raw]:
    """The events of the seeds as a caller gives them to a desk, in the order of recording."""
    found = []
    for envelope in seeds(topic):
        kind, event = decode_envelope(envelope)
        header = {name: value for name, value in event["header"].items() if name not in SET_BY_DESK}
        found.append({**event, "type": kind.short_name, "header": header})
    return found


def json_lines(events: Iterable[Raw]) -> bytes:
    """Events as `record --lines` reads them."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def run_record(agency: str, env: dict[str, str], events: Iterable[Raw]) -> list[dict[str, Any]]:
    """The answers of the agency's desk; each event must be taken."""
    done = subprocess.run(
        command_line(agency, "record", "--lines"),
        env=env,
        input=json_lines(events),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout[-500:]
    return [json.loads(each) for each in done.stdout.splitlines()]


def assert_in_order_and_complete(rows: list[ReceivedRecord], answers: Iterable[dict[str, Any]]) -> None:
    """Hold a topic to what desks answered: every event is there, first told in the order of its child's numbers
    under its source, and no id has two datums."""
    numbers = {each["event_id"]: (each["source"], each["sequence"]) for each in answers}
    datums: dict[str, set[tuple[bytes | None, bytes]]] = {}
    told: dict[tuple[bytes | None, str], list[int]] = {}
    for row in rows:
        event_id = dict(row.headers)["ce_id"].decode()
        source, sequence = numbers[event_id]
        if event_id not in datums:
            told.setdefault((row.key, source), []).append(sequence)
        datums.setdefault(event_id, set()).add((row.key, unframe(row.value or b"")[1]))
    assert datums.keys() == numbers.keys()
    assert [each for each, bytes_of in datums.items() if len(bytes_of) > 1] == []
    assert [key for key, found in told.items() if found != sorted(found)] == []


def record_answers(desk: Desk, events: list[Raw]) -> list[dict[str, Any]]:
    """What a desk in this process answers, as `record --lines` tells it."""
    return [
        {"event_id": each.event_id, "source": each.source, "sequence": each.sequence}
        for each in record(desk, *events)
    ]


def terminate(process: subprocess.Popen[bytes]) -> str:
    """Ask a command that runs to end, which it must do well; what it said on standard error."""
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    return errors.decode()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as `condition` answers so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def pending_count(desk: Desk) -> int:
    """How many events of a desk are still to be sent."""
    return int(desk.db.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL").fetchone()[0])


def check_outages(feed_env: FeedEnv, stack: StackServices, home: Path, env: dict[str, str], seconds: float) -> None:
    """Record while registry, then broker are away for `seconds` each, a relay at work; then hold the topic to it."""
    answers: list[dict[str, Any]] = []

    def recording(desk: Desk, for_seconds: float) -> None:
        end = time.monotonic() + for_seconds
        while time.monotonic() < end:
            answers.extend(record_answers(desk, event_inputs(5, 1)))
            time.sleep(0.02)

    with running_process(command_line("orr", "relay", script=SMALL_BATCHES), env) as relay, orr_desk(home) as desk:
        recording(desk, 2)
        wait_until(lambda: pending_count(desk) < len(answers))
        stack.stop_registry()
        try:
            recording(desk, seconds)
        finally:
            stack.start_registry()
        stack.kill_kafka()
        try:
            recording(desk, seconds)
            assert pending_count(desk) > 50
        finally:
            stack.start_kafka()
        recording(desk, 1)
        wait_until(lambda: pending_count(desk) == 0)
        errors = terminate(relay)
    said = [json.loads(each) for each in errors.splitlines() if each.startswith("{")]
    ours = [each for each in said if "logger" not in each and each["event"] != "sending"]
    assert ours[0]["event"] == "no answer, waiting"
    assert {each["service"] for each in ours if "service" in each} == {"broker"}
    assert ours[-1]["event"] == "it answers again"
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)
