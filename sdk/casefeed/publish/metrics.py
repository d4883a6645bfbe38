"""What a relay exports: each metric one small function over its desk's account, looked at when asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from casefeed.publish.desk import SQL
from casefeed.runtime.metrics import Metric, MetricDefinitions, MetricSample, MetricsCollector
from casefeed.store import read_only

SourceRows = Sequence[sqlite3.Row]
"""A row of the account for each source."""


def _by_source(value: Callable[[sqlite3.Row], float | None]) -> Callable[[SourceRows], Iterator[MetricSample]]:
    def samples(sources: SourceRows) -> Iterator[MetricSample]:
        for each in sources:
            sample_value = value(each)
            if sample_value is not None:
                yield (each["source"],), sample_value

    return samples


def _seconds(name: str) -> Callable[[sqlite3.Row], float | None]:
    return lambda row: None if row[name] is None else row[name] / 1000


OUTBOX_METRICS: MetricDefinitions[SourceRows] = (
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


def outbox_collection(path: Path) -> MetricsCollector[SourceRows]:
    """The metrics of the desk at `path`; a scrape raises StoreError while that cannot be read."""

    @contextmanager
    def take_snapshot() -> Iterator[SourceRows]:
        with read_only(path) as db:
            yield db.execute(SQL["source_status"]).fetchall()

    return MetricsCollector(OUTBOX_METRICS, take_snapshot)
