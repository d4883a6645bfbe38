"""An archive of events: an Avro object container file of envelopes, in the order of recording.

What is archived is the datum with its schema's fingerprint, never a registry's number: ids differ between
registries. The datum is taken as it is, so its hash stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from fastavro import parse_schema, reader, writer

from casefeed.contract.errors import NOT_AVRO
from casefeed.contract.framing import Headers

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
                "type": {"type": "fixed", "name": "Sha256", "size": 32},
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
        rows = reader(source)
        if cast(dict[str, object], rows.writer_schema).get("name") != "casefeed.archive.Envelope":
            raise ArchiveFault(
                f"{name} is an Avro file but not a casefeed archive; build one with `casefeed world build`"
            )
        for row in rows:
            fields = cast(dict[str, Any], row)
            yield Envelope(
                key=fields["key"],
                headers=tuple((each["key"], each["value"]) for each in fields["headers"]),
                fingerprint=fields["fingerprint"],
                datum=fields["datum"],
            )
    except ArchiveFault:
        raise
    except NOT_AVRO as error:
        raise ArchiveFault(
            f"{name} is not a whole casefeed archive ({type(error).__name__}); build or copy it again"
        ) from error
