"""Fixtures of tests that kill processes."""

from collections.abc import Iterator

import pytest

from tests.broker.conftest import bench, schema_ids
from tests.crash.fork_server import Zygote

__all__ = ["bench", "schema_ids"]


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The process whose children live and die."""
    with Zygote(tmp_path_factory.mktemp("zygote")) as ready:
        yield ready
