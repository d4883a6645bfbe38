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
from tests.desk_helpers import desk_input, event_inputs, orr_desk
from tests.feedkit import FeedEnv, Raw
from tests.relay_processes import (
    SMALL_BATCHES,
    assert_in_order_and_complete,
    command_line,
    json_lines,
    pending_count,
    record_answers,
    run_record,
    run_relay,
    running_process,
    seed_inputs,
)
from tests.restarts import assert_equals_truth, environment
from tests.topic_records import topic_records

KILLS = 6
# Killed with the batch acknowledged and not yet marked (odd), or marked and not yet asked for the next (even).
KILLED_AT_A_MARK = """
import os, signal
from casefeed.publish.outbox import Outbox
mark, at = Outbox.mark_sent, int(sys.argv.pop(1))
done = 0
def killed(self, sent):
    global done
    done += 1
    if done == at and at % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    mark(self, sent)
    if done == at:
        os.kill(os.getpid(), signal.SIGKILL)
Outbox.mark_sent = killed
"""
# Killed after the N-th commit of the desk, before its answers are told.
KILLED_AFTER_A_COMMIT = """
import os, signal, sys
from casefeed.publish import desk, jsonl
jsonl.MAX_BATCH_LINES = 20
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
def env(feed_env: FeedEnv, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation of its own on the running stack, with empty topics."""
    return environment(feed_env, tmp_path)


def killed(script: str, *words: str, env: dict[str, str], given: bytes = b"") -> bytes:
    """What a command had said when its script killed it."""
    command = command_line(*words, script=script)
    done = subprocess.run(command, env=env, input=given, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout


def test_a_relay_killed_at_random_loses_and_doubles_nothing(
    feed_env: FeedEnv, tmp_path: Path, env: dict[str, str]
) -> None:
    """SIGKILL six times in a row at random moments while the seeds are recorded: the scorecard equals the truth."""
    answers: dict[str, list[dict[str, Any]]] = {}
    left = {agency: seed_inputs(topic) for agency, topic in (("orr", ORR_TOPIC), ("ice", ICE_TOPIC))}
    chance = random.Random(7)
    for turn in range(KILLS):
        agency = ("orr", "ice")[turn % 2]
        part = len(left[agency]) // (KILLS // 2 - turn // 2)
        now, left[agency] = left[agency][:part], left[agency][part:]
        answers.setdefault(agency, []).extend(run_record(agency, env, now))
        with running_process(command_line(agency, "relay", script=SMALL_BATCHES), env) as relay:
            time.sleep(1.0 + chance.random())
            assert relay.poll() is None
    for agency, topic in (("orr", ORR_TOPIC), ("ice", ICE_TOPIC)):
        run_relay(agency, env)
        assert_in_order_and_complete(topic_records(feed_env.bootstrap, topic), answers[agency])
    feed_env.run_intake()
    assert_equals_truth(feed_env)


def test_a_relay_killed_between_acknowledgement_and_mark_sends_the_same_again(
    feed_env: FeedEnv, tmp_path: Path, env: dict[str, str]
) -> None:
    """Before the mark and after it, six times in a row: nothing is missing, and what came twice is the same bytes."""
    with orr_desk(tmp_path) as desk:
        answers = record_answers(desk, event_inputs(60, 6))
        before = pending_count(desk)
        for at in (1, 2) * 3:
            killed(SMALL_BATCHES + KILLED_AT_A_MARK, str(at), "orr", "relay", env=env)
            assert pending_count(desk) <= before
            before = pending_count(desk)
        assert 0 < before < len(answers)
        run_relay("orr", env)
        assert pending_count(desk) == 0
    rows = topic_records(feed_env.bootstrap)
    assert len(answers) < len(rows) <= len(answers) + 3 * 40
    assert_in_order_and_complete(rows, answers)
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)


def test_a_desk_killed_between_commit_and_answer_has_recorded_once(
    feed_env: FeedEnv, tmp_path: Path, env: dict[str, str]
) -> None:
    """The caller that lost the answers sends the same lines again: each event is held once and then published."""
    events: list[Raw] = [desk_input("ChildLocated", child) for _ in range(10) for child in range(10)]
    told: list[dict[str, Any]] = []
    for at in (1, 2, 3):
        said = killed(KILLED_AFTER_A_COMMIT, str(at), "orr", "record", "--lines", env=env, given=json_lines(events))
        told += [json.loads(each) for each in said.splitlines()]
    answers = run_record("orr", env, events)
    assert [each["held"] for each in answers] == [True] * 60 + [False] * 40
    by_id = {each["event_id"]: each["sequence"] for each in answers}
    assert [each for each in told if by_id[each["event_id"]] != each["sequence"]] == []
    assert len(told) == 20 + 40
    run_relay("orr", env)
    rows = topic_records(feed_env.bootstrap)
    assert len(rows) == 100
    assert_in_order_and_complete(rows, answers)
