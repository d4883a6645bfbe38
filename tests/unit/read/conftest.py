"""A store of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casefeed.read.store import SqliteStore
from tests.unit.read.helpers import PARTITIONS, RECEIVED_MS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An open store that reads one partition of each topic."""
    with SqliteStore(tmp_path / "reader.db", now=lambda: RECEIVED_MS) as made:
        made.begin("cluster-1", PARTITIONS)
        yield made
