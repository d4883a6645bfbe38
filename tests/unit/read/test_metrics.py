"""What a reader exports, from a store that was filled without a broker."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.outcomes import Parked
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.read.intake import ReaderProgress
from casefeed.read.metrics import METRICS, reader_metrics
from casefeed.read.queries import uncertain_counts
from casefeed.read.store import SqliteStore
from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.metrics import (
    BUCKETS_SECONDS,
    LABELS,
    PROCESS_METRICS,
    MetricDefinitions,
    MetricsCollector,
    metrics_registry,
)
from casefeed.store import StoreError
from tests.events import SECRETS, classified, raw, received
from tests.feedkit import START_MS, child_key
from tests.unit.read.helpers import PARTITIONS, RECEIVED_MS, moved, promise, take

Samples = dict[tuple[str, ...], float]


def scraped(path: Path, progress: ReaderProgress | None = None) -> Samples:
    """Every sample by name and values of its labels, ten seconds after the last record was received."""
    vitals = ProcessHealth("the intake", "has not begun")
    made = reader_metrics(path, lambda: progress or ReaderProgress(), lambda: RECEIVED_MS + 10_000)
    text = generate_latest(metrics_registry(vitals, made)).decode()
    assert [each for each in (*SECRETS, child_key(1)) if each in text] == []
    return {
        (sample.name, *(sample.labels[name] for name in (*LABELS, "le") if name in sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_tells_how_far_and_how_late_the_store_is(store: SqliteStore) -> None:
    """Positions, ends and lags by partition; ages by topic and clock; when the ends were seen."""
    record = received("ChildLocated", raw("ChildLocated", 1, 1, late=1), published_at=RECEIVED_MS - 5000)
    store.record_end_offsets(PARTITIONS)
    store.record_end_offsets({(ORR_TOPIC, 0): 4, (ICE_TOPIC, 0): 0})
    take(store, classified("ChildLocated", record), moves=moved(1, last=record))
    found = scraped(store.path)
    assert found["casefeed_position_offset", ORR_TOPIC, "0"] == 1
    assert found["casefeed_end_offset", ORR_TOPIC, "0"] == 4
    assert found["casefeed_lag_records", ORR_TOPIC, "0"] == 3
    assert found["casefeed_lag_records", ICE_TOPIC, "0"] == 0
    assert found["casefeed_lag_seconds", ORR_TOPIC, "0"] == 10
    assert found["casefeed_applied_age_seconds", ORR_TOPIC, "published"] == 15
    assert found["casefeed_applied_age_seconds", ORR_TOPIC, "received"] == 10
    day_s = 86_400
    occurred = (RECEIVED_MS + 10_000 - START_MS) / 1000
    assert found["casefeed_applied_age_seconds", ORR_TOPIC, "occurred"] == occurred
    assert found["casefeed_applied_age_seconds", ORR_TOPIC, "recorded"] == occurred - day_s
    assert ("casefeed_applied_age_seconds", ICE_TOPIC, "occurred") not in found
    assert found["casefeed_ends_seen_timestamp_seconds",] == RECEIVED_MS / 1000


def test_it_counts_outcomes_and_what_is_parked_by_the_closed_list_of_reasons(store: SqliteStore) -> None:
    """Each reason has its sample, at 0 from the start, so that a rate begins with the first record."""
    spoilt = received("ChildLocated", raw("ChildLocated", 1, 1))
    tally = take(store, (spoilt, Parked(ParkedReason.UNDECODABLE, "")))
    progress = ReaderProgress(tally, parked={"undecodable": 1})
    progress.batch_durations.observe(0.3)
    progress.batch_durations.observe(99)
    found = scraped(store.path, progress)
    for reason in ParkedReason:
        expected = float(reason is ParkedReason.UNDECODABLE)
        assert found["casefeed_records_total", "parked", reason.value] == expected
        assert found["casefeed_parked_records", reason.value] == expected
    for refused in RefusedReason:
        assert found["casefeed_records_total", "refused", refused.value] == 0
    assert found["casefeed_records_total", "applied", ""] == 0
    assert found["casefeed_batch_seconds_bucket", "0.25"] == 0
    assert found["casefeed_batch_seconds_bucket", "0.5"] == 1
    assert found["casefeed_batch_seconds_bucket", str(BUCKETS_SECONDS[-1])] == 1
    assert found["casefeed_batch_seconds_bucket", "+Inf"] == found["casefeed_batch_seconds_count",] == 2
    assert found["casefeed_batch_seconds_sum",] == 99.3


def test_it_counts_gaps_and_the_children_that_are_uncertain(store: SqliteStore) -> None:
    """Number 1 and 3 of a child without number 2: a gap, and a child, until it comes, as the reader last counted."""
    assert ("casefeed_gaps_open",) not in scraped(store.path)
    for number in (1, 3):
        record = received("ChildLocated", raw("ChildLocated", 1, number))
        take(store, classified("ChildLocated", record))
    found = scraped(store.path, ReaderProgress(uncertain=uncertain_counts(store.db)))
    assert (found["casefeed_gaps_open",], found["casefeed_children_uncertain",]) == (1, 1)
    take(store, classified("ChildLocated", received("ChildLocated", raw("ChildLocated", 1, 2))))
    found = scraped(store.path, ReaderProgress(uncertain=uncertain_counts(store.db)))
    assert (found["casefeed_gaps_open",], found["casefeed_children_uncertain",]) == (0, 0)


def test_it_tells_when_sources_were_heard_and_are_due(store: SqliteStore) -> None:
    """By the broker's clock; one that ended in good order is due at no time."""
    minute = 60_000
    for source, next_by in (("orr-desk-a", RECEIVED_MS + minute), ("orr-desk-b", None)):
        promise(store, source, next_by)
    found = scraped(store.path)
    heard, due = ("casefeed_source_heartbeat_timestamp_seconds", "casefeed_source_next_heartbeat_timestamp_seconds")
    assert found[heard, "orr-desk-a"] == found[heard, "orr-desk-b"] == (RECEIVED_MS + 5000) / 1000
    assert found[due, "orr-desk-a"] == (RECEIVED_MS + 5000 + minute) / 1000
    assert (due, "orr-desk-b") not in found


@pytest.mark.parametrize("metrics", [METRICS, PROCESS_METRICS])
def test_every_label_is_of_the_closed_list(metrics: MetricDefinitions[object]) -> None:
    """A metric's labels are few and known; every metric is ours by name and says what it is."""
    for each in metrics:
        assert set(each.labels) <= set(LABELS)
        assert each.name.startswith("casefeed_")
        assert each.help.endswith(".")
    families = MetricsCollector(metrics, lambda: nullcontext(object())).describe()
    assert [each.samples for each in families] == [[]] * len(metrics)


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Before the reader has made its store, and when the file is none."""
    with pytest.raises(StoreError, match="cannot be opened"):
        scraped(tmp_path / "none.db")
    (tmp_path / "other.db").write_bytes(b"no store")
    with pytest.raises(StoreError, match=r"cannot be (opened|read)"):
        scraped(tmp_path / "other.db")


def test_a_scrape_writes_nothing_and_waits_for_nobody(store: SqliteStore) -> None:
    """It reads what is committed while a batch is open."""
    with store.transaction() as db:
        db.execute("UPDATE position SET next_offset = 9")
        assert scraped(store.path)["casefeed_position_offset", ORR_TOPIC, "0"] == 0
    assert scraped(store.path)["casefeed_position_offset", ORR_TOPIC, "0"] == 9
