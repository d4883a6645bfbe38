"""An archive that a desk takes in: its numbers go on, once, under the right source, or it is refused whole."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract import catalogue
from casefeed.publish import import_archive as module
from casefeed.publish.desk import Desk
from casefeed.publish.import_archive import ImportedArchive, import_archive, read_header_prefix
from casefeed.runtime.errors import CheckFailed
from tests.archives import envelope, stories, write
from tests.desk_helpers import ICE, desk_input, orr_desk, record
from tests.feedkit import PERSONAL, child_key


def take(desk: Desk, path: Path, **options: Any) -> ImportedArchive:
    return import_archive(desk, path, hashlib.sha256(path.read_bytes()).digest(), **options)


def test_what_is_recorded_next_goes_on_with_the_archive(tmp_path: Path) -> None:
    """A desk without a source of its own adopts the archive's, and each child's numbers follow its last."""
    envelopes = [*stories(3), envelope("ChildLocated", 2, 5)]
    with orr_desk(tmp_path) as desk:
        taken = take(desk, write(tmp_path / "a.avro", envelopes))
        assert taken == ImportedArchive({"orr-test": 13}, ("orr-test",))
        one, two, new = record(desk, *(desk_input("ChildLocated", child) for child in (1, 2, 9)))
    assert [(each.source, each.sequence) for each in (one, two, new)] == [
        ("orr-test", 5),
        ("orr-test", 6),
        ("orr-test", 1),
    ]


def test_a_desk_with_a_source_of_its_own_keeps_it(tmp_path: Path) -> None:
    """Its numbers under its own source are not the archive's; the archive's are known all the same."""
    with orr_desk(tmp_path) as desk:
        (before,) = record(desk, desk_input("ChildLocated", 1))
        assert take(desk, write(tmp_path / "a.avro", stories(3))).adopted_sources == ()
        (after,) = record(desk, desk_input("ChildLocated", 1))
        kinds = dict(tuple(row) for row in desk.db.execute("SELECT name, kind FROM outbox_source").fetchall())
    assert (after.source, after.sequence) == (before.source, 2)
    assert kinds == {before.source: "minted", "orr-test": "archived"}


def test_each_agency_of_a_desk_adopts_its_own(tmp_path: Path) -> None:
    """ICE's archive holds ICE's facts and its court adapter's: each goes on under its own source."""
    envelopes = [
        *stories(2, ice=True),
        envelope("NtaIssued", 1, 1, source="court-test", header={"agency": "EOIR_ADAPTER"}),
    ]
    with Desk(tmp_path / "ice.db", ICE) as desk:
        assert take(desk, write(tmp_path / "a.avro", envelopes)).adopted_sources == ("ice-test", "court-test")
        (ero,) = record(desk, desk_input("NtaIssued", 1), agency="ICE_ERO")
        (court,) = record(desk, desk_input("NtaIssued", 1), agency="EOIR_ADAPTER")
        (counsel,) = record(desk, desk_input("NtaIssued", 1), agency="ICE_OPLA")
    assert [(each.source, each.sequence) for each in (ero, court)] == [("ice-test", 3), ("court-test", 2)]
    assert counsel.source.startswith("ice-opla-desk-")


def test_an_archive_of_several_stores_is_nobodys_past(tmp_path: Path) -> None:
    """Two sources of one agency: which to go on with would be a guess, so the desk numbers under its own."""
    envelopes = [envelope("ChildLocated", 1, 1), envelope("ChildLocated", 1, 1, source="orr-other")]
    with orr_desk(tmp_path) as desk:
        assert take(desk, write(tmp_path / "a.avro", envelopes)).adopted_sources == ()
        assert take(desk, write(tmp_path / "b.avro", envelopes[:1])).adopted_sources == ()
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 1


def test_what_was_sent_by_a_desk_unknown_is_not_adopted(tmp_path: Path) -> None:
    """An archive that went out before this desk knew it may have been gone on with by a desk that is lost."""
    path = write(tmp_path / "a.avro", stories(2))
    with orr_desk(tmp_path) as desk:
        assert take(desk, path, adopt_source=False).adopted_sources == ()
        assert record(desk, desk_input("ChildLocated", 1))[0].source.startswith("orr-desk-")


