"""Our consumer on a real broker that goes away."""

from __future__ import annotations

import asyncio

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.wire.consumer import Consumer
from tests.feedkit import Bench
from tests.surroundings import Surroundings


def test_closed_while_the_broker_is_away_it_leaves_nothing_running(bench: Bench, stack: Surroundings) -> None:
    """No task of the client's goes on, which would connect again once the broker is back, outage after outage."""

    async def left_running() -> set[str]:
        consumer = Consumer(bench.bootstrap, (ORR_TOPIC, ICE_TOPIC), "test-reader")
        await consumer.open()
        consumer.seek(await consumer.beginnings())
        await consumer.fetch(at_most=1, wait_seconds=0.5)
        stack.kill_kafka()
        await consumer.close()
        await asyncio.sleep(0)
        return {str(task.get_coro()) for task in asyncio.all_tasks() - {asyncio.current_task()}}

    try:
        assert asyncio.run(left_running()) == set()
    finally:
        stack.start_kafka()
