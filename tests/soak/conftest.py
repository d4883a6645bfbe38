"""Fixtures of the long tests: `make soak` runs them for SOAK_MINUTES (15), `make test` leaves them out."""

import os

import pytest

from tests.broker.conftest import bench, schema_ids
from tests.crash.conftest import zygote

__all__ = ["LONG", "SECONDS", "bench", "schema_ids", "zygote"]

SECONDS = 60 * float(os.environ.get("SOAK_MINUTES", "15"))
# A round that was begun is finished, and what stands still for ten minutes is a fault.
LONG = pytest.mark.timeout(SECONDS + 600)
