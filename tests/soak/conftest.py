"""Fixtures of tests that take their time."""

from tests.broker.conftest import bench, schema_ids

__all__ = ["bench", "schema_ids"]
