"""Records as they come out of Kafka and as they go in, and the partitions they lie on: values, without a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from casefeed.contract.catalogue import EventType
from casefeed.contract.framing import FRAME_HEADER_BYTES, MAX_VALUE_BYTES, Headers

Partition = tuple[str, int]
"""(topic, partition number)."""

# What brokers take by default (message.max.bytes, 1 MiB and a little) with the batch's own bytes taken off.
MAX_RECORD_BYTES = MAX_VALUE_BYTES - 1024


class ReceivedRecord(NamedTuple):
    """One record as the broker handed it out; `published_at` is the broker's append time (ms UTC)."""

    topic: str
    partition: int
    offset: int
    published_at: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """One record as it goes out; framed when it is packed, for a registry's numbers are not for ever."""

    key: bytes
    event_type: EventType
    datum: bytes
    headers: Headers
    event_id: str

    @property
    def size_bytes(self) -> int:
        """Bytes of key, value and headers."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.key) + FRAME_HEADER_BYTES + len(self.datum) + headers
