"""Fixtures of tests on the real broker."""

from pathlib import Path

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.wire.settings import Settings, load
from tests.feedkit import Bench, fresh_topics, register_all
from tests.surroundings import Surroundings


@pytest.fixture(scope="session")
def schema_ids(stack: Surroundings) -> dict[str, int]:
    """The registry's numbers of all packaged schemas."""
    return register_all(stack.registry_url)


@pytest.fixture
def bench(stack: Surroundings, schema_ids: dict[str, int], tmp_path: Path) -> Bench:
    """Empty topics, every schema registered, a ledger that does not exist yet."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    return Bench(stack.bootstrap, stack.registry_url, tmp_path / "ice.db", schema_ids)


@pytest.fixture
def settings(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of an installation of its own on the running stack, with empty topics."""
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "KAFKA_BOOTSTRAP": bench.bootstrap,
        "REGISTRY_URL": bench.registry_url,
        "TOPIC_PARTITIONS": str(bench.partitions),
    }.items():
        monkeypatch.setenv(f"CASEFEED_{name}", value)
    return load()
