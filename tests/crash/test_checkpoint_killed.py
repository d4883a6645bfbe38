"""SQLite's file killed in the middle of a checkpoint: whole when it is opened next, and the work goes on."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from casefeed.contract.resources import seeds_dir
from casefeed.store.sqlite import PRAGMAS
from tests.desk_helpers import event_inputs
from tests.feedkit import FeedEnv
from tests.relay_processes import (
    SMALL_BATCHES,
    assert_in_order_and_complete,
    command_line,
    json_lines,
    run_record,
    run_relay,
)
from tests.restarts import assert_equals_truth, environment, row_count, run_casefeed
from tests.topic_records import topic_records

PAGE_BYTES = int(PRAGMAS[0].rpartition(" ")[2])
# A process in whose N-th transaction the log of writes is copied into the file, which the kernel ends at the write of
# a page in the middle of it: nothing of the process runs after that, as with SIGKILL.
KILLED_IN_A_CHECKPOINT = """
import resource, signal, sys
from contextlib import contextmanager
from casefeed.publish import jsonl
from casefeed.read import intake
from casefeed.store import sqlite
at, done = int(sys.argv.pop(1)), 0
intake.BATCH_RECORDS = jsonl.MAX_BATCH_LINES = 40
sqlite.PRAGMAS = tuple(each.replace("autocheckpoint = 5000", "autocheckpoint = 0") for each in sqlite.PRAGMAS)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
transaction = sqlite.StoreFile.transaction
@contextmanager
def killed(self):
    global done
    with transaction(self) as db:
        yield db
    done += 1
    if done == at:
        pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (pages // 2 * size, resource.RLIM_INFINITY))
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
sqlite.StoreFile.transaction = killed
"""


def killed_in_a_checkpoint(path: Path, at: int, env: dict[str, str], *words: str, told: bytes = b"") -> bytes:
    """Run `casefeed WORDS` until it is killed in the checkpoint after its transaction `at`; what it answered.

    The file at `path` must then be half written, and nevertheless whole with its log.
    """
    done = subprocess.run(
        command_line(str(at), *words, script=SMALL_BATCHES + KILLED_IN_A_CHECKPOINT),
        env=env, input=told, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    with closing(sqlite3.connect(path)) as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        assert path.stat().st_size < pages * PAGE_BYTES, "killed before the last page was copied"
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return done.stdout


def test_an_intake_killed_in_a_checkpoint_reads_on(feed_env: FeedEnv, tmp_path: Path) -> None:
    """The ledger has what was committed before; an intake left alone then holds every event once."""
    env = environment(feed_env, tmp_path)
    run_casefeed(env, "world", "replay", str(seeds_dir()))
    killed_in_a_checkpoint(feed_env.path, 20, env, "ice", "intake", "--until-caught-up")
    assert 0 < row_count(feed_env) < 1600
    run_casefeed(env, "ice", "intake", "--until-caught-up")
    assert_equals_truth(feed_env)


def test_desk_and_relay_killed_in_a_checkpoint_go_on(feed_env: FeedEnv, tmp_path: Path) -> None:
    """What the desk had answered is recorded, the same lines give the same answers, and the relay sends the rest."""
    env = environment(feed_env, tmp_path)
    path, events = tmp_path / "desk.db", event_inputs(40, 20)
    said = killed_in_a_checkpoint(path, 8, env, "orr", "record", "--lines", told=json_lines(events))
    before = [json.loads(each) for each in said.splitlines()]
    assert 0 < len(before) < len(events)
    answers = run_record("orr", env, events)
    numbers = [(each["event_id"], each["sequence"]) for each in answers]
    assert numbers[: len(before)] == [(each["event_id"], each["sequence"]) for each in before]
    killed_in_a_checkpoint(path, 6, env, "orr", "relay", "--until-empty")
    assert 0 < len(topic_records(feed_env.bootstrap)) < len(events)
    run_relay("orr", env)
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(answers), 0)
