"""A broker or a registry that is away while an archive is published: waited for, said, given up in the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casefeed.runtime.settings import Settings
from tests.archives import stories, write
from tests.broker.test_replay import ids_of
from tests.stack_services import StackServices
from tests.topic_records import event_ids, topic_records

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts `casefeed orr replay PATH OPTIONS` as a process of its own; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def run(path: Path, *options: str, **over: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "casefeed", "orr", "replay", str(path), *options]
        environment = {**os.environ, **{f"CASEFEED_{name.upper()}": value for name, value in over.items()}}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def said(errors: str) -> list[dict[str, Any]]:
    """The log lines of ours; libraries' own have a logger."""
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    return [line for line in lines if "logger" not in line]


def wait_for_progress(settings: Settings) -> None:
    deadline = time.monotonic() + 30
    while not list((settings.home / "replay").glob("*.json")):
        assert time.monotonic() < deadline, "the replay never began"
        time.sleep(0.02)


def test_a_broker_that_is_down_at_the_start_is_waited_for(
    start: Start, settings: Settings, stack: StackServices, tmp_path: Path
) -> None:
    """The replay says that it waits and since when, and sends all once the broker is there."""
    path = write(tmp_path / "a.avro", stories(20))
    stack.stop_kafka()
    try:
        process = start(path)
        assert process.stderr is not None
        first = ""
        while not said(first):
            first += process.stderr.readline()
            assert process.poll() is None, first
    finally:
        stack.start_kafka()
    out, rest = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert out.startswith("orr.case-events: 80 events in ")
    lines = said(first + rest)
    # Said anew every ten seconds, and a broker may take longer than that to come up.
    assert list(dict.fromkeys(line["event"] for line in lines)) == ["no answer, waiting", "it answers again"]
    assert lines[0]["service"] == "broker"
    assert {line["since"] for line in lines} == {lines[0]["since"]}


def test_a_broker_that_is_killed_in_the_middle_loses_nothing(
    start: Start, settings: Settings, stack: StackServices, tmp_path: Path
) -> None:
    """SIGKILL of the broker while events go out: when it is back the rest goes, and nothing is missing."""
    envelopes = stories(500)
    path = write(tmp_path / "a.avro", envelopes)
    process = start(path, "--rate", "400")
    try:
        wait_for_progress(settings)
        stack.kill_kafka()
        time.sleep(1)
        assert process.poll() is None
    finally:
        stack.start_kafka()
    out, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    assert out.startswith("orr.case-events: 2,000 events in ")
    rows = topic_records(settings.kafka_bootstrap)
    # What was not known to have arrived went out again, as the same bytes.
    assert len({(row.key, row.value) for row in rows}) == len(envelopes)
    assert set(event_ids(rows)) == set(ids_of(envelopes))


def test_a_registry_that_is_away_too_long_is_given_up(start: Start, settings: Settings, tmp_path: Path) -> None:
    """After --wait the command ends with 3 and says what is away; nothing was sent, later all goes."""
    path = write(tmp_path / "a.avro", stories(5))
    elsewhere = "http://127.0.0.1:1/apis/ccompat/v7"
    process = start(path, "--wait", "1", registry_url=elsewhere)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    assert said(errors)[0]["service"] == "registry"
    assert f"The schema registry at {elsewhere} does not answer" in errors
    assert "waited 1 s" in errors
    assert topic_records(settings.kafka_bootstrap) == []
    process = start(path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors


def test_a_broker_that_never_comes_is_given_up(start: Start, tmp_path: Path) -> None:
    """Exit 3, with the address and what to do, and no line of a library's in between."""
    path = write(tmp_path / "a.avro", stories(1))
    process = start(path, "--wait", "0", kafka_bootstrap="127.0.0.1:1")
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, "")
    assert "The Kafka broker at 127.0.0.1:1 does not answer" in errors
    assert "casefeed stack up" in errors


@pytest.mark.parametrize("options", [["--rate", "0"], ["--wait", "-1"], ["--nope"]])
def test_a_replay_that_cannot_be_meant_is_wrong_use(start: Start, tmp_path: Path, options: list[str]) -> None:
    """A rate of nothing, a negative wait, an unknown option: exit 2 before anything is asked."""
    process = start(write(tmp_path / "a.avro", stories(1)), *options)
    process.communicate(timeout=60)
    assert process.returncode == 2
