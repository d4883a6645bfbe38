"""What a reader exports: each metric one small function over its store and its progress, looked at when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.read.heartbeats import Heard, heard
from casefeed.read.intake import Progress
from casefeed.read.positions import CLOCKS, Stand, applied_last, stands
from casefeed.runtime.metrics import Collection, Histogram, Metric, Metrics, Sample
from casefeed.store import looked_into

BY_PARTITION = ("topic", "partition")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scrape looks at: the store's file at one moment, and what the process has counted; `now` in ms UTC."""

    stands: tuple[Stand, ...]
    heard: tuple[Heard, ...]
    progress: Progress
    now: int

    def by_partition(self, value: Callable[[Stand], float]) -> Iterator[Sample]:
        """A sample a partition."""
        for each in self.stands:
            yield (each.topic, str(each.partition[1])), value(each)


def _applied(seen: Seen) -> Iterator[Sample]:
    for topic in sorted({each.topic for each in seen.stands}):
        newest = applied_last(each for each in seen.stands if each.topic == topic)
        for clock in CLOCKS:
            if clock in newest:
                yield (topic, clock), (seen.now - newest[clock]) / 1000


def _ends_seen(seen: Seen) -> Iterator[Sample]:
    times = [each.seen_at for each in seen.stands]
    if times and None not in times:
        yield (), min(each for each in times if each is not None) / 1000


def _records(seen: Seen) -> Iterator[Sample]:
    tally = seen.progress.tally
    yield ("applied", ""), tally.applied
    yield ("already-held", ""), tally.already_held
    yield ("heard", ""), tally.heartbeats
    for parked in ParkedReason:
        yield ("parked", parked.value), tally.parked[parked.value]
    for refused in RefusedReason:
        yield ("refused", refused.value), tally.refused[refused.value]


def _parked(seen: Seen) -> Iterator[Sample]:
    for reason in ParkedReason:
        yield (reason.value,), seen.progress.parked.get(reason.value, 0)


def _uncertain(seen: Seen, what: str) -> Iterator[Sample]:
    if what in seen.progress.uncertain:
        yield (), seen.progress.uncertain[what]


def _heard_at(seen: Seen) -> Iterator[Sample]:
    for each in seen.heard:
        yield (each.source,), each.published_at / 1000


def _due_at(seen: Seen) -> Iterator[Sample]:
    for each in seen.heard:
        if each.due_at is not None:
            yield (each.source,), each.due_at / 1000


METRICS: Metrics[Seen] = (
    Metric(
        "casefeed_position_offset",
        "The next offset to read of a partition.",
        lambda seen: seen.by_partition(lambda each: each.next_offset),
        BY_PARTITION,
    ),
    Metric(
        "casefeed_end_offset",
        "One past the last offset of a partition, as seen last.",
        lambda seen: seen.by_partition(lambda each: each.end_offset),
        BY_PARTITION,
    ),
    Metric(
        "casefeed_lag_records",
        "Records of a partition (with control records) between position and end.",
        lambda seen: seen.by_partition(lambda each: each.lag),
        BY_PARTITION,
    ),
    Metric(
        "casefeed_lag_seconds",
        "For how long at most the first unread record of a partition has waited; 0 while all is read.",
        lambda seen: seen.by_partition(lambda each: each.late_ms(seen.now) / 1000),
        BY_PARTITION,
    ),
    Metric(
        "casefeed_applied_age_seconds",
        "How long ago the event applied last occurred, was recorded, published and received.",
        _applied,
        ("topic", "clock"),
    ),
    Metric(
        "casefeed_ends_seen_timestamp_seconds",
        "When it was last looked how far the topics reach, of all partitions the longest ago.",
        _ends_seen,
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
        _parked,
        ("reason",),
    ),
    Metric(
        "casefeed_gaps_open",
        "Gaps in what senders numbered: runs of numbers of a child and source that are missing now.",
        lambda seen: _uncertain(seen, "gaps"),
    ),
    Metric(
        "casefeed_children_uncertain",
        "Children whose case is not known whole, by a parked record or a missing number; a child with several keys "
        "is one to a reader that takes in merges, as ICE's does.",
        lambda seen: _uncertain(seen, "children"),
    ),
    Metric(
        "casefeed_source_heartbeat_timestamp_seconds",
        "When a source was heard last, by the broker's clock.",
        _heard_at,
        ("source",),
    ),
    Metric(
        "casefeed_source_next_heartbeat_timestamp_seconds",
        "When a source is due to be heard again, by the broker's clock; absent where it promised no more.",
        _due_at,
        ("source",),
    ),
    Histogram(
        "casefeed_batch_seconds",
        "How long a batch took to judge and to keep.",
        lambda seen: seen.progress.batches,
    ),
)


def collection(path: Path, progress: Callable[[], Progress], now_ms: Callable[[], int]) -> Collection[Seen]:
    """The metrics of the reader whose store lies at `path`; a scrape raises StoreFault while that cannot be read."""

    @contextmanager
    def look() -> Iterator[Seen]:
        with looked_into(path) as db:
            yield Seen(tuple(stands(db)), tuple(heard(db)), progress(), now_ms())

    return Collection(METRICS, look)
