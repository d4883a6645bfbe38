"""The benchmarks run on today's code: each part on a small world, so that its figures can be measured at any time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import latency, micro, page
from benchmarks.consume import consume, intake_parts
from benchmarks.end_to_end import build, run_loop
from benchmarks.feed import FilledStack, register_schemas
from benchmarks.publish import publish
from benchmarks.queries import query_times
from benchmarks.startup import startup
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.feedkit import fresh_topics
from tests.stack_services import StackServices

SCALE, PARTITIONS = 700, 6


@pytest.fixture
def filled(stack: StackServices, tmp_path: Path) -> FilledStack:
    """Empty topics on the running stack."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), PARTITIONS)
    return FilledStack(stack.bootstrap, stack.registry_url, tmp_path, register_schemas(stack.registry_url))


def test_every_part_of_the_page_can_be_measured(
    filled: FilledStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intake and both peers hold the truth's figures, both producers send all, and the page takes the figures."""
    monkeypatch.setattr(latency, "RATE", 200)
    monkeypatch.setattr(latency, "SECONDS", 2)
    monkeypatch.setattr(latency, "WARM_UP", 100)
    world, building = build(tmp_path, SCALE)
    ledger, looped = run_loop(filled, world)
    whole = {"build": building, **looped, "questions": query_times(ledger)}
    found = {
        "100": whole, "10": whole, "1": whole, "consume": consume(filled, world, 1), "parts": intake_parts(filled),
        "publish": publish(filled, world, 1), "latency": latency.latency(filled, world, PARTITIONS),
        "rooms": micro.measure(), "startup": startup(filled, ledger, 1),
        "machine": {"day": "2026-01-01", "python": "3.11", "system": "any"},
    }  # fmt: skip
    assert found["consume"]["ours"]["events"] == looped["events"] > 1000
    assert found["parts"].keys() > {"in all", "fetch", "cases: in all"}
    assert min(found["startup"].values()) > 0
    assert min(found["parts"].values()) > 0
    assert page.page_text(found).count("| casefeed's intake |") == 1
