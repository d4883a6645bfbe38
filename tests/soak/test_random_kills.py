"""Publishing and reading, both killed at random moments for as long as one likes."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.feedkit import FeedEnv, fresh_topics
from tests.restarts import (
    RestartedCommand,
    assert_equals_truth,
    environment,
    intake_command,
    relay_command,
    replay_command,
    run_casefeed,
)
from tests.soak.conftest import LONG, SECONDS
from tests.topic_records import assert_equal_archives, assert_one_datum_per_event

pytestmark = LONG

# 896 children with about 4,800 events: at this rate some twenty seconds for both agencies, without kills.
SCALE = "500"
EVENTS_A_SECOND = "250"
# 299 children with some 1,600 events, recorded in about half a minute.
LIVE_SCALE = "1500"
LIVE_EVENTS_A_SECOND = "50"
LIFE_SECONDS = (0.1, 5.0)


def killed_until(mortal: RestartedCommand, done: Callable[[], bool]) -> RestartedCommand:
    """Kill at random moments and start again, until `done` or until it ended by itself.

    Every other life is counted from its first sign: however slow the machine, there is progress.
    """
    from_sign = False
    while not done() and mortal.run_until_killed(random.uniform(*LIFE_SECONDS), from_progress=from_sign):
        from_sign = not from_sign
    return mortal


def one_round(feed_env: FeedEnv, home: Path, seed: int) -> tuple[RestartedCommand, RestartedCommand]:
    """A world published and read on fresh topics, both under fire; what became of the replay and of the intake."""
    env = environment(feed_env, home)
    run_casefeed(env, "world", "build", "--scale", SCALE, "--seed", str(seed), "--out", str(home))
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), feed_env.partitions)
    reading = intake_command(env, home)
    with ThreadPoolExecutor(1) as pool:
        sending = replay_command(env, home, home, "--rate", EVENTS_A_SECOND)
        sent = pool.submit(killed_until, sending, lambda: False)
        killed_until(reading, sent.done)
        sent.result()
    reading.command = [*reading.command, "--until-caught-up"]
    return sending, killed_until(reading, lambda: False)


def one_live_round(feed_env: FeedEnv, home: Path, seed: int) -> list[RestartedCommand]:
    """A world that goes on at the desks while both relays and the intake are under fire; what became of the three."""
    env = environment(feed_env, home)
    world = ("--scale", LIVE_SCALE, "--seed", str(seed))
    run_casefeed(env, "world", "build", *world, "--out", str(home))
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), feed_env.partitions)
    mortals = [relay_command(env, home, "orr"), relay_command(env, home, "ice"), intake_command(env, home)]
    with ThreadPoolExecutor(4) as pool:
        going_on = pool.submit(run_casefeed, env, "world", "live", *world, "--rate", LIVE_EVENTS_A_SECOND)
        under_fire = [pool.submit(killed_until, each, going_on.done) for each in mortals]
        going_on.result()
        for done in under_fire:
            done.result()
    for each, last in zip(mortals, ("--until-empty", "--until-empty", "--until-caught-up"), strict=True):
        each.command = [*each.command, last]
        killed_until(each, lambda: False)
    return mortals


def told(mortals: list[RestartedCommand]) -> str:
    """Kills, and the seconds from a start after a kill to the first sign of life."""
    recoveries_s = [each for mortal in mortals for each in mortal.recoveries_s]
    return (
        f"{sum(each.kills for each in mortals)} kills, {len(recoveries_s)} recoveries in "
        f"{statistics.median(recoveries_s):.1f} s (median), {max(recoveries_s):.1f} s at most"
    )


def test_replay_and_intake_killed_at_random_lose_and_double_nothing(feed_env: FeedEnv, tmp_path: Path) -> None:
    """Round after round: the scorecard equals the truth for every day and pair, every event is held once, nothing
    is parked, and no event is on its topic with other bytes."""
    ended = time.monotonic() + SECONDS
    sending, reading, twice = list[RestartedCommand](), list[RestartedCommand](), 0
    for number in count(1):
        home = tmp_path / str(number)
        feed_env.path = home / "ice.db"
        for kept, mortal in zip((sending, reading), one_round(feed_env, home, number), strict=True):
            kept.append(mortal)
        assert_equals_truth(feed_env, home)
        twice += assert_equal_archives(feed_env.bootstrap, home)
        print(f"\n{number} rounds, {twice} records sent twice\nreplay: {told(sending)}\nintake: {told(reading)}")
        if time.monotonic() > ended:
            break


def test_relays_and_intake_killed_at_random_while_a_world_goes_on_lose_and_double_nothing(
    feed_env: FeedEnv, tmp_path: Path
) -> None:
    """Round after round: what was recorded live is the truth in ICE's ledger, each event once and in one form."""
    ended = time.monotonic() + SECONDS
    kept: list[list[RestartedCommand]] = []
    twice = 0
    for number in count(1):
        home = tmp_path / str(number)
        feed_env.path = home / "ice.db"
        kept.append(one_live_round(feed_env, home, number))
        assert_equals_truth(feed_env, home)
        events, more = assert_one_datum_per_event(feed_env.bootstrap)
        twice += more
        names = ("ORR's relay", "ICE's relay", "intake")
        each = "\n".join(f"{name}: {told(list(of))}" for name, of in zip(names, zip(*kept, strict=True), strict=True))
        print(f"\n{number} rounds of {events} events, {twice} records sent twice\n{each}")
        if time.monotonic() > ended:
            break
