"""Desk and relay killed with SIGKILL, again and again: every event is on its topic, in order, under one id."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.desk_helpers import given, orr_desk, story
from tests.feedkit import Bench, Raw
from tests.relay_processes import (
    SMALL,
    answers_of,
    casefeed,
    in_order_and_whole,
    lines,
    recorded,
    relayed,
    running,
    seeded,
    waiting,
)
from tests.restarts import environment, equals_truth
from tests.topic_records import held

KILLS = 6
# Killed with the batch acknowledged and not yet marked (odd), or marked and not yet asked for the next (even).
KILLED_AT_A_MARK = """
import os, signal
from casefeed.publish.outbox import Outbox
mark, at = Outbox.mark, int(sys.argv.pop(1))
done = 0
def killed(self, sent):
    global done
    done += 1
    if done == at and at % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    mark(self, sent)
    if done == at:
        os.kill(os.getpid(), signal.SIGKILL)
Outbox.mark = killed
"""
# Killed after the N-th commit of the desk, before its answers are told.
KILLED_AFTER_A_COMMIT = """
import os, signal, sys
from casefeed.publish import desk
from casefeed.publish import jsonl
stream.LINES_AT_ONCE = 20
record, at = desk.Desk.record, int(sys.argv.pop(1))
done = 0
def killed(self, *given):
    global done
    answers = record(self, *given)
    done += 1
    if done == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return answers
desk.Desk.record = killed
"""


@pytest.fixture
def env(bench: Bench, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation of its own on the running stack, with empty topics."""
    return environment(bench, tmp_path)


def killed(script: str, *words: str, env: dict[str, str], given: bytes = b"") -> bytes:
    """What a command had said when its script killed it."""
    command = casefeed(*words, script=script)
    done = subprocess.run(command, env=env, input=given, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout


def test_a_relay_killed_at_random_loses_and_doubles_nothing(
    bench: Bench, tmp_path: Path, env: dict[str, str]
) -> None:
    """SIGKILL six times in a row at random moments while the seeds are recorded: the scorecard equals the truth."""
    answers: dict[str, list[dict[str, Any]]] = {}
    left = {agency: seeded(topic) for agency, topic in (("orr", ORR_TOPIC), ("ice", ICE_TOPIC))}
    chance = random.Random(7)
    for turn in range(KILLS):
        agency = ("orr", "ice")[turn % 2]
        part = len(left[agency]) // (KILLS // 2 - turn // 2)
        now, left[agency] = left[agency][:part], left[agency][part:]
        answers.setdefault(agency, []).extend(recorded(agency, env, now))
        with running(casefeed(agency, "relay", script=SMALL), env) as relay:
            time.sleep(1.0 + chance.random())
            assert relay.poll() is None
    for agency, topic in (("orr", ORR_TOPIC), ("ice", ICE_TOPIC)):
        relayed(agency, env)
        in_order_and_whole(held(bench.bootstrap, topic), answers[agency])
    bench.read()
    equals_truth(bench)


def test_a_relay_killed_between_acknowledgement_and_mark_sends_the_same_again(
    bench: Bench, tmp_path: Path, env: dict[str, str]
) -> None:
    """Before the mark and after it, six times in a row: nothing is missing, and what came twice is the same bytes."""
    with orr_desk(tmp_path) as desk:
        answers = answers_of(desk, story(60, 6))
        before = waiting(desk)
        for at in (1, 2) * 3:
            killed(SMALL + KILLED_AT_A_MARK, str(at), "orr", "relay", env=env)
            assert waiting(desk) <= before
            before = waiting(desk)
        assert 0 < before < len(answers)
        relayed("orr", env)
        assert waiting(desk) == 0
    rows = held(bench.bootstrap)
    assert len(answers) < len(rows) <= len(answers) + 3 * 40
    in_order_and_whole(rows, answers)
    tally = bench.read().tally
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)


def test_a_desk_killed_between_commit_and_answer_has_recorded_once(
    bench: Bench, tmp_path: Path, env: dict[str, str]
) -> None:
    """The caller that lost the answers sends the same lines again: each event is held once and then published."""
    events: list[Raw] = [given("ChildLocated", child) for _ in range(10) for child in range(10)]
    told: list[dict[str, Any]] = []
    for at in (1, 2, 3):
        said = killed(
            KILLED_AFTER_A_COMMIT, str(at), "orr", "record", "--lines", env=env, given=lines(events)
        )
        told += [json.loads(each) for each in said.splitlines()]
    answers = recorded("orr", env, events)
    assert [each["held"] for each in answers] == [True] * 60 + [False] * 40
    by_id = {each["event_id"]: each["sequence"] for each in answers}
    assert [each for each in told if by_id[each["event_id"]] != each["sequence"]] == []
    assert len(told) == 20 + 40
    relayed("orr", env)
    rows = held(bench.bootstrap)
    assert len(rows) == 100
    in_order_and_whole(rows, answers)
