"""How far a store is, in records and in time, and what it keeps aside; asked of its file, by whoever may read it.

Every question takes a connection to the store's file (read-only will do). Times are ms UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from casefeed.kafka.records import Partition
from casefeed.read.statements import SQL

TimestampKind = Literal["occurred", "recorded", "published", "received"]
TIMESTAMP_KINDS: tuple[TimestampKind, ...] = get_args(TimestampKind)


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """Where a partition stands: the next offset, the end as seen at `seen_at` (None: never looked at).

    `behind_since` is when it was last known to be read to its end, where it was not at the last look. `last_applied`
    holds the clocks of the event that was applied last; it is empty where none was.
    """

    partition: Partition
    next_offset: int
    end_offset: int
    seen_at: int | None
    behind_since: int | None
    last_applied: dict[TimestampKind, int]

    @property
    def topic(self) -> str:
        """The partition's topic."""
        return self.partition[0]

    @property
    def lag(self) -> int:
        """Records (with control records) up to the end as seen."""
        return max(0, self.end_offset - self.next_offset)

    def with_end_offset(self, end: int) -> PartitionLag:
        """The same with another end, seen by somebody who notes nothing in the store."""
        return replace(self, end_offset=end)

    def lag_ms(self, now: int) -> int:
        """For how long at most the first unread record has waited; 0 where all is read.

        It was published after the last applied one, and since the partition was last known to be read to its end.
        """
        if not self.lag:
            return 0
        since = self.behind_since if self.behind_since is not None else self.seen_at
        bounds = [each for each in (since, self.last_applied.get("published")) if each is not None]
        return max(0, now - max(bounds)) if bounds else 0


def partition_lags(db: sqlite3.Connection) -> list[PartitionLag]:
    """Where every partition stands."""
    lags = []
    for row in db.execute(SQL["partition_lags"]):
        applied = {kind: row[f"{kind}_at"] for kind in TIMESTAMP_KINDS if row[f"{kind}_at"] is not None}
        place = (row["next_offset"], row["end_offset"], row["seen_at"] or None, row["behind_since"])
        lags.append(PartitionLag((row["topic"], row["partition"]), *place, applied))
    return lags


def latest_applied(lags: Iterable[PartitionLag]) -> dict[TimestampKind, int]:
    """The newest reading of each clock among the events that these partitions gave last."""
    newest: dict[TimestampKind, int] = {}
    for each in lags:
        for kind, at in each.last_applied.items():
            newest[kind] = max(at, newest.get(kind, at))
    return newest


def parked_by_reason(db: sqlite3.Connection) -> dict[str, int]:
    """How many parked records are still a gap, by reason; only reasons for which there is one."""
    return {row["reason"]: row["parked"] for row in db.execute(SQL["parked_by_reason"])}
