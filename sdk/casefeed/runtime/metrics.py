"""Metrics as data: each is a name, a line of help, its labels and one small function over what was seen.

They stand in a registry of their own, not in the client library's global one. A label takes its values from a closed
list or from the feed's own names (topic, partition, source id); never from a record, never a child key.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Generic, Literal, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.registry import Collector

from casefeed.runtime.health import Vitals

LABELS = ("topic", "partition", "source", "clock", "outcome", "reason", "service")
"""Every label that a metric may have."""
SERVICES = ("broker", "registry", "store")
BOUNDS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Seen = TypeVar("Seen")
Sample = tuple[tuple[str, ...], float]
"""The values of a metric's labels, in their order, and its value."""


@dataclass(slots=True)
class Spread:
    """How often something took how long, by upper bounds in seconds; the last count is of what took longer."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_SECONDS) + 1))
    sum_seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """It took so long once more."""
        self.counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self.sum_seconds += seconds


@dataclass(frozen=True, slots=True)
class Metric(Generic[Seen]):
    """One metric; a counter's name ends in `_total`. `read` gives its samples."""

    name: str
    help: str
    read: Callable[[Seen], Iterable[Sample]]
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"

    def family(self, seen: Seen | None) -> Family:
        """As the client library writes it; without samples where nothing was seen."""
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        found = make(self.name, self.help, labels=self.labels)
        for values, value in self.read(seen) if seen is not None else ():
            found.add_metric(values, value)
        return found


@dataclass(frozen=True, slots=True)
class Histogram(Generic[Seen]):
    """One metric of how long something took."""

    name: str
    help: str
    read: Callable[[Seen], Spread]
    labels: tuple[str, ...] = ()
    kind: Literal["histogram"] = "histogram"

    def family(self, seen: Seen | None) -> Family:
        """As the client library writes it; without samples where nothing was seen."""
        found = HistogramMetricFamily(self.name, self.help)
        if seen is not None:
            spread = self.read(seen)
            bounds = (*map(str, BOUNDS_SECONDS), "+Inf")
            buckets = list(zip(bounds, accumulate(spread.counts), strict=True))
            found.add_metric((), buckets, spread.sum_seconds)
        return found


Metrics = Sequence[Metric[Seen] | Histogram[Seen]]


class Collection(Collector, Generic[Seen]):
    """Metrics over the same thing, which is looked at once for all of them at every scrape."""

    def __init__(self, metrics: Metrics[Seen], look: Callable[[], AbstractContextManager[Seen]]) -> None:
        self._metrics = metrics
        self._look = look

    def describe(self) -> Iterator[Family]:
        """The metrics without their samples: nothing is looked at to register them."""
        return (each.family(None) for each in self._metrics)

    def collect(self) -> Iterator[Family]:
        """The metrics as they are now; raises what looking raises."""
        with self._look() as seen:
            yield from [each.family(seen) for each in self._metrics]


def _waiting(vitals: Vitals) -> Iterator[Sample]:
    away = vitals.away
    for service in SERVICES:
        yield (service,), float(away is not None and away.service == service)


LIFE: Metrics[Vitals] = (
    Metric(
        "casefeed_ready",
        "1 once the process does what it is there for, 0 while something is awaited: what /readyz answers.",
        lambda vitals: [((), float(vitals.ready().yes))],
    ),
    Metric("casefeed_waiting", "1 while this service is away and waited for.", _waiting, ("service",)),
    Metric(
        "casefeed_progress_timestamp_seconds",
        "When something moved last, or there was nothing to do.",
        lambda vitals: [((), vitals.moved_at_ms / 1000)],
    ),
)
"""What every process that runs until it is stopped says of itself."""


def registry_of(vitals: Vitals, *collections: Collector) -> CollectorRegistry:
    """A registry with these collections and what the process says of itself."""
    registry = CollectorRegistry()
    for each in (Collection(LIFE, lambda: nullcontext(vitals)), *collections):
        registry.register(each)
    return registry
