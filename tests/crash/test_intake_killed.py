"""ICE's intake killed with SIGKILL, again and again: at the end the ledger is that of one clean pass."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from casefeed.contract.resources import seeds_dir
from tests.feedkit import FeedEnv
from tests.restarts import CASEFEED, RestartedCommand, assert_equals_truth, environment, row_count, run_casefeed

KILLS = 6
RANDOM_KILLS = 6
# The seeds are 1611 events: most of a minute, and six lives of the intake last some ten seconds.
EVENTS_A_SECOND = "20"
# An intake in small batches, killed at the N-th commit: before it (odd) or right after it (even).
KILLED_AT_A_COMMIT = """
import os, signal, sys
from casefeed.read import intake, store
intake.BATCH_RECORDS = 40
take, at = store.SqliteStore.commit_batch, int(sys.argv.pop(1))
done = 0
def killed(self, judged, moves, handler):
    global done
    done += 1
    def dying(db, held):
        handler(db, held)
        if done == at and at % 2:
            os.kill(os.getpid(), signal.SIGKILL)
    tally = take(self, judged, moves, dying)
    if done == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return tally
store.SqliteStore.commit_batch = killed
from casefeed.cli import main
main()
"""


def test_killed_at_a_commit_or_in_the_middle_of_one_nothing_is_lost_or_doubled(
    feed_env: FeedEnv, tmp_path: Path
) -> None:
    """SIGKILL inside the transaction and right after it, six times in a row, then an intake left alone."""
    env = environment(feed_env, tmp_path)
    run_casefeed(env, "world", "replay", str(seeds_dir()))
    before = 0
    for at in range(1, KILLS + 1):
        process = subprocess.run(
            [sys.executable, "-c", KILLED_AT_A_COMMIT, str(at), "ice", "intake", "--until-caught-up"],
            env=env,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr
        after = row_count(feed_env)
        assert after >= before, "what was committed before is still there"
        before = after
    assert 0 < before < 1600
    began = time.monotonic()
    run_casefeed(env, "ice", "intake", "--until-caught-up")
    assert time.monotonic() - began < 60
    assert_equals_truth(feed_env)


def test_killed_at_random_moments_nothing_is_lost_or_doubled(feed_env: FeedEnv, tmp_path: Path) -> None:
    """SIGKILL at any moment of its reading, six times in a row, while both agencies publish.

    A life ends within a second of its first commit, however long a start takes. The publishing lasts longer than the
    six lives; it is killed too, and what is left is published at full speed.
    """
    env = environment(feed_env, tmp_path)
    mortal = RestartedCommand([CASEFEED, "ice", "intake"], env, lambda: row_count(feed_env))
    seen = [0]
    with subprocess.Popen(
        [CASEFEED, "world", "replay", "--rate", EVENTS_A_SECOND, str(seeds_dir())],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as publishing:
        try:
            for _ in range(RANDOM_KILLS):
                assert mortal.run_until_killed(random.uniform(0, 0.7), from_progress=True)
                seen.append(row_count(feed_env))
            assert publishing.poll() is None, "killed while both publish"
        finally:
            publishing.kill()
    assert seen == sorted(set(seen)), "what was committed before is still there, and each life read on"
    run_casefeed(env, "world", "replay", str(seeds_dir()))
    run_casefeed(env, "ice", "intake", "--until-caught-up")
    assert_equals_truth(feed_env)
