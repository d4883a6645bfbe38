"""The product: ICE's intake, as `casefeed ice intake --until-caught-up` runs it."""

from __future__ import annotations

import asyncio
import time

from benchmarks.rivals.told import tell, told
from casefeed.read.intake import Feed, Progress, read_feed
from casefeed.wire.clock import now_ms
from casefeed.wire.registry import Registry
from ice_caseload.cases import take_in
from ice_caseload.ledger import GROUP, ledger


async def run() -> Progress:
    """Read both topics to their ends."""
    given = told()
    store = ledger(f"sqlite:///{given.ledger}", now_ms)
    async with Registry(given.registry_url) as registry:
        with store:
            feed = Feed(
                given.bootstrap, given.registry_url, registry.schema_by_id, store, take_in, GROUP,
            )  # fmt: skip
            return await read_feed(feed, asyncio.Event(), until_caught_up=True)


if __name__ == "__main__":
    began = time.perf_counter()
    tell(began, asyncio.run(run()).tally.applied)
