"""What may leave an agency: every other record stops the archive with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from casefeed.contract import catalogue
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.kafka.records import OutgoingRecord
from casefeed.publish import Publisher
from casefeed.runtime.errors import CheckFailed
from tests.archives import envelope, stories, with_header, write
from tests.feedkit import PERSONAL

ORR = Publisher("ORR", ORR_TOPIC, frozenset({"ORR"}))
ICE = Publisher("ICE", ICE_TOPIC, frozenset({"ICE_ERO", "EOIR_ADAPTER"}))


def outgoing(publisher: Publisher, path: Path, *, skip: int = 0, as_is: bool = False) -> list[OutgoingRecord]:
    with path.open("rb") as source:
        return list(publisher.outgoing(source, path, skip=skip, as_is=as_is))


def test_a_datum_goes_out_as_the_bytes_it_was(tmp_path: Path) -> None:
    """The datum is untouched, under the schema that the archive names; key and headers are its own."""
    envelopes = stories(3)
    sent = outgoing(ORR, write(tmp_path / "a.avro", envelopes))
    assert [(each.event_type.fingerprint, each.datum) for each in sent] == [
        (each.fingerprint, each.datum) for each in envelopes
    ]
    assert [(each.key.decode(), each.headers) for each in sent] == [(e.key, e.headers) for e in envelopes]
    assert outgoing(ORR, tmp_path / "a.avro", skip=5) == sent[5:]


def not_synthetic(good: Envelope) -> Envelope:
    """The mark of synthetic data, a boolean, is the last byte of the header record."""
    kind = catalogue.load_catalogue().by_name("NtaIssued")
    other = envelope("NtaIssued", 9, 1, source="ice-test")
    marked = other.datum.index(b"narrow-1") + len(b"narrow-1")
    spoilt = other.datum[:marked] + b"\x00" + other.datum[marked + 1 :]
    return replace(other, fingerprint=kind.fingerprint, datum=spoilt)


BAD: dict[str, tuple[Callable[[Envelope], Envelope], str]] = {
    "cut": (lambda e: replace(e, datum=e.datum[:-3]), "does not decode under its schema"),
    "left over": (lambda e: replace(e, datum=e.datum + b"x"), "has 1 bytes left over"),
    "key": (lambda e: replace(e, key="b" * 16), "envelope key that is not the child key"),
    "header": (lambda e: with_header(e, "ce_id", b"x"), "headers that do not repeat its body"),
    "headers gone": (lambda e: replace(e, headers=()), "headers that do not repeat its body"),
    "schema": (lambda e: replace(e, fingerprint=bytes(32)), "is of no event type of this installation"),
    "size": (lambda e: replace(e, datum=bytes(2**20)), "1048576 bytes, more than a record may"),
    "agency": (
        lambda e: envelope("NtaIssued", 1, 1, source="ice-test", header={"agency": "ORR"}),
        "is ORR; ICE sends what EOIR_ADAPTER, ICE_ERO recorded",
    ),
    "topic": (lambda e: envelope("ChildLocated", 1, 1), "belongs on orr.case-events; ICE publishes on ice"),
    "not synthetic": (not_synthetic, "not marked synthetic"),
}


@pytest.mark.parametrize(("spoil", "said"), BAD.values(), ids=BAD)
def test_a_bad_record_stops_the_archive(tmp_path: Path, spoil: Callable[[Envelope], Envelope], said: str) -> None:
    """File, record number and rule are said, no value is; records before it had gone, none after it goes."""
    good = stories(3, ice=True)
    path = write(tmp_path / "a.avro", [*good[:2], spoil(good[2]), *good[3:]])
    gone: list[OutgoingRecord] = []
    with path.open("rb") as source, pytest.raises(CheckFailed) as caught:
        gone.extend(ICE.outgoing(source, path))
    assert len(gone) == 2
    assert f"{path}, record 3: " in caught.value.message
    assert said in caught.value.message
    assert not [value for value in (*PERSONAL, "SYN-N-1") if value in caught.value.message]


def test_another_agencys_archive_is_refused(tmp_path: Path) -> None:
    """ORR never publishes ICE's archive, nor ICE ORR's."""
    orr, ice = write(tmp_path / "o.avro", stories(1)), write(tmp_path / "i.avro", stories(1, ice=True))
    with pytest.raises(CheckFailed, match=r"record 1: .* belongs on ice.case-events; ORR publishes on orr"):
        outgoing(ORR, ice)
    with pytest.raises(CheckFailed, match=r"record 1: .* belongs on orr.case-events; ICE publishes on ice"):
        outgoing(ICE, orr)


def test_what_is_no_whole_archive_is_refused(tmp_path: Path) -> None:
    """Another file, an empty one and one cut short are said to be that, with how much could be read."""
    path = write(tmp_path / "a.avro", stories(400))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CheckFailed, match=r"not a whole casefeed archive .*; record \d+ could not be read"):
        outgoing(ORR, path)
    for content in (b"", b"Obj\x01", b"PK\x03\x04 not Avro at all"):
        path.write_bytes(content)
        with pytest.raises(CheckFailed, match="record 1 could not be read, 0 could"):
            outgoing(ORR, path)


def test_a_broken_sender_can_be_played(tmp_path: Path) -> None:
    """As it is, a record that breaks the contract goes out; one of another topic or not synthetic never does."""
    good = stories(1, ice=True)
    cut = replace(good[1], datum=good[1].datum[:-1])
    path = write(tmp_path / "a.avro", [good[0], cut])
    assert [each.datum for each in outgoing(ICE, path, as_is=True)] == [good[0].datum, cut.datum]
    unmarked = not_synthetic(good[0])
    both = replace(unmarked, datum=unmarked.datum + b"\x00")
    for never in (unmarked, both, envelope("ChildLocated", 1, 1)):
        with pytest.raises(CheckFailed, match="record 1"):
            outgoing(ICE, write(path, [never]), as_is=True)
