"""A desk whose disk is full: said, nothing kept by halves, mended by a start with room."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.desk_helpers import event_inputs, orr_desk
from tests.feedkit import FeedEnv
from tests.relay_processes import (
    SMALL_BATCHES,
    assert_in_order_and_complete,
    command_line,
    json_lines,
    pending_count,
    record_answers,
    run_record,
    run_relay,
)
from tests.restarts import environment
from tests.topic_records import topic_records

ANSWER_IS_NO, NOT_THERE = 1, 3


def with_room(
    room_kib: int, env: dict[str, str], *words: str, told: bytes = b"", script: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """`casefeed WORDS`, where no file may grow beyond `room_kib`."""
    limited = ["/bin/sh", "-c", f'ulimit -f {room_kib * 2}; exec "$@"', "sh", *command_line(*words, script=script)]
    return subprocess.run(limited, env=env, input=told, capture_output=True, timeout=120, check=False)


def test_a_desk_whose_disk_is_full_answers_for_nothing_it_did_not_keep(feed_env: FeedEnv, tmp_path: Path) -> None:
    """Each line that could not be kept is answered with why; with room the same lines give the same answers."""
    env, events = environment(feed_env, tmp_path), event_inputs(50, 40)
    full = with_room(1024, env, "orr", "record", "--lines", told=json_lines(events))
    assert full.returncode == ANSWER_IS_NO
    told = [json.loads(each) for each in full.stdout.splitlines()]
    kept = {each["event_id"]: each["sequence"] for each in told if "event_id" in each}
    faults = [each["error"] for each in told if "error" in each]
    assert len(kept) + len(faults) == len(events)
    assert all("SQLITE_FULL" in each for each in faults)
    with orr_desk(tmp_path) as desk:
        assert 0 < len(kept) == pending_count(desk) < len(events)
    answers = run_record("orr", env, events)
    assert kept.items() <= {each["event_id"]: each["sequence"] for each in answers}.items()
    run_relay("orr", env)
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)
    assert feed_env.run_intake().counts.applied == len(events)


def test_a_relay_whose_disk_is_full_sends_again_what_it_could_not_mark(feed_env: FeedEnv, tmp_path: Path) -> None:
    """It ends with 3 and says so; the next one sends the rest, in order, and the reader holds each event once."""
    env = environment(feed_env, tmp_path)
    with orr_desk(tmp_path) as desk:
        answers = record_answers(desk, event_inputs(50, 40))
    full = with_room(128, env, "orr", "relay", "--until-empty", script=SMALL_BATCHES)
    assert full.returncode == NOT_THERE
    assert "could not be written" in full.stderr.decode()
    with orr_desk(tmp_path) as desk:
        assert pending_count(desk) > 0
    run_relay("orr", env)
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)
