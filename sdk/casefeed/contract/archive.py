"""An archive of events: an Avro object container file of envelopes, in the order of recording.

What is archived is the datum with its schema's fingerprint, never a registry's number: ids differ between
registries. The datum is taken as it is, so its hash stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from fastavro import block_reader, parse_schema, writer

from casefeed.contract.compiled.primitives import Doubt, begin_and_end, items
from casefeed.contract.errors import NOT_AVRO
from casefeed.contract.framing import Headers

FINGERPRINT_BYTES = 32
ENVELOPE = parse_schema(
    {
        "type": "record",
        "name": "Envelope",
        "namespace": "casefeed.archive",
        "doc": "One record as it goes on Kafka, before framing.",
        "fields": [
            {"name": "key", "type": "string", "doc": "Kafka key: the child key."},
            {
                "name": "headers",
                "type": {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "Header",
                        "fields": [{"name": "key", "type": "string"}, {"name": "value", "type": "bytes"}],
                    },
                },
                "doc": "CloudEvents headers.",
            },
            {
                "name": "fingerprint",
                "type": {"type": "fixed", "name": "Sha256", "size": FINGERPRINT_BYTES},
                "doc": "Fingerprint of the schema the datum is written under.",
            },
            {"name": "datum", "type": "bytes", "doc": "The Avro datum."},
        ],
    }
)


class ArchiveFault(ValueError):
    """The file is not an archive, or ends early; the sentence says which and what to do."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record of an archive."""

    key: str
    headers: Headers
    fingerprint: bytes
    datum: bytes


def write(out: BinaryIO, envelopes: Iterable[Envelope], *, sync_marker: bytes) -> None:
    """Write an archive, deflated.

    `sync_marker` (16 bytes) is the caller's, so that the same events give the same bytes.
    """
    rows = (
        {
            "key": each.key,
            "headers": [{"key": key, "value": value} for key, value in each.headers],
            "fingerprint": each.fingerprint,
            "datum": each.datum,
        }
        for each in envelopes
    )
    writer(out, ENVELOPE, rows, codec="deflate", sync_interval=64_000, sync_marker=sync_marker)


def read(source: BinaryIO, name: str = "the archive") -> Iterator[Envelope]:
    """The envelopes of an archive in order; raises ArchiveFault when it is none or is cut inside a block.

    A file cut exactly between two blocks reads as a shorter one (Avro has no end mark): the gapless sequences
    of its events, or a count kept beside it, tell.
    """
    try:
        blocks = block_reader(source)
        if cast(dict[str, object], blocks.writer_schema).get("name") != "casefeed.archive.Envelope":
            raise ArchiveFault(
                f"{name} is an Avro file but not a casefeed archive; build one with `casefeed world build`"
            )
        for block in blocks:
            yield from _envelopes(cast(Any, block).bytes_.read(), block.num_records)
    except ArchiveFault:
        raise
    except NOT_AVRO as error:
        raise ArchiveFault(
            f"{name} is not a whole casefeed archive ({type(error).__name__}); build or copy it again"
        ) from error


def _envelopes(b: bytes, count: int) -> Iterator[Envelope]:
    """The envelopes of one block, read as the schema above says; several times faster than a general reader."""
    p = 0
    for _ in range(count):
        begin, p = begin_and_end(b, p)
        key = b[begin:p].decode()
        headers: list[tuple[str, bytes]] = []
        while b[p]:
            count_of_headers, p = items(b, p)
            for _ in range(count_of_headers):
                begin, end = begin_and_end(b, p)
                name = b[begin:end].decode()
                begin, p = begin_and_end(b, end)
                headers.append((name, b[begin:p]))
        fingerprint = b[p + 1 : p + 1 + FINGERPRINT_BYTES]
        begin, p = begin_and_end(b, p + 1 + FINGERPRINT_BYTES)
        if p > len(b):
            raise EOFError
        yield Envelope(key, tuple(headers), fingerprint, b[begin:p])
    if p != len(b):
        raise Doubt
