"""What a relay exports: each metric one small function over its desk's account, looked at when asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from casefeed.publish.desk import SQL
from casefeed.runtime.metrics import Collection, Metric, Metrics, Sample
from casefeed.store import looked_into

Sources = Sequence[sqlite3.Row]
"""A row of the account for each source."""


def _by_source(value: Callable[[sqlite3.Row], float | None]) -> Callable[[Sources], Iterator[Sample]]:
    def samples(sources: Sources) -> Iterator[Sample]:
        for each in sources:
            found = value(each)
            if found is not None:
                yield (each["source"],), found

    return samples


def _seconds(name: str) -> Callable[[sqlite3.Row], float | None]:
    return lambda row: None if row[name] is None else row[name] / 1000


METRICS: Metrics[Sources] = (
    Metric(
        "casefeed_outbox_waiting_events",
        "Events recorded and not yet acknowledged by the broker.",
        _by_source(lambda row: row["waiting"]),
        ("source",),
    ),
    Metric(
        "casefeed_outbox_waiting_since_timestamp_seconds",
        "Since when the oldest event that waits has done so; absent while none waits.",
        _by_source(_seconds("waiting_since")),
        ("source",),
    ),
    Metric(
        "casefeed_outbox_sent_events_total",
        "Events acknowledged by every in-sync replica, since the desk was made or told to send all again.",
        _by_source(lambda row: row["recorded"] - row["waiting"]),
        ("source",),
        "counter",
    ),
    Metric(
        "casefeed_outbox_acknowledged_timestamp_seconds",
        "When an event was acknowledged last; absent where none was yet.",
        _by_source(_seconds("last_sent_at")),
        ("source",),
    ),
)


def collection(path: Path) -> Collection[Sources]:
    """The metrics of the desk at `path`; a scrape raises StoreFault while that cannot be read."""

    @contextmanager
    def look() -> Iterator[Sources]:
        with looked_into(path) as db:
            yield db.execute(SQL["sources"]).fetchall()

    return Collection(METRICS, look)
