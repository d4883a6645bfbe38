"""Header names that are no UTF-8: a broker takes them, and the client library stumbles over the whole batch.

aiokafka decodes header names strictly while it unpacks a batch, so one record of a careless sender would stop a
partition for good. Here such a batch is unpacked again with what is no UTF-8 escaped (`surrogateescape`); headers
repeat what the body says and never add, so the record is judged as any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

# Of a batch: base offset (8 bytes) and the length of what follows (4 bytes).
LENGTH_AT, BODY_AT = 8, 12


class _Lenient(bytearray):
    """Bytes whose slices decode whatever they hold."""

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        found = super().__getitem__(at)
        return _Lenient(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        return super().decode(encoding, errors)


class _Batch:
    """A batch that is unpacked leniently where the library's own way fails."""

    def __init__(self, batch: Any, raw: bytes) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            again = _DefaultRecordBatchPy(bytearray(self._raw))
            again._maybe_uncompress()
            again._buffer = _Lenient(again._buffer)
            return iter(list(again))


class LenientRecords:
    """The batches of one fetch of a partition, as aiokafka's own class hands them out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records: Any = MemoryRecords(data)
        self._at = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> _Batch:
        """The next whole batch."""
        batch = self._records.next_batch()
        body = int.from_bytes(self._data[self._at + LENGTH_AT : self._at + BODY_AT], "big")
        begin, self._at = self._at, self._at + BODY_AT + body
        return _Batch(batch, bytes(self._data[begin : self._at]))


def install() -> None:
    """From now on every consumer of this process reads such records."""
    fetcher.MemoryRecords = LenientRecords
