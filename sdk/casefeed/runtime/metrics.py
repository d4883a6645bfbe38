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
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar, cast

from casefeed.runtime.errors import Unavailable
from casefeed.runtime.health import ProcessHealth

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric as MetricFamily
    from prometheus_client.registry import Collector

LABELS = ("topic", "partition", "source", "clock", "outcome", "reason", "service")
"""Every label that a metric may have."""
SERVICES = ("broker", "registry", "store")
BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_T = TypeVar("_T")
MetricSample = tuple[tuple[str, ...], float]
"""The values of a metric's labels, in their order, and its value."""


@dataclass(slots=True)
class Durations:
    """How often something took how long, by upper bounds in seconds; the last count is of what took longer."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_SECONDS) + 1))
    sum_seconds: float = 0.0

    def observe(self, seconds: float) -> None:
        """It took so long once more."""
        self.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self.sum_seconds += seconds


@dataclass(frozen=True, slots=True)
class Metric(Generic[_T]):
    """One metric; a counter's name ends in `_total`. `read` gives its samples."""

    name: str
    help: str
    read: Callable[[_T], Iterable[MetricSample]]
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"

    def family(self, snapshot: _T | None) -> MetricFamily:
        """As the client library writes it; without samples where nothing was seen."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        metric_family = make(self.name, self.help, labels=self.labels)
        for values, value in self.read(snapshot) if snapshot is not None else ():
            metric_family.add_metric(values, value)
        return metric_family


@dataclass(frozen=True, slots=True)
class Histogram(Generic[_T]):
    """One metric of how long something took."""

    name: str
    help: str
    read: Callable[[_T], Durations]
    labels: tuple[str, ...] = ()
    kind: Literal["histogram"] = "histogram"

    def family(self, snapshot: _T | None) -> MetricFamily:
        """As the client library writes it; without samples where nothing was seen."""
        from prometheus_client.core import HistogramMetricFamily

        metric_family = HistogramMetricFamily(self.name, self.help)
        if snapshot is not None:
            durations = self.read(snapshot)
            bounds = (*map(str, BUCKETS_SECONDS), "+Inf")
            buckets = list(zip(bounds, accumulate(durations.counts), strict=True))
            metric_family.add_metric((), buckets, durations.sum_seconds)
        return metric_family


MetricDefinitions = Sequence[Metric[_T] | Histogram[_T]]


class MetricSource(Protocol):
    """What a registry of the client library asks for metrics."""

    def describe(self) -> Iterator[MetricFamily]:
        """The metrics without their samples."""

    def collect(self) -> Iterator[MetricFamily]:
        """The metrics as they are now."""


@dataclass(frozen=True, slots=True)
class MetricsCollector(Generic[_T]):
    """Metrics over the same thing, which is looked at once for all of them at every scrape."""

    metrics: MetricDefinitions[_T]
    snapshot: Callable[[], AbstractContextManager[_T]]

    def describe(self) -> Iterator[MetricFamily]:
        """The metrics without their samples: nothing is looked at to register them."""
        return (each.family(None) for each in self.metrics)

    def collect(self) -> Iterator[MetricFamily]:
        """The metrics as they are now; raises what looking raises."""
        with self.snapshot() as snapshot:
            yield from [each.family(snapshot) for each in self.metrics]


def _waiting(health: ProcessHealth) -> Iterator[MetricSample]:
    unavailable = health.unavailable
    for service in SERVICES:
        yield (service,), float(unavailable is not None and unavailable.service == service)


PROCESS_METRICS: MetricDefinitions[ProcessHealth] = (
    Metric(
        "casefeed_ready",
        "1 once the process does what it is there for, 0 while something is awaited: what /readyz answers.",
        lambda health: [((), float(health.ready().ok))],
    ),
    Metric("casefeed_waiting", "1 while this service is away and waited for.", _waiting, ("service",)),
    Metric(
        "casefeed_progress_timestamp_seconds",
        "When something moved last, or there was nothing to do.",
        lambda health: [((), health.progressed_at_ms / 1000)],
    ),
)
"""What every process that runs until it is stopped says of itself."""


def metrics_registry(health: ProcessHealth, *sources: MetricSource) -> CollectorRegistry:
    """A registry with these metrics and what the process says of itself.

    Raises Unavailable where the extra [cli] is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry
    except ModuleNotFoundError as error:
        raise Unavailable(
            "/metrics needs prometheus-client, which comes with an extra: pip install 'casefeed[cli]', or leave out "
            "--listen."
        ) from error
    registry = CollectorRegistry()
    for each in (MetricsCollector(PROCESS_METRICS, lambda: nullcontext(health)), *sources):
        registry.register(cast("Collector", each))
    return registry
