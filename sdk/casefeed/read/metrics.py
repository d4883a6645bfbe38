"""What a reader exports: each metric one small function over its store and its progress, looked at when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.read.heartbeats import SourceStatus, source_statuses
from casefeed.read.intake import ReaderProgress
from casefeed.read.positions import TIMESTAMP_KINDS, PartitionLag, latest_applied, partition_lags
from casefeed.runtime.metrics import Histogram, Metric, MetricDefinitions, MetricSample, MetricsCollector
from casefeed.store import read_only


@dataclass(frozen=True, slots=True)
class ReaderSnapshot:
    """What one scrape looks at: the store's file at one moment, and what the process has counted; `now` in ms UTC."""

    partition_lags: tuple[PartitionLag, ...]
    sources: tuple[SourceStatus, ...]
    progress: ReaderProgress
    now: int


def _by_partition(name: str, help: str, value: Callable[[PartitionLag, int], float]) -> Metric[ReaderSnapshot]:
    """A metric with a sample a partition; `value` takes the time as well (ms UTC)."""

    def read(snapshot: ReaderSnapshot) -> Iterator[MetricSample]:
        for each in snapshot.partition_lags:
            yield (each.topic, str(each.partition[1])), value(each, snapshot.now)

    return Metric(name, help, read, ("topic", "partition"))


def _applied_age(snapshot: ReaderSnapshot) -> Iterator[MetricSample]:
    for topic in sorted({each.topic for each in snapshot.partition_lags}):
        newest = latest_applied(each for each in snapshot.partition_lags if each.topic == topic)
        for kind in TIMESTAMP_KINDS:
            if kind in newest:
                yield (topic, kind), (snapshot.now - newest[kind]) / 1000


def _end_offsets_checked(snapshot: ReaderSnapshot) -> Iterator[MetricSample]:
    times = [each.seen_at for each in snapshot.partition_lags]
    if times and None not in times:
        yield (), min(each for each in times if each is not None) / 1000


def _records(snapshot: ReaderSnapshot) -> Iterator[MetricSample]:
    counts = snapshot.progress.counts
    yield ("applied", ""), counts.applied
    yield ("already-held", ""), counts.duplicates
    yield ("heard", ""), counts.heartbeats
    for parked in ParkedReason:
        yield ("parked", parked.value), counts.parked[parked.value]
    for refused in RefusedReason:
        yield ("refused", refused.value), counts.refused[refused.value]


def _uncertain(snapshot: ReaderSnapshot, name: str) -> Iterator[MetricSample]:
    if name in snapshot.progress.uncertain:
        yield (), snapshot.progress.uncertain[name]


METRICS: MetricDefinitions[ReaderSnapshot] = (
    _by_partition(
        "casefeed_position_offset", "The next offset to read of a partition.", lambda each, _: each.next_offset
    ),
    _by_partition(
        "casefeed_end_offset",
        "One past the last offset of a partition, as seen last.",
        lambda each, _: each.end_offset,
    ),
    _by_partition(
        "casefeed_lag_records",
        "Records of a partition (with control records) between position and end.",
        lambda each, _: each.lag,
    ),
    _by_partition(
        "casefeed_lag_seconds",
        "For how long at most the first unread record of a partition has waited; 0 while all is read.",
        lambda each, now: each.lag_ms(now) / 1000,
    ),
    Metric(
        "casefeed_applied_age_seconds",
        "How long ago the event applied last occurred, was recorded, published and received.",
        _applied_age,
        ("topic", "clock"),
    ),
    Metric(
        "casefeed_ends_seen_timestamp_seconds",
        "When it was last looked how far the topics reach, of all partitions the longest ago.",
        _end_offsets_checked,
    ),
    Metric(
        "casefeed_records_total",
        "Records judged since the process began, by outcome, and by reason those that did not apply.",
        _records,
        ("outcome", "reason"),
        "counter",
    ),
    Metric(
        "casefeed_parked_records",
        "Records parked now, by reason; each is a known gap until it is repaired.",
        lambda snapshot: (((each.value,), snapshot.progress.parked.get(each.value, 0)) for each in ParkedReason),
        ("reason",),
    ),
    Metric(
        "casefeed_gaps_open",
        "Gaps in what senders numbered: runs of numbers of a child and source that are missing now.",
        lambda snapshot: _uncertain(snapshot, "gaps"),
    ),
    Metric(
        "casefeed_children_uncertain",
        "Children whose case is not known whole, by a parked record or a missing number; a child with several keys "
        "is one to a reader that takes in merges, as ICE's does.",
        lambda snapshot: _uncertain(snapshot, "children"),
    ),
    Metric(
        "casefeed_source_heartbeat_timestamp_seconds",
        "When a source was heard last, by the broker's clock.",
        lambda snapshot: (((each.source,), each.published_at / 1000) for each in snapshot.sources),
        ("source",),
    ),
    Metric(
        "casefeed_source_next_heartbeat_timestamp_seconds",
        "When a source is due to be heard again, by the broker's clock; absent where it promised no more.",
        lambda snapshot: (
            ((each.source,), each.due_at / 1000) for each in snapshot.sources if each.due_at is not None
        ),
        ("source",),
    ),
    Histogram(
        "casefeed_batch_seconds",
        "How long a batch took to judge and to keep.",
        lambda snapshot: snapshot.progress.batch_durations,
    ),
)


def reader_metrics(
    path: Path, current_progress: Callable[[], ReaderProgress], now_ms: Callable[[], int]
) -> MetricsCollector[ReaderSnapshot]:
    """The metrics of the reader whose store lies at `path`; a scrape raises StoreError while that cannot be read."""

    @contextmanager
    def take_snapshot() -> Iterator[ReaderSnapshot]:
        with read_only(path) as db:
            yield ReaderSnapshot(tuple(partition_lags(db)), tuple(source_statuses(db)), current_progress(), now_ms())

    return MetricsCollector(METRICS, take_snapshot)
