"""Registry, then broker, away for a whole minute in the middle of publishing and reading."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.resources import seeds_dir
from tests.feedkit import FeedEnv
from tests.restarts import CASEFEED, assert_equals_truth, environment, row_count
from tests.soak.conftest import LONG
from tests.stack_services import StackServices
from tests.topic_records import assert_equal_archives

pytestmark = LONG

A_MINUTE_SECONDS = 60.0
EVENTS = json.loads((seeds_dir() / "truth.json").read_text(encoding="utf-8"))["events"]
# ORR's seeds last for nearly two minutes: registry and broker go away in the middle of them.
EVENTS_A_SECOND = "8"


@contextmanager
def started(env: Mapping[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """`casefeed WORDS` as a process of its own, which does not outlive the test."""
    pipe = subprocess.PIPE
    with subprocess.Popen([CASEFEED, *words], env=env, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def away_for_a_minute(take_away: Callable[[], None], bring_back: Callable[[], None]) -> Iterator[None]:
    """Gone from here to a minute after the end."""
    take_away()
    try:
        yield
        time.sleep(A_MINUTE_SECONDS)
    finally:
        bring_back()


def sending(topic: str) -> list[str]:
    """The command with which an agency publishes its seeds, slowly and patiently."""
    agency, _, _ = topic.partition(".")
    path = seeds_dir() / f"{topic}.avro"
    return [agency, "replay", "--wait", "300", "--rate", EVENTS_A_SECOND, str(path)]


def ended(process: subprocess.Popen[str]) -> str:
    """What a process wrote on standard error, which must have ended well."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return errors


def until_held(feed_env: FeedEnv, events: int, seconds: float = 120) -> None:
    """Wait until the ledger holds so many events."""
    deadline = time.monotonic() + seconds
    while row_count(feed_env) < events:
        assert time.monotonic() < deadline, f"only {row_count(feed_env)} of {events} events are held"
        time.sleep(0.2)


def test_a_minute_without_registry_then_one_without_broker_loses_nothing(
    feed_env: FeedEnv, stack: StackServices, tmp_path: Path
) -> None:
    """Both sides wait and say so; afterwards the scorecard is the truth and each event is held once."""
    env = environment(feed_env, tmp_path)
    with ExitStack() as running:
        intake = running.enter_context(started(env, "ice", "intake"))
        orr = running.enter_context(started(env, *sending(ORR_TOPIC)))
        until_held(feed_env, 100)
        with away_for_a_minute(stack.stop_registry, stack.start_registry):
            ice = running.enter_context(started(env, *sending(ICE_TOPIC)))
        with away_for_a_minute(stack.kill_kafka, stack.start_kafka):
            assert orr.poll() is None
        ice_said, orr_said = ended(ice), ended(orr)
        until_held(feed_env, sum(EVENTS.values()))
        intake.terminate()
        intake_said = ended(intake)
    assert_equals_truth(feed_env)
    assert_equal_archives(feed_env.bootstrap, seeds_dir())
    assert '"service": "registry"' in ice_said
    assert '"service": "broker"' in orr_said
    assert f"{feed_env.bootstrap} does not answer" in intake_said
    assert "reading again" in intake_said
