"""Commands that are killed with SIGKILL and started again, and what must be true when they are left alone at last."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from casefeed.contract.resources import seeds_dir
from casefeed.ledger import scorecard
from casefeed.ledger.database import open_read_only
from ice_caseload.agency import ICE
from tests.feedkit import FeedEnv

CASEFEED = str(Path(sys.executable).with_name("casefeed"))
POLL_SECONDS = 0.02
RUN_TIMEOUT_SECONDS = 300


def environment(feed_env: FeedEnv, home: Path) -> dict[str, str]:
    """Where the commands of an installation in `home` find broker, registry and ledger."""
    return os.environ | {
        "CASEFEED_HOME": str(home),
        "CASEFEED_KAFKA_BOOTSTRAP": feed_env.bootstrap,
        "CASEFEED_REGISTRY_URL": feed_env.registry_url,
        "CASEFEED_LEDGER_URL": f"sqlite:///{feed_env.path}",
        "CASEFEED_DESK_URL": f"sqlite:///{home / 'desk.db'}",
        "CASEFEED_TOPIC_PARTITIONS": str(feed_env.partitions),
    }


def run_casefeed(env: Mapping[str, str], *words: str) -> str:
    """Run `casefeed WORDS` to its end, which must be a good one; its output."""
    done = subprocess.run(
        [CASEFEED, *words], env=env, capture_output=True, text=True, timeout=RUN_TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class RestartedCommand:
    """A command that is started again after each SIGKILL; it must never end in another way but well.

    `progress_marker` tells how far it is, in any form: another answer than at the start is its first sign of life.
    `recoveries_s` are the seconds from a start after a kill to that sign.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    progress_marker: Callable[[], object]
    kills: int = 0
    recoveries_s: list[float] = field(default_factory=list)

    def run_until_killed(self, seconds: float, *, from_progress: bool = False) -> bool:
        """One life, killed after `seconds` (with `from_progress`: after its sign of life). Whether it was killed."""
        with tempfile.TemporaryFile() as said:
            before = self.progress_marker()
            process = subprocess.Popen(self.command, env=self.env, stdout=said, stderr=said)
            try:
                self._watch(process, before, seconds, from_progress)
            finally:
                process.kill()
                code = process.wait()
            said.seek(0)
            assert code in (0, -signal.SIGKILL), said.read().decode()
        self.kills += code != 0
        return code != 0

    def _watch(self, process: subprocess.Popen[bytes], before: object, seconds: float, from_progress: bool) -> None:
        began, signed = time.monotonic(), False
        end = math.inf if from_progress else began + seconds
        while process.poll() is None and (now := time.monotonic()) < end:
            if not signed and self.progress_marker() != before:
                signed = True
                if self.kills:
                    self.recoveries_s.append(now - began)
                if from_progress:
                    end = now + seconds
            time.sleep(POLL_SECONDS)


def intake_command(env: Mapping[str, str], home: Path, *options: str) -> RestartedCommand:
    """`casefeed ice intake`; its sign of life is its beat: a commit, or a look at the ends."""
    beat = home / "beat"
    return RestartedCommand(
        [CASEFEED, "ice", "intake", "--beat", str(beat), *options],
        env,
        lambda: beat.stat().st_mtime_ns if beat.exists() else None,
    )


def replay_command(env: Mapping[str, str], home: Path, folder: Path, *options: str) -> RestartedCommand:
    """`casefeed world replay`; its sign of life is that one of its progress files moves on."""
    kept = home / "replay"
    return RestartedCommand(
        [CASEFEED, "world", "replay", str(folder), *options],
        env,
        lambda: {each.name: each.stat().st_mtime_ns for each in kept.glob("*.json")},
    )


def relay_command(env: Mapping[str, str], home: Path, agency: str) -> RestartedCommand:
    """`casefeed orr|ice relay`; its sign of life is its beat: a batch, or a look at an empty outbox."""
    beat = home / f"{agency}-beat"
    return RestartedCommand(
        [CASEFEED, agency, "relay", "--beat", str(beat)],
        env,
        lambda: beat.stat().st_mtime_ns if beat.exists() else None,
    )


def row_count(feed_env: FeedEnv, table: str = "event") -> int:
    """How many events, or rows of another table, the ledger holds now."""
    if not feed_env.path.exists():
        return 0
    with closing(sqlite3.connect(feed_env.path)) as db:
        try:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the tables were made
            return 0


def figures(ledger: Path, days: Iterable[str]) -> dict[str, dict[str, int]]:
    """What a ledger says of each of these days, and of each pair `AS-OF/KNOWN-BY` of days."""
    db = open_read_only(ledger, ICE)
    try:
        asked = {each: [date.fromisoformat(day) for day in each.split("/")] for each in days}
        return {
            each: scorecard.load_figures(db, as_of, *(known_by or (None,)))
            for each, (as_of, *known_by) in asked.items()
        }
    finally:
        db.close()


def assert_equals_truth(feed_env: FeedEnv, folder: Path | None = None) -> None:
    """Hold the ledger to the truth in `folder` (the seeds'): every day and pair, each event once, none parked."""
    truth = json.loads(((folder or seeds_dir()) / "truth.json").read_text(encoding="utf-8"))
    expected = truth["as_of"] | truth["known_by"]
    found = figures(feed_env.path, expected)
    assert [days for days in expected if found[days] != expected[days]] == []
    db = open_read_only(feed_env.path, ICE)
    try:
        counted = db.execute("SELECT count(*), count(DISTINCT event_id) FROM event").fetchone()
        assert tuple(counted) == (sum(truth["events"].values()),) * 2
        for aside in ("parked", "refused"):
            assert db.execute(f"SELECT count(*) FROM {aside}").fetchone()[0] == 0
    finally:
        db.close()
