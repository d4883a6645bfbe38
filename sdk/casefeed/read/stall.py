"""Which partitions stand still though there is more to read of them: progress against the ends, with a deadline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from casefeed.kafka.records import Partition
from casefeed.runtime.errors import BrokerUnavailable

STALLED_AFTER_SECONDS = 30.0
# A slow handler keeps partitions waiting for their turn; so many turns without one are no queue.
STALLED_AFTER_FETCHES = 20


class BrokerStalled(BrokerUnavailable):
    """The broker answers and has more to read, and nothing came; a new connection is worth a try."""


class _LastOffset(NamedTuple):
    offset: int
    since: float
    fetches: int


class StallDetector:
    """Looks after each fetch; a partition that moved, or has nothing more, begins anew."""

    def __init__(self) -> None:
        self._last_offsets: dict[Partition, _LastOffset] = {}

    def stalled_partitions(
        self, positions: Mapping[Partition, int], end_offsets: Mapping[Partition, int], now: float
    ) -> list[Partition]:
        """The partitions that stood still for too long, `now` being `monotonic` seconds."""
        for each, end in end_offsets.items():
            at, previous = positions.get(each, 0), self._last_offsets.get(each)
            if at >= end:
                self._last_offsets.pop(each, None)
            elif previous is not None and previous.offset == at:
                self._last_offsets[each] = previous._replace(fetches=previous.fetches + 1)
            else:
                self._last_offsets[each] = _LastOffset(at, now, 0)
        return [
            each
            for each, last in self._last_offsets.items()
            if now - last.since > STALLED_AFTER_SECONDS and last.fetches >= STALLED_AFTER_FETCHES
        ]
