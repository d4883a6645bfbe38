"""Our clients on a real broker: closed when it goes away, and when whoever closes them is asked to end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.kafka.consumer import Consumer
from casefeed.kafka.producer import Producer
from tests.feedkit import FeedEnv
from tests.stack_services import StackServices


def going_on(*mine: asyncio.Task[None]) -> set[str]:
    """What goes on in this loop but for the test itself."""
    return {str(task.get_coro()) for task in asyncio.all_tasks() - {asyncio.current_task(), *mine}}


def test_closed_while_the_broker_is_away_it_leaves_nothing_running(feed_env: FeedEnv, stack: StackServices) -> None:
    """No task of the client's goes on, which would connect again once the broker is back, outage after outage."""

    async def left_running() -> set[str]:
        consumer = Consumer(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), "test-reader")
        await consumer.open()
        consumer.seek(await consumer.beginning_offsets())
        await consumer.fetch(max_records=1, timeout_seconds=0.5)
        stack.kill_kafka()
        await consumer.close()
        await asyncio.sleep(0)
        return going_on()

    try:
        assert asyncio.run(left_running()) == set()
    finally:
        stack.start_kafka()


@pytest.mark.parametrize("end", ["reads", "sends"])
def test_who_is_asked_to_end_while_it_closes_ends(feed_env: FeedEnv, end: str) -> None:
    """At whatever moment of the closing: the client takes none of it for its own, and no task of it goes on."""

    def client() -> Any:
        if end == "reads":
            return Consumer(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), "test-reader")
        return Producer(feed_env.bootstrap, ORR_TOPIC)

    async def close_and_go_on(opened: Any) -> None:
        await opened.close()
        await asyncio.sleep(60)

    async def ended(turns: int) -> tuple[bool, set[str]]:
        opened = client()
        await opened.open()
        going = asyncio.create_task(close_and_go_on(opened))
        for _ in range(turns):
            await asyncio.sleep(0)
        going.cancel()
        done, _ = await asyncio.wait((going,), timeout=30)
        await asyncio.sleep(0)
        return bool(done), going_on(going)

    assert [turns for turns in range(1, 9) if asyncio.run(ended(turns)) != (True, set())] == []
