"""Which partitions stand still though there is more to read of them: progress against the ends, with a deadline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from casefeed.kafka.consumer import Partition

AFTER_SECONDS = 30.0
# A slow handler keeps partitions waiting for their turn; so many turns without one are no queue.
AFTER_FETCHES = 20


class _Stood(NamedTuple):
    at: int
    since: float
    fetches: int


class Standstill:
    """Looks after each fetch; a partition that moved, or has nothing more, begins anew."""

    def __init__(self) -> None:
        self._stood: dict[Partition, _Stood] = {}

    def look(
        self, reached: Mapping[Partition, int], ends: Mapping[Partition, int], now: float
    ) -> list[Partition]:
        """The partitions that stood still for too long, `now` being `monotonic` seconds."""
        for each, end in ends.items():
            at, before = reached.get(each, 0), self._stood.get(each)
            if at >= end:
                self._stood.pop(each, None)
            elif before is not None and before.at == at:
                self._stood[each] = before._replace(fetches=before.fetches + 1)
            else:
                self._stood[each] = _Stood(at, now, 0)
        return [
            each
            for each, stood in self._stood.items()
            if now - stood.since > AFTER_SECONDS and stood.fetches >= AFTER_FETCHES
        ]
