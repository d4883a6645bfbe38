"""A connection that falls silent under a relay and a reader, and what must have come of it when it heals."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.desk_helpers import orr_desk, story
from tests.feedkit import Bench
from tests.live_intake import Live
from tests.proxy import Proxy
from tests.relay_processes import answers_of, casefeed, end, in_order_and_whole, running, waiting
from tests.restarts import environment
from tests.topic_records import held


def silent_then_healed(
    direct: Bench, proxied: Bench, proxy: Proxy, home: Path, script: str = ""
) -> tuple[float, float]:
    """Record, relay and read; fall silent, record more, and heal once the reader has said that it waits.

    Returns the seconds from the silence to that, and to the moment at which everything was read. The relay runs
    after `script`. Holds topic and ledger to what was recorded: nothing lost, nothing doubled, in order.
    """
    took: list[float] = []

    async def act(live: Live) -> None:
        with running(casefeed("orr", "relay", script=script), environment(proxied, home)) as relay:
            with orr_desk(home) as desk:
                answers = answers_of(desk, story(20, 2))
                await live.until(len(answers))
                proxy.silence()
                silent_at, connections = time.monotonic(), proxy.connections
                answers += answers_of(desk, story(20, 2))
                await live.until_waiting()
                took.append(time.monotonic() - silent_at)
                proxy.heal()
                await live.until(len(answers))
                took.append(time.monotonic() - silent_at)
                async with asyncio.timeout(60):
                    while waiting(desk):
                        await asyncio.sleep(0.05)
            assert proxy.connections > connections
            await asyncio.to_thread(end, relay)
        in_order_and_whole(await asyncio.to_thread(held, direct.bootstrap), answers)
        assert live.progress.tally.applied == len(answers)
        assert sum(live.progress.tally.parked.values()) == 0
        assert "does not answer" in live.said[0]

    asyncio.run(Live(proxied).during(act))
    noticed, whole = took
    return noticed, whole
