"""The benchmarks run on today's code: each part on a small world, so that its figures can be measured at any time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import latency, micro, page
from benchmarks.consume import consume, parts
from benchmarks.end_to_end import build, loop
from benchmarks.feed import Filled, registered
from benchmarks.publish import publish
from benchmarks.queries import questions
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.feedkit import fresh_topics
from tests.stack_services import Surroundings

SCALE, PARTITIONS = 700, 6


@pytest.fixture
def filled(stack: Surroundings, tmp_path: Path) -> Filled:
    """Empty topics on the running stack."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), PARTITIONS)
    return Filled(stack.bootstrap, stack.registry_url, tmp_path, registered(stack.registry_url))


def test_every_part_of_the_page_can_be_measured(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intake and both peers hold the truth's figures, both producers send all, and the page takes the figures."""
    monkeypatch.setattr(latency, "RATE", 200)
    monkeypatch.setattr(latency, "SECONDS", 2)
    monkeypatch.setattr(latency, "WARM_UP", 100)
    world, building = build(tmp_path, SCALE)
    ledger, looped = loop(filled, world)
    whole = {"build": building, **looped, "questions": questions(ledger)}
    found = {
        "100": whole, "10": whole, "1": whole, "consume": consume(filled, world, 1), "parts": parts(filled),
        "publish": publish(filled, world, 1), "latency": latency.latency(filled, world, PARTITIONS),
        "rooms": micro.measured(), "machine": {"day": "2026-01-01", "python": "3.11", "system": "any"},
    }  # fmt: skip
    assert found["consume"]["ours"]["events"] == looped["events"] > 1000
    assert found["parts"].keys() > {"in all", "fetch", "cases: in all"}
    assert min(found["parts"].values()) > 0
    assert page.text(found).count("| casefeed's intake |") == 1
