"""The spool gives back every record in recorded order, whoever wrote it and in whatever order."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic_world.days import DAY
from synthetic_world.external_sort import RunWriter, read_sorted

RECORDS = st.lists(
    st.tuples(st.integers(0, 400 * DAY), st.uuids().map(str), st.binary(max_size=40), st.integers(1, 3)),
    max_size=40,
    unique_by=lambda record: record[1],
)


@settings(max_examples=50, deadline=None)
@given(RECORDS)
def test_records_come_back_by_time_and_then_by_id(records: list[tuple[int, str, bytes, int]]) -> None:
    """Over months and writers, each record once, its bytes untouched."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for writer in (1, 2, 3):
            patch.setattr(os, "getpid", lambda writer=writer: writer)
            spool = RunWriter(Path(folder))
            for recorded_at, event_id, record, wrote in records:
                if wrote == writer:
                    spool.add(recorded_at, event_id, record)
            spool.flush()
        assert list(read_sorted(Path(folder))) == [record for _, _, record, _ in sorted(records)]


def test_what_was_flushed_is_added_to(tmp_path: Path) -> None:
    """A writer that flushes twice loses nothing of the first time."""
    spool = RunWriter(tmp_path)
    for at in (5, 3):
        spool.add(at, f"{at:036}", bytes([at]))
        spool.flush()
    assert list(read_sorted(tmp_path)) == [b"\x03", b"\x05"]
