"""Desk, relay, intake and redrive killed with SIGKILL at each time that a clean run comes to each of their steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.fork_server import ForkServer
from tests.crash.kill_runner import KilledProcess, KillRunner
from tests.crash.processes import IceIntake, IceRedrive, OrrRecord, OrrRelay
from tests.feedkit import FeedEnv

# Some hundred worlds, each with two lives.
pytestmark = pytest.mark.timeout(3600)


def killed_at_each_time(fork_server: ForkServer, subject: KilledProcess) -> None:
    """One death a world: whatever it leaves, the next life ends where a clean run does."""
    deaths = KillRunner(fork_server, subject).kill_every_step()
    print(f"\n{type(subject).__name__}: {deaths.summary()}")
    assert deaths.steps_without_kill == []


def test_a_desk_killed_at_each_time_of_each_step(tmp_path: Path, fork_server: ForkServer) -> None:
    """Given the same lines again it has recorded what one clean pass records."""
    killed_at_each_time(fork_server, OrrRecord(tmp_path))


def test_a_relay_killed_at_each_time_of_each_step(feed_env: FeedEnv, tmp_path: Path, fork_server: ForkServer) -> None:
    """Started again it has sent what one clean pass sends; what came twice is the same bytes, and held once."""
    relay = OrrRelay(feed_env, tmp_path)
    killed_at_each_time(fork_server, relay)
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(relay.recorded), 0)


def test_an_intake_killed_at_each_time_of_each_step(
    feed_env: FeedEnv, tmp_path: Path, fork_server: ForkServer
) -> None:
    """Started again its ledger is that of one clean pass."""
    killed_at_each_time(fork_server, IceIntake(feed_env, tmp_path))


def test_a_redrive_killed_at_each_time_of_each_step(
    feed_env: FeedEnv, tmp_path: Path, fork_server: ForkServer
) -> None:
    """Decided again it has been made once, and the ledger is that of one decision."""
    killed_at_each_time(fork_server, IceRedrive(feed_env, tmp_path))
