"""An archive gives back what was put in, the same bytes for the same events, and says when it is not whole."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from fastavro import parse_schema, writer
from hypothesis import given, settings
from hypothesis import strategies as st

from casefeed.contract import archive
from casefeed.contract.archive import ArchiveError, Envelope

MARK = b"0123456789abcdef"
envelopes = st.builds(
    Envelope,
    key=st.text(max_size=20),
    headers=st.lists(st.tuples(st.text(max_size=10), st.binary(max_size=20)), max_size=4).map(tuple),
    fingerprint=st.binary(min_size=32, max_size=32),
    datum=st.binary(max_size=200),
)


def written(events: list[Envelope]) -> bytes:
    """The bytes of an archive."""
    out = io.BytesIO()
    archive.write_archive(out, events, sync_marker=MARK)
    return out.getvalue()


@settings(max_examples=50)
@given(st.lists(envelopes, max_size=20))
def test_what_goes_in_comes_out_in_order(events: list[Envelope]) -> None:
    """Key, headers, fingerprint and datum, byte for byte; and the same events give the same file."""
    assert list(archive.read_archive(io.BytesIO(written(events)))) == events
    assert written(events) == written(events)


def by_fastavro(events: list[Envelope]) -> bytes:
    """The archive as fastavro itself writes it."""
    rows = [
        {
            "key": each.key,
            "headers": [{"key": key, "value": value} for key, value in each.headers],
            "fingerprint": each.fingerprint,
            "datum": each.datum,
        }
        for each in events
    ]
    out = io.BytesIO()
    writer(out, archive.ENVELOPE, rows, codec="deflate", sync_interval=64_000, sync_marker=MARK)
    return out.getvalue()


@settings(max_examples=50)
@given(st.lists(envelopes, max_size=20), st.integers(1, 30))
def test_the_bytes_are_those_of_fastavro(events: list[Envelope], times: int) -> None:
    """An archive of several blocks, and each record in it, is what fastavro would have written."""
    large = [replace(each, datum=each.datum * 40 * times) for each in events]
    assert written(large) == by_fastavro(large)


def test_a_fingerprint_of_another_length_is_refused() -> None:
    """Fewer than 32 bytes would shift whatever comes after them."""
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        archive.pack_envelope(Envelope("k", (), bytes(31), b""))


SOME = [Envelope(f"k{n}", (("ce_id", b"x"),), bytes(32), b"datum" * 20) for n in range(50)]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_file_cut_inside_a_block_is_a_fault(share: float) -> None:
    """A cut file raises a sentence that names it and says what to do, after what was whole."""
    whole = written(SOME)
    with pytest.raises(ArchiveError, match=r"orr\.avro is not a whole casefeed archive"):
        list(archive.read_archive(io.BytesIO(whole[: int(len(whole) * share)]), "orr.avro"))


@settings(max_examples=200)
@given(st.integers(0, len(written(SOME)) - 1), st.integers(1, 255))
def test_a_spoiled_file_raises_nothing_but_its_own_fault(at: int, change: int) -> None:
    """One byte changed anywhere gives events or ArchiveError, never another error."""
    spoiled = bytearray(written(SOME))
    spoiled[at] ^= change
    try:
        list(archive.read_archive(io.BytesIO(bytes(spoiled))))
    except ArchiveError as fault:
        told = str(fault)
        assert told.startswith("the archive")


def test_another_avro_file_is_not_an_archive() -> None:
    """A container file of something else is told apart and says how to make one."""
    out = io.BytesIO()
    writer(out, parse_schema({"type": "record", "name": "X", "fields": []}), [{}])
    with pytest.raises(ArchiveError, match="casefeed world build"):
        list(archive.read_archive(io.BytesIO(out.getvalue())))
    out = io.BytesIO()
    writer(out, parse_schema({"type": "string"}), ["x"])
    with pytest.raises(ArchiveError):
        list(archive.read_archive(io.BytesIO(out.getvalue())))