def test_an_archive_is_taken_in_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes again, under whatever name, are known and not read."""
    path = write(tmp_path / "a.avro", stories(2))
    with orr_desk(tmp_path) as desk:
        take(desk, path)
        record(desk, desk_input("ChildLocated", 1))
        monkeypatch.setattr("casefeed.publish.import_archive._load_events", lambda *_: pytest.fail("it was read"))
        assert take(desk, path.rename(tmp_path / "b.avro")).already_imported
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 6


def test_a_longer_archive_of_the_same_store_moves_the_numbers_on(tmp_path: Path) -> None:
    """The same events and more: each child goes on after the last of either, and a shorter one changes nothing."""
    longer = [*(every := stories(2)), envelope("ChildLocated", 1, 5), envelope("ChildLocated", 1, 6)]
    with orr_desk(tmp_path) as desk:
        take(desk, write(tmp_path / "a.avro", every))
        take(desk, write(tmp_path / "b.avro", longer))
        take(desk, write(tmp_path / "c.avro", every[:3]))
        assert [
            each.sequence for each in record(desk, desk_input("ChildLocated", 0), desk_input("ChildLocated", 1))
        ] == [5, 7]


@pytest.mark.parametrize("by", ["the desk", "an archive"])
def test_an_archive_that_contradicts_is_refused_whole(tmp_path: Path, by: str) -> None:
    """The same source, child and number with another id: nothing is taken in, and the sentence says what to do."""
    every = stories(2)
    other = [*every, envelope("ChildLocated", 1, 5), envelope("ChildLocated", 3, 1)]
    with orr_desk(tmp_path) as desk:
        take(desk, write(tmp_path / "a.avro", every))
        if by == "the desk":
            record(desk, desk_input("ChildLocated", 1))
        else:
            take(desk, write(tmp_path / "b.avro", [*every, envelope("ChildLocated", 1, 5)]))
        said = rf"number 5 of child {child_key(1)} under orr-test .*--no-take-in"
        with pytest.raises(CheckFailed, match=said) as no:
            take(desk, write(tmp_path / "c.avro", other))
        assert [each for each in PERSONAL if each in str(no.value)] == []
        assert record(desk, desk_input("ChildLocated", 3))[0].sequence == 1
        assert [each.sequence for each in record(desk, desk_input("ChildLocated", 1))] == [6]


@pytest.mark.parametrize("by", ["the desk", "an archive"])
def test_what_contradicts_in_the_last_moment_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Another process records, or takes in, after the look and before the lock: refused whole all the same."""
    every, fifth = stories(2), envelope("ChildLocated", 1, 5)
    other = write(tmp_path / "b.avro", [*every, envelope("ChildLocated", 1, 5)])
    look, looks = module._check_sequences, list[tuple[int, int]]()

    def and_then(desk: Desk, db: Any, path: Path, part: Any, since: tuple[int, int]) -> None:
        look(desk, db, path, part, since)
        looks.append(since)
        if len(looks) == 1:
            with orr_desk(tmp_path) as another:
                if by == "the desk":
                    record(another, desk_input("ChildLocated", 1))
                else:
                    take(another, other)

    with orr_desk(tmp_path) as desk:
        take(desk, write(tmp_path / "a.avro", every))
        monkeypatch.setattr(module, "_check_sequences", and_then)
        with pytest.raises(CheckFailed, match=rf"number 5 of child {child_key(1)} under orr-test"):
            take(desk, write(tmp_path / "c.avro", [*every, fifth]))
        assert desk.db.execute("SELECT count(*) FROM outbox_batch").fetchone()[0] == (1 if by == "the desk" else 2)


def test_a_file_that_is_no_whole_archive_is_refused(tmp_path: Path) -> None:
    """Cut inside a block: nothing is taken in, and the next archive is."""
    path = write(tmp_path / "a.avro", stories(50))
    cut = tmp_path / "cut.avro"
    cut.write_bytes(path.read_bytes()[:-40])
    with orr_desk(tmp_path) as desk:
        with pytest.raises(CheckFailed, match=r"not a whole casefeed archive.*nothing was taken in and nothing sent"):
            take(desk, cut)
        assert take(desk, path).events == {"orr-test": 200}


def test_what_has_no_number_is_left_to_the_replay(tmp_path: Path) -> None:
    """Bytes that do not decode, a schema nobody knows, another agency's facts: they take no number here."""
    good = envelope("ChildLocated", 1, 1)
    envelopes = [
        good,
        replace(good, datum=good.datum[:20]),
        replace(good, datum=bytes((good.datum[0] ^ 0x80,)) + good.datum[1:]),
        replace(good, fingerprint=bytes(32)),
        envelope("NtaIssued", 1, 2, source="ice-test"),
        replace(good, datum=good.datum.replace(b"orr-test", b"Orr test")),
    ]
    with orr_desk(tmp_path) as desk:
        assert take(desk, write(tmp_path / "a.avro", envelopes)).events == {"orr-test": 1}


def test_the_first_bytes_say_the_number() -> None:
    """Of an event of any type, and of half of one, child, source and number are read without the rest."""
    for each in stories(1) + stories(1, ice=True):
        kind = catalogue.load_catalogue().by_fingerprint(each.fingerprint)
        assert kind is not None
        for datum in (each.datum, each.datum[: len(each.datum) // 2 + 40]):
            found = read_header_prefix(kind, datum)
            assert found is not None
            assert (found.child_key, found.source) == (each.key, dict(each.headers)["ce_source"].decode())


def test_the_desk_is_free_while_the_archive_is_read(tmp_path: Path) -> None:
    """Another process records meanwhile: only the end is one short transaction."""
    heard: list[int] = []
    with orr_desk(tmp_path) as desk, orr_desk(tmp_path) as other:

        def report(events: int, read_bytes: int) -> None:
            heard.append(events)
            record(other, desk_input("ChildLocated", 7))

        take(desk, write(tmp_path / "a.avro", stories(3)), report=report)
        assert heard == [12]
        assert record(desk, desk_input("ChildLocated", 7))[0].sequence == 2


def test_a_pass_that_fails_leaves_the_desk_usable(tmp_path: Path) -> None:
    """An error in the middle, whatever it is, leaves no transaction open and no table behind."""

    def report(events: int, read_bytes: int) -> None:
        raise KeyboardInterrupt

    path = write(tmp_path / "a.avro", stories(3))
    with orr_desk(tmp_path) as desk:
        with pytest.raises(KeyboardInterrupt):
            take(desk, path, report=report)
        assert record(desk, desk_input("ChildLocated", 1))[0].sequence == 1
        with pytest.raises(sqlite3.OperationalError):
            desk.db.execute("SELECT * FROM taken")
        assert take(desk, path).events == {"orr-test": 12}


def test_a_batch_is_remembered_with_its_counts(tmp_path: Path) -> None:
    """Digest, time, and for each source how many events of how many children."""
    path = write(tmp_path / "a.avro", stories(3))
    with orr_desk(tmp_path) as desk:
        take(desk, path)
        (row,) = desk.db.execute(
            "SELECT hex(sha256), events, children FROM outbox_batch JOIN outbox_batch_source ON batch = id"
        ).fetchall()
    assert tuple(row) == (hashlib.sha256(path.read_bytes()).hexdigest().upper(), 12, 3)
