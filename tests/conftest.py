"""What every test may ask for: one real Kafka and registry for the whole run, started at the first call."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from casefeed_stack import Stack

# A property holds or it does not; how long an example takes on a busy machine says nothing about it.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A real Kafka node and registry; a test that stops or kills one of them must start it again."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(folder / "data", log_dir=folder / "logs") as running:
        yield running


@pytest.fixture(scope="session")
def kafka(stack: Stack) -> str:
    """The bootstrap address of the node."""
    return stack.bootstrap


@pytest.fixture(scope="session")
def registry_url(stack: Stack) -> str:
    """The base address of the registry, Confluent's interface."""
    return stack.registry_url
