"""Fixtures of the long tests: `make soak` runs them for SOAK_MINUTES (15), `make test` leaves them out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed_stack import Stack
from tests.broker.conftest import direct, feed_env, node, proxied, proxy, schema_ids
from tests.crash.conftest import fork_server
from tests.feedkit import FeedEnv, fresh_topics, register_all

__all__ = ["LONG", "SECONDS", "direct", "feed_env", "fork_server", "node", "proxied", "proxy", "schema_ids"]

SECONDS = 60 * float(os.environ.get("SOAK_MINUTES", "15"))
# A round that was begun is finished, and what stands still for ten minutes is a fault.
LONG = pytest.mark.timeout(SECONDS + 600)


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of three nodes; a test that kills or stops one starts it again."""
    folder = tmp_path_factory.mktemp("three")
    with Stack(folder / "data", log_dir=folder / "logs", nodes=3) as running:
        yield running


@pytest.fixture
def cluster_bench(three: Stack, tmp_path: Path) -> FeedEnv:
    """Empty topics on three nodes, every schema registered, a ledger that does not exist yet."""
    fresh_topics(three.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    return FeedEnv(three.bootstrap, three.registry_url, tmp_path / "ice.db", register_all(three.registry_url))
