"""ICE's intake killed with SIGKILL, again and again: at the end the ledger is that of one clean pass."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from casefeed.contract.resources import seeds_dir
from ice_caseload import scorecard
from ice_caseload.ledger import open_read_only
from tests.feedkit import Bench
from tests.relays import environment

KILLS = 6
# An intake in small batches, killed at the N-th commit: before it (odd) or right after it (even).
KILLED_AT_A_COMMIT = """
import os, signal, sys
from casefeed.read import intake, store
intake.BATCH_RECORDS = 40
take, at = store.SqliteStore.take, int(sys.argv.pop(1))
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
store.SqliteStore.take = killed
from casefeed.cli import main
main()
"""


def held(bench: Bench) -> int:
    """How many events the ledger holds now."""
    if not bench.path.exists():
        return 0
    with sqlite3.connect(bench.path) as db:
        try:
            return int(db.execute("SELECT count(*) FROM event").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the tables were made
            return 0


def equals_truth(bench: Bench) -> None:
    """Hold the ledger to the seeds' truth, and to having every event once."""
    truth = json.loads((seeds_dir() / "truth.json").read_text(encoding="utf-8"))
    db = open_read_only(f"sqlite:///{bench.path}")
    for day, figures in truth["as_of"].items():
        assert scorecard.figures(db, date.fromisoformat(day), None) == figures
    counted = db.execute("SELECT count(*), count(DISTINCT event_id) FROM event").fetchone()
    assert tuple(counted) == (sum(truth["events"].values()),) * 2
    assert db.execute("SELECT count(*) FROM parked").fetchone()[0] == 0
    db.close()


def test_killed_at_a_commit_or_in_the_middle_of_one_nothing_is_lost_or_doubled(
    bench: Bench, tmp_path: Path
) -> None:
    """SIGKILL inside the transaction and right after it, six times in a row, then an intake left alone."""
    env = environment(bench, tmp_path)
    command = Path(sys.executable).with_name("casefeed")
    subprocess.run([command, "world", "replay", seeds_dir()], env=env, check=True, timeout=120)
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
        after = held(bench)
        assert after >= before, "what was committed before is still there"
        before = after
    assert 0 < before < 1600
    began = time.monotonic()
    done = subprocess.run(
        [command, "ice", "intake", "--until-caught-up"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 60
    equals_truth(bench)
