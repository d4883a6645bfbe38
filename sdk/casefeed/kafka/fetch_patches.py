"""How aiokafka takes records out of a fetch, where the client library stumbles or dawdles.

Stumbles: aiokafka decodes header names strictly while it unpacks a batch, so one record of a careless sender would
stop a partition for good. Here such a batch is unpacked again with what is no UTF-8 escaped (`surrogateescape`);
headers repeat what the body says and never add, so the record is judged as any other.

Dawdles: a record of its own kind costs more than unpacking it; readers of the feed get theirs at once. Consumers of
others in the same process are left as they are. Tests on a real broker hold both; look here with each new aiokafka.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

from casefeed.kafka.records import ReceivedRecord


def raw_value(value: bytes | None) -> bytes | None:
    """The deserializer that marks a consumer whose records are `ReceivedRecord`; the value stays as it is."""
    return value


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one fetch of a partition; those of a marked consumer are `ReceivedRecord`."""

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        if self._value_deserializer is not raw_value:
            return super()._consumer_record(tp, record)
        position = (tp.topic, tp.partition, record.offset, record.timestamp)
        return ReceivedRecord(*position, record.key, record.value, tuple(record.headers))


# Of a batch: base offset (8 bytes) and the length of what follows (4 bytes).
LENGTH_OFFSET, BODY_OFFSET = 8, 12


class _LenientBytes(bytearray):
    """Bytes whose slices decode whatever they hold."""

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        found = super().__getitem__(at)
        return _LenientBytes(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        return super().decode(encoding, errors)


class _LenientBatch:
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
            lenient = _DefaultRecordBatchPy(bytearray(self._raw))
            lenient._maybe_uncompress()
            lenient._buffer = _LenientBytes(lenient._buffer)
            return iter(list(lenient))


class LenientRecords:
    """The batches of one fetch of a partition, as aiokafka's own class hands them out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records: Any = MemoryRecords(data)
        self._offset = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> _LenientBatch:
        """The next whole batch."""
        batch = self._records.next_batch()
        body = int.from_bytes(self._data[self._offset + LENGTH_OFFSET : self._offset + BODY_OFFSET], "big")
        begin, self._offset = self._offset, self._offset + BODY_OFFSET + body
        return _LenientBatch(batch, bytes(self._data[begin : self._offset]))


def install() -> None:
    """From now on every consumer of this process reads such records, and marked ones read `ReceivedRecord`."""
    fetcher.MemoryRecords = LenientRecords
    fetcher.PartitionRecords = _PartitionRecords
