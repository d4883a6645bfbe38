"""Where on a topic the last acknowledged events lie, and whether they lie there still."""

from __future__ import annotations

from collections.abc import Mapping

from casefeed.contract.framing import header
from casefeed.kafka.consumer import Consumer

Place = tuple[int, str]
"""(offset, event id)."""
Places = Mapping[int, Place]
"""The last place of each partition."""


async def astray(bootstrap: str, topic: str, places: Places) -> int | None:
    """A partition that does not hold what was acknowledged at its place: the topic was wiped or made anew.

    None where all do; what a partition has let go by its age was there. Raises BrokerUnavailable when the topic
    cannot be asked.
    """
    if not places:
        return None
    async with Consumer(bootstrap, [topic], group=None) as consumer:
        beginnings = await consumer.beginnings()
        for number, (offset, event_id) in places.items():
            partition = (topic, number)
            if partition not in beginnings:
                return number
            if offset < beginnings[partition]:
                continue
            record = await consumer.record_at(partition, offset)
            if record is None or (header(record.headers, "ce_id") or "") != event_id:
                return number
    return None
