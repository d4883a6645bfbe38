"""A connection that falls silent under a relay and a reader, and what must have come of it when it heals."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.desk_helpers import event_inputs, orr_desk
from tests.feedkit import FeedEnv
from tests.live_intake import LiveIntake
from tests.proxy import Proxy
from tests.relay_processes import (
    assert_in_order_and_complete,
    command_line,
    pending_count,
    record_answers,
    running_process,
    terminate,
)
from tests.restarts import environment
from tests.topic_records import topic_records


def silent_then_healed(
    direct: FeedEnv, proxied: FeedEnv, proxy: Proxy, home: Path, script: str = ""
) -> tuple[float, float]:
    """Record, relay and read; fall silent, record more, and heal once the reader has said that it waits.

    Returns the seconds from the silence to that, and to the moment at which everything was read. The relay runs
    after `script`. Holds topic and ledger to what was recorded: nothing lost, nothing doubled, in order.
    """
    took: list[float] = []

    async def act(live: LiveIntake) -> None:
        with running_process(command_line("orr", "relay", script=script), environment(proxied, home)) as relay:
            with orr_desk(home) as desk:
                answers = record_answers(desk, event_inputs(20, 2))
                await live.wait_until_applied(len(answers))
                proxy.silence()
                silent_at, connections = time.monotonic(), proxy.connections
                answers += record_answers(desk, event_inputs(20, 2))
                await live.wait_until_waiting()
                took.append(time.monotonic() - silent_at)
                proxy.heal()
                await live.wait_until_applied(len(answers))
                took.append(time.monotonic() - silent_at)
                async with asyncio.timeout(60):
                    while pending_count(desk):
                        await asyncio.sleep(0.05)
            assert proxy.connections > connections
            await asyncio.to_thread(terminate, relay)
        assert_in_order_and_complete(await asyncio.to_thread(topic_records, direct.bootstrap), answers)
        assert live.progress.counts.applied == len(answers)
        assert sum(live.progress.counts.parked.values()) == 0
        assert "does not answer" in live.messages[0]

    asyncio.run(LiveIntake(proxied).run_with(act))
    noticed, whole = took
    return noticed, whole
