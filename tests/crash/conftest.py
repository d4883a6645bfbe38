"""Fixtures of tests that kill processes."""

from tests.broker.conftest import bench, schema_ids

__all__ = ["bench", "schema_ids"]
