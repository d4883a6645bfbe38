"""Desk, relay, intake and redrive killed with SIGKILL before and after each step that a clean run of theirs takes.

The steps are every SQL statement, every call of the broker's client, every request to broker and registry
(tests/crash/steps.py). `make soak` kills at each time of each, alone, in a world made anew (tests/soak).

That no counted call was passed over is asked at the end of each test: seen to fail with the first call left out.
"""

from __future__ import annotations

from pathlib import Path

from tests.crash.fork_server import ForkServer
from tests.crash.kill_runner import KillRunner
from tests.crash.processes import IceIntake, IceRedrive, OrrRecord, OrrRelay
from tests.feedkit import FeedEnv


def test_an_intake_killed_at_each_of_its_steps_holds_what_one_clean_pass_holds(
    feed_env: FeedEnv, tmp_path: Path, fork_server: ForkServer
) -> None:
    """At each statement, call and request, one death after the other, the ledger is that of one clean pass.

    Seen to fail with the positions committed in a transaction before that of the events (events missing), and with a
    commit between the log and what is derived from it (cases and lists without what the log holds).
    """
    deaths = KillRunner(fork_server, IceIntake(feed_env, tmp_path)).kill_each_call()
    print(deaths.summary())
    assert deaths.calls_without_kill == []


def test_a_redrive_killed_at_each_of_its_steps_is_made_once_and_whole(
    feed_env: FeedEnv, tmp_path: Path, fork_server: ForkServer
) -> None:
    """Decided again after each death, the ledger is that of one decision: what applies is in, what waited has ended.

    Seen to fail with a commit between what is applied and the end of its parked record (decisions about nothing).
    """
    deaths = KillRunner(fork_server, IceRedrive(feed_env, tmp_path)).kill_each_call()
    print(deaths.summary())
    assert deaths.calls_without_kill == []


def test_a_desk_killed_at_each_of_its_steps_has_recorded_what_one_clean_pass_records(
    tmp_path: Path, fork_server: ForkServer
) -> None:
    """Given the same lines again after each death, it holds each event once, under its number.

    Seen to fail with a commit between an event and its outbox row (events that nobody sends), and with the statements
    of a migration outside a transaction (a desk that does not open again).
    """
    deaths = KillRunner(fork_server, OrrRecord(tmp_path)).kill_each_call()
    print(deaths.summary())
    assert deaths.calls_without_kill == []


def test_a_relay_killed_at_each_of_its_steps_has_sent_what_one_clean_pass_sends(
    feed_env: FeedEnv, tmp_path: Path, fork_server: ForkServer
) -> None:
    """Every event is on the topic, in order, and with the same bytes where it came twice; a reader holds it once.

    Seen to fail with events marked before their batch was acknowledged (events missing on the topic).
    """
    relay = OrrRelay(feed_env, tmp_path)
    deaths = KillRunner(fork_server, relay).kill_each_call()
    print(deaths.summary())
    assert deaths.calls_without_kill == []
    tally = feed_env.run_intake().counts
    assert (tally.applied, sum(tally.parked.values())) == (len(relay.recorded), 0)
