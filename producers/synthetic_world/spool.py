"""Sorting more records than fit into memory: one file a month, each sorted when it is read back.

So archives over all children come out in recorded order in memory that does not grow with the scale.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from casefeed.contract.archive import Envelope
from synthetic_world.days import DAY

_BUCKET = 28 * DAY
_KEPT = 64  # records held back per bucket before they are written
_LENGTH = struct.Struct(">I")
# When recorded, event id, child key, fingerprint, length of the headers.
_FRONT = struct.Struct(">Q36s16s32sI")
_BETWEEN = b"\x1e"  # between headers, whose values are plain text


class Spool:
    """Envelopes added in any order and read back by (recorded_at, event id)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True)
        self._waiting: dict[int, list[bytes]] = {}
        self.count = 0

    def add(self, recorded_at: int, event_id: str, envelope: Envelope) -> None:
        """Keep one envelope."""
        bucket = recorded_at // _BUCKET
        waiting = self._waiting.setdefault(bucket, [])
        waiting.append(_pack(recorded_at, event_id, envelope))
        self.count += 1
        if len(waiting) >= _KEPT:
            self._flush(bucket)

    def _flush(self, bucket: int) -> None:
        with self._path(bucket).open("ab") as out:
            for record in self._waiting[bucket]:
                out.write(_LENGTH.pack(len(record)))
                out.write(record)
        self._waiting[bucket] = []

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{bucket}.records"

    def __iter__(self) -> Iterator[Envelope]:
        for bucket in sorted(self._waiting):
            self._flush(bucket)
            for record in sorted(_records(self._path(bucket).read_bytes())):
                yield _unpack(record)


def _records(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        (length,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        yield raw[at : at + length]
        at += length


def _pack(recorded_at: int, event_id: str, envelope: Envelope) -> bytes:
    """The sort key first (time, then id), so that records sort as bytes."""
    headers = _BETWEEN.join([part for key, value in envelope.headers for part in (key.encode(), value)])
    front = _FRONT.pack(
        recorded_at, event_id.encode(), envelope.key.encode(), envelope.fingerprint, len(headers)
    )
    return front + headers + envelope.datum


def _unpack(record: bytes) -> Envelope:
    *_, key, fingerprint, length = _FRONT.unpack_from(record)
    end = _FRONT.size + length
    headers = record[_FRONT.size : end].split(_BETWEEN)
    return Envelope(
        key=key.decode(),
        headers=tuple(zip(map(bytes.decode, headers[::2]), headers[1::2], strict=True)),
        fingerprint=fingerprint,
        datum=record[end:],
    )
