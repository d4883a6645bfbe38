"""What a desk tells of itself: to who asks, and to who scrapes its relay. None of it needs a broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from casefeed.cli import app
from casefeed.kafka.reachability import LATE_AFTER_MS
from casefeed.publish.metrics import METRICS, collection
from casefeed.publish.status import told
from casefeed.runtime.errors import BrokerUnavailable
from casefeed.runtime.metrics import LABELS
from casefeed.store import StoreFault
from tests.desk_helpers import orr_desk, record, story
from tests.events import SECRETS
from tests.feedkit import child_key

SINCE = 1_700_000_000_000


def test_what_waits_for_long_needs_a_person() -> None:
    """Past the deadline there is a sentence with what to look at, and none before; what is away is named."""
    found = {"waiting": 3, "waiting_since": SINCE}
    away = [BrokerUnavailable("No broker.")]
    early = told(found, away, SINCE + LATE_AFTER_MS, "orr")
    assert (early["waiting_seconds"], early["needs_a_person"]) == (LATE_AFTER_MS / 1000, [])
    assert early["away"] == {"broker": "No broker."}
    late = told(found, away, SINCE + LATE_AFTER_MS + 60_000, "orr")
    assert late["needs_a_person"] == [
        "3 events wait at this desk, the oldest for 16 minutes; see that `casefeed orr relay` runs, and what it says."
    ]
    (alone,) = told({**found, "waiting": 1}, [], SINCE + LATE_AFTER_MS + 60_000, "orr")["needs_a_person"]
    assert alone.startswith("1 event waits at this desk, the oldest for 16 minutes; ")
    assert told({"waiting": 0, "waiting_since": None}, [], SINCE, "orr")["waiting_seconds"] is None


def test_status_ends_with_1_when_events_wait_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every form; what it waits for is said where something waits, and nobody is asked where nothing does."""
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path))
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", "http://127.0.0.1:1")

    def status(form: str) -> tuple[int, str, str]:
        words = ["orr", "status", "--format", form]
        code = app.run(lambda: app.casefeed.main(words, prog_name="casefeed", standalone_mode=False))
        return code, *capsys.readouterr()

    with orr_desk(tmp_path) as desk:
        record(desk, *story(2, 1))
        code, out, _ = status("table")
        assert code == 0
        assert "What waits has waited for 0 minutes" in out
        assert "Away: The Kafka broker at 127.0.0.1:1 does not answer" in out
        desk.db.execute("UPDATE outbox SET since = since - ?", (2 * LATE_AFTER_MS,))
        for form in ("table", "json", "csv"):
            code, out, errors = status(form)
            assert code == 1
            assert errors.startswith("2 events wait at this desk, the oldest for 30 minutes")
            assert form != "json" or json.loads(out)["away"].keys() == {"broker", "registry"}
        desk.db.execute("UPDATE outbox SET sent_at = since, partition = 0")
        code, out, errors = status("json")
        assert (code, json.loads(out)["away"], errors) == (0, {}, "")


def test_a_relays_metrics_are_its_desks_account(tmp_path: Path) -> None:
    """By source: waiting and since when, sent, acknowledged last; what there is not has no sample."""
    with orr_desk(tmp_path) as desk:
        made = record(desk, *story(3, 1))
        source = made[0].source
        (since,) = desk.db.execute("SELECT min(since) FROM outbox").fetchone()
        desk.db.execute("UPDATE outbox SET since = ?", (since,))
        assert scraped(desk.path) == {
            ("casefeed_outbox_waiting_events", source): 3,
            ("casefeed_outbox_waiting_since_timestamp_seconds", source): since / 1000,
            ("casefeed_outbox_sent_events_total", source): 0,
        }
        desk.db.execute("UPDATE outbox SET sent_at = since + 7000, partition = 0")
        assert scraped(desk.path) == {
            ("casefeed_outbox_waiting_events", source): 0,
            ("casefeed_outbox_sent_events_total", source): 3,
            ("casefeed_outbox_acknowledged_timestamp_seconds", source): since / 1000 + 7,
        }
    assert all(set(each.labels) <= set(LABELS) for each in METRICS)


def scraped(path: Path) -> dict[tuple[str, ...], float]:
    """Every sample by name and source."""
    registry = CollectorRegistry()
    registry.register(collection(path))
    text = generate_latest(registry).decode()
    assert [each for each in (*SECRETS, child_key(1)) if each in text] == []
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_desk_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A scrape before the desk was made fails with a sentence."""
    with pytest.raises(StoreFault, match="cannot be opened"):
        scraped(tmp_path / "desk.db")
