"""Three nodes under load, and everything that may befall them: nothing lost, nothing doubled, each child in order."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest
from confluent_kafka.admin import AdminClient

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.ledger.projection import apply_events
from casefeed.read.event_log import NewEvent
from casefeed_stack import Stack
from tests.desk_helpers import event_inputs, orr_desk
from tests.feedkit import FeedEnv
from tests.live_intake import LiveIntake
from tests.load import LoadTest
from tests.relay_processes import record_answers, run_relay, wait_until
from tests.restarts import environment
from tests.soak.conftest import LONG

pytestmark = LONG

Befalls = Callable[[Stack, LoadTest], None]
NODES = {1, 2, 3}
# A client that hands out nothing though there is more is replaced after 30 s.
NOTICED_AND_CAUGHT_UP_SECONDS = 120.0


def partitions(three: Stack) -> list[tuple[int, int]]:
    """Of each partition of ORR's topic its leader and how many are in sync."""
    topic = AdminClient({"bootstrap.servers": three.bootstrap}).list_topics(ORR_TOPIC, timeout=60).topics[ORR_TOPIC]
    return [(each.leader, len(each.isrs)) for _, each in sorted(topic.partitions.items())]


def leader(three: Stack) -> int:
    """The node that leads the first partition."""
    return partitions(three)[0][0]


def until_in_sync(three: Stack) -> None:
    """Wait until every node holds everything."""
    wait_until(lambda: all(copies == len(NODES) for _, copies in partitions(three)), 90)


def every_leader_killed(three: Stack, load: LoadTest) -> None:
    """SIGKILL of whoever leads the first partition, three times in a row."""
    for _ in NODES:
        killed = leader(three)
        three.cluster.kill(killed)
        load.wait_for_events()
        three.cluster.start(killed)
        until_in_sync(three)


def a_leader_frozen(three: Stack, load: LoadTest) -> None:
    """SIGSTOP for 20 s: its connections stay open and silent."""
    frozen = leader(three)
    three.cluster.kill(frozen, signal=SIGSTOP)
    time.sleep(20)
    three.cluster.kill(frozen, signal=SIGCONT)
    load.wait_for_events()


def two_down_for_a_minute(three: Stack, load: LoadTest) -> None:
    """No majority, nothing is acknowledged; then both come back."""
    killed = leader(three)
    other = min(NODES - {killed})
    three.cluster.kill(killed, other)
    time.sleep(60)
    three.cluster.start(killed, other)
    load.wait_for_events()


def all_restarted(three: Stack, load: LoadTest) -> None:
    """Stopped in order and started again; then the same with SIGKILL."""
    three.stop_kafka()
    three.start_kafka()
    load.wait_for_events()
    three.kill_kafka()
    three.start_kafka()
    load.wait_for_events()


def a_disk_wiped(three: Stack, load: LoadTest) -> None:
    """The leader is killed and its disk emptied; it rejoins, and another is killed: now it is needed."""
    wiped = leader(three)
    three.cluster.kill(wiped)
    load.wait_for_events()
    shutil.rmtree(three.data_dir / f"kafka-{wiped}")
    three.cluster.start(wiped)
    until_in_sync(three)
    other = min(NODES - {wiped})
    three.cluster.kill(other)
    load.wait_for_events()
    three.cluster.start(other)


@pytest.mark.parametrize(
    "befalls", [every_leader_killed, a_leader_frozen, two_down_for_a_minute, all_restarted, a_disk_wiped]
)
def test_what_befalls_nodes_loses_and_doubles_nothing(
    three: Stack, cluster_bench: FeedEnv, tmp_path: Path, befalls: Befalls
) -> None:
    """A desk records, its relay sends and ICE reads throughout; afterwards all of it is in the ledger, once."""
    until_in_sync(three)
    with LoadTest(cluster_bench, tmp_path) as load:
        befalls(three, load)
        load.wait_for_events()
        figures = load.verify()
    until_in_sync(three)
    print(f"\n{befalls.__name__}: {figures}")


def test_leadership_that_moves_while_a_batch_is_open(three: Stack, cluster_bench: FeedEnv, tmp_path: Path) -> None:
    """The leader is killed inside the reader's transaction: the batch is kept once, and reading goes on elsewhere."""
    killed: list[int] = []
    env = environment(cluster_bench, tmp_path)

    def in_the_middle(db: sqlite3.Connection, held: Sequence[NewEvent]) -> None:
        apply_events(db, held)
        if not killed:
            killed.append(leader(three))
            three.cluster.kill(*killed)

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(len(answers), NOTICED_AND_CAUGHT_UP_SECONDS)
        began = time.monotonic()
        # What was fetched before the leader died would need no other.
        answers.extend(record_answers(desk, event_inputs(200, 5)))
        await asyncio.to_thread(run_relay, "orr", env)
        await live.wait_until_applied(len(answers), NOTICED_AND_CAUGHT_UP_SECONDS)
        took_s = time.monotonic() - began
        print(f"\nleader killed in a transaction: 1,000 more are sent and read {took_s:.1f} s later")
        assert leader(three) not in killed

    live = LiveIntake(cluster_bench, in_the_middle)
    with orr_desk(tmp_path) as desk:
        answers = record_answers(desk, event_inputs(200, 10))
        run_relay("orr", env)
        try:
            asyncio.run(live.run_with(act))
        finally:
            three.cluster.start(*killed)
    tally = live.progress.counts
    assert (tally.applied, tally.duplicates, sum(tally.parked.values())) == (len(answers), 0, 0)
    until_in_sync(three)
