"""Archives for tests of publishing, made from the hand-made events of `feedkit`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from casefeed.contract import archive, catalogue, codec, framing
from casefeed.contract.archive import Envelope
from tests.feedkit import make_event

ORR_STORY = ("ChildTransferred", "SponsorPlacement", "RunawayFromCustody", "ChildLocated")
ICE_STORY = ("NtaIssued", "NtaServed")


def envelope(short: str, child: int, sequence: int, *, source: str = "orr-test", **over: Any) -> Envelope:
    """A well-formed envelope of an event of child number `child`."""
    kind = catalogue.load_catalogue().by_name(short)
    raw = make_event(short, child, sequence, source=source, days=sequence, **over)
    headers = framing.cloud_event_headers(kind, raw)
    return Envelope(raw["header"]["child_key"], headers, kind.fingerprint, codec.encode(kind, raw))


def stories(children: int, *, ice: bool = False) -> list[Envelope]:
    """The same few events of each of so many children, in the order of recording."""
    story, source = (ICE_STORY, "ice-test") if ice else (ORR_STORY, "orr-test")
    return [
        envelope(short, child, sequence, source=source)
        for sequence, short in enumerate(story, start=1)
        for child in range(children)
    ]


def write(path: Path, envelopes: Iterable[Envelope]) -> Path:
    """The archive of these envelopes at `path`."""
    with path.open("wb") as out:
        archive.write_archive(out, envelopes, sync_marker=b"casefeed-testing")
    return path


def with_header(each: Envelope, name: str, value: bytes) -> Envelope:
    """The envelope with one header's value replaced."""
    headers = tuple((key, value if key == name else kept) for key, kept in each.headers)
    return replace(each, headers=headers)
