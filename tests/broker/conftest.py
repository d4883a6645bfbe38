"""Fixtures of tests on the real broker."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.runtime.settings import Settings, load
from casefeed_stack import Stack
from tests.feedkit import FeedEnv, fresh_topics, register_all
from tests.proxy import Proxy
from tests.stack_services import StackServices


@pytest.fixture(scope="session")
def schema_ids(stack: StackServices) -> dict[str, int]:
    """The registry's numbers of all packaged schemas."""
    return register_all(stack.registry_url)


@pytest.fixture
def feed_env(stack: StackServices, schema_ids: dict[str, int], tmp_path: Path) -> FeedEnv:
    """Empty topics, every schema registered, a ledger that does not exist yet."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    return FeedEnv(stack.bootstrap, stack.registry_url, tmp_path / "ice.db", schema_ids)


@pytest.fixture
def settings(feed_env: FeedEnv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of an installation of its own on the running stack, with empty topics."""
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "KAFKA_BOOTSTRAP": feed_env.bootstrap,
        "REGISTRY_URL": feed_env.registry_url,
        "TOPIC_PARTITIONS": str(feed_env.partitions),
    }.items():
        monkeypatch.setenv(f"CASEFEED_{name}", value)
    return load()


@pytest.fixture(scope="session")
def proxy() -> Iterator[Proxy]:
    """A proxy for whoever asks."""
    with Proxy() as made:
        yield made


@pytest.fixture(scope="session")
def node(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A node with the proxy before it; it also listens where no proxy is."""
    folder = tmp_path_factory.mktemp("node")
    with Stack(folder / "data", registry=False, proxies=[proxy.port]) as made:
        (proxy.target,) = made.proxied
        yield made


@pytest.fixture
def direct(node: Stack, stack: StackServices, schema_ids: dict[str, int], tmp_path: Path) -> FeedEnv:
    """Empty topics on the node, reached without the proxy."""
    fresh_topics(node.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    return FeedEnv(node.bootstrap, stack.registry_url, tmp_path / "ice.db", schema_ids)


@pytest.fixture
def proxied(direct: FeedEnv, proxy: Proxy) -> Iterator[FeedEnv]:
    """The same, and nothing of it is reached but through the proxy."""
    yield replace(direct, bootstrap=proxy.address)
    proxy.latency_s = 0
    proxy.heal()
    proxy.cut()
