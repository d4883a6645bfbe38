"""Fixtures of tests that kill processes."""

from collections.abc import Iterator

import pytest

from tests.broker.conftest import feed_env, schema_ids
from tests.crash.fork_server import ForkServer

__all__ = ["feed_env", "schema_ids"]


@pytest.fixture(scope="module")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """The process whose children live and die."""
    with ForkServer(tmp_path_factory.mktemp("fork_server")) as ready:
        yield ready
