"""Sorting more records than fit into memory: one file a month and writer, sorted when it is read back.

So archives over all children come out in recorded order in memory that does not grow with the scale, whoever
wrote the records and in whatever order.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from synthetic_world.days import DAY

_BUCKET = 28 * DAY
_LENGTH = struct.Struct(">I")
_KEY = struct.Struct(">Q36s")  # when it goes out, event id: records sort as bytes


class RunWriter:
    """Writes records, added in any order, into files (runs) of its own process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._buffers: dict[int, list[bytes]] = {}

    def add(self, at: int, event_id: str, record: bytes) -> None:
        """Keep one record, which has its place at `at` (ms UTC); it is on disk after `flush`."""
        key = _KEY.pack(at, event_id.encode())
        buffer = self._buffers.setdefault(at // _BUCKET, [])
        buffer += (_LENGTH.pack(len(key) + len(record)), key, record)

    def flush(self) -> None:
        """Write what is buffered to disk."""
        for bucket, buffer in self._buffers.items():
            with (self._folder / f"{bucket}.{os.getpid()}").open("ab") as out:
                out.write(b"".join(buffer))
        self._buffers.clear()


def read_sorted(folder: Path) -> Iterator[bytes]:
    """All records that were flushed into `folder`, by (time, event id); none where nothing was."""
    if not folder.exists():
        return
    months: dict[int, list[Path]] = {}
    for path in folder.iterdir():
        months.setdefault(int(path.stem), []).append(path)
    for month in sorted(months):
        records: list[bytes] = []
        for path in months[month]:
            records += _records(path.read_bytes())
        records.sort()
        for record in records:
            yield record[_KEY.size :]


def _records(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        (length,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        yield raw[at : at + length]
        at += length
