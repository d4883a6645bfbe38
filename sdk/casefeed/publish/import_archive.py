"""An archive taken in by a desk, so that what it records next goes on with the archive's numbers.

One pass reads the beginning of each event's header into a table of this connection's own, so that memory stays flat
and the desk is free meanwhile; what can be looked up beforehand is looked up; then one transaction keeps the last
number of each child and source.
"""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from fastavro import schemaless_reader

from casefeed.contract import archive
from casefeed.contract.archive import ArchiveError
from casefeed.contract.catalogue import EventType, Schema, load_catalogue
from casefeed.contract.errors import AVRO_ERRORS
from casefeed.contract.validation import fields_with_property
from casefeed.publish.desk import SQL, Desk
from casefeed.runtime.errors import CheckFailed

INSERT_ROWS = 10_000
# The header's fields up to this one say which number of which child under which source an event holds.
LAST_FIELD_READ = "sequence"


@dataclass(frozen=True, slots=True)
class HeaderPrefix:
    """What an event's header begins with."""

    event_id: bytes
    child_key: str
    source: str
    agency: str
    sequence: int


@dataclass(frozen=True, slots=True)
class ImportedArchive:
    """An archive that was taken in: its events of this agency by source. `before`: it was known already."""

    events: dict[str, int] = field(default_factory=dict)
    adopted_sources: tuple[str, ...] = ()
    already_imported: bool = False


def read_header_prefix(kind: EventType, datum: bytes) -> HeaderPrefix | None:
    """Which event of which child a datum is, from its first bytes alone; None where they do not say."""
    try:
        head = cast(dict[str, Any], schemaless_reader(io.BytesIO(datum), _prefix_schema(kind), None))[
            "header"
        ]
    except AVRO_ERRORS:
        return None
    if head["sequence"] < 1 or not all(form(head[name]) for name, form in _id_patterns(kind)):
        return None
    event_id = bytes.fromhex(head["event_id"].replace("-", ""))
    return HeaderPrefix(event_id, head["child_key"], head["source"], head["agency"], head["sequence"])


@cache
def _prefix_schema(kind: EventType) -> Schema:
    """The type's schema (raw form) cut off after `header.sequence`."""
    header = kind.raw_schema["fields"][0]
    names = [each["name"] for each in header["type"]["fields"]]
    cut = header["type"]["fields"][: names.index(LAST_FIELD_READ) + 1]
    return {**kind.raw_schema, "fields": [{**header, "type": {**header["type"], "fields": cut}}]}


@cache
def _id_patterns(kind: EventType) -> tuple[tuple[str, Callable[[str], object]], ...]:
    """What an id, a child key and a source look like."""
    patterns = fields_with_property(kind, "pattern")
    return tuple(
        (name, re.compile(patterns["header", name]).fullmatch) for name in ("event_id", "child_key", "source")
    )


def is_imported(desk: Desk, sha256: bytes) -> bool:
    """Whether the archive with this digest was taken in before."""
    with desk.reading() as db:
        return db.execute(SQL["batch_by_digest"], (sha256,)).fetchone() is not None


def import_archive(
    desk: Desk,
    path: Path,
    sha256: bytes,
    *,
    adopt_source: bool = True,
    report: Callable[[int, int], None] = lambda events, read_bytes: None,
) -> ImportedArchive:
    """Take in the archive at `path`, unless that was done; `report` hears events and bytes of the file read.

    A desk that numbers nothing yet for an agency adopts that agency's source in the archive where there is just one,
    and `adopt` allows it: it is this desk's past. Raises AnswerIsNo where the archive is not whole, or gives a number
    to another event than this desk does; StoreFault where the file cannot be written. Then nothing was taken in.
    """
    if is_imported(desk, sha256):
        return ImportedArchive(already_imported=True)
    with desk.reading() as db:
        _drop_temp_tables(db)
        db.execute(SQL["create_archive_events"])
        db.execute(SQL["create_last_archive_events"])
        try:
            parts = _archive_sources(db, _load_events(desk, db, path, report))
            db.execute(SQL["fill_last_archive_events"])
            # A child's numbers may move on until the lock is had: what is written meanwhile is looked at under it.
            seen = _last_rows(db)
            for part in parts:
                _check_sequences(desk, db, path, part, since=(0, 0))
            with desk.transaction():
                return _store_archive(desk, db, path, sha256, parts, adopt_source, seen)
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            _drop_temp_tables(db)


def _drop_temp_tables(db: sqlite3.Connection) -> None:
    db.execute(SQL["drop_archive_events"])
    db.execute(SQL["drop_last_archive_events"])


def _last_rows(db: sqlite3.Connection) -> tuple[int, int]:
    """The last event of the desk and the last archive that it took in."""
    events, batches = db.execute(SQL["last_rows"]).fetchone()
    return events, batches


@dataclass(frozen=True, slots=True)
class _ArchiveSource:
    """What an archive holds of one source; `number` is the source's in the table `taken`."""

    name: str
    agency: str
    temp_id: int
    events: int
    children: int


def _archive_sources(db: sqlite3.Connection, sources: dict[tuple[str, str], int]) -> list[_ArchiveSource]:
    return [
        _ArchiveSource(name, agency, number, *db.execute(SQL["archive_event_counts"], (number,)).fetchone())
        for (name, agency), number in sources.items()
    ]


def _load_events(
    desk: Desk, db: sqlite3.Connection, path: Path, report: Callable[[int, int], None]
) -> dict[tuple[str, str], int]:
    """Fill the table `taken`; by (source, agency) the number it has there."""
    sources: dict[tuple[str, str], int] = {}
    events = 0
    with path.open("rb") as opened:
        rows = _event_rows(desk, opened, path, sources)
        db.execute("BEGIN")
        while some := list(islice(rows, INSERT_ROWS)):
            # In the order of the table, which is several times faster than as they come.
            db.executemany(SQL["insert_archive_event"], sorted(some))
            events += len(some)
            report(events, opened.tell())
        db.execute("COMMIT")
    return sources


def _event_rows(
    desk: Desk, opened: BinaryIO, path: Path, sources: dict[tuple[str, str], int]
) -> Iterator[tuple[int, str, int, bytes]]:
    kinds = load_catalogue()
    try:
        for envelope in archive.read_archive(opened, str(path)):
            kind = kinds.by_fingerprint(envelope.fingerprint)
            head = read_header_prefix(kind, envelope.datum) if kind else None
            # What cannot be read, or is another agency's, ends the replay when its turn comes; it has no number here.
            if head is not None and head.agency in desk.publisher.recorded_by:
                row = sources.setdefault((head.source, head.agency), len(sources))
                yield row, head.child_key, head.sequence, head.event_id
    except ArchiveError as fault:
        raise CheckFailed(f"{fault}; nothing was taken in and nothing sent.") from fault


def _store_archive(
    desk: Desk,
    db: sqlite3.Connection,
    path: Path,
    sha256: bytes,
    parts: list[_ArchiveSource],
    adopt_source: bool,
    seen: tuple[int, int],
) -> ImportedArchive:
    if db.execute(SQL["batch_by_digest"], (sha256,)).fetchone():
        return ImportedArchive(already_imported=True)
    for part in parts:
        _check_sequences(desk, db, path, part, since=seen)
    batch = db.execute(SQL["insert_batch"], (sha256,)).lastrowid
    adopted: list[str] = []
    for part in parts:
        alone = sum(each.agency == part.agency for each in parts) == 1
        in_use = db.execute(SQL["active_source"], (part.agency,)).fetchone()
        new = db.execute(SQL["source_row"], (part.name,)).fetchone() is None
        adopts = adopt_source and alone and new and in_use is None
        db.execute(SQL["insert_source"], (part.name, part.agency, "adopted" if adopts else "archived"))
        row = db.execute(SQL["source_row"], (part.name,)).fetchone()[0]
        db.execute(SQL["upsert_last_sequences"], (part.temp_id, row))
        db.execute(SQL["insert_batch_source"], (batch, row, part.events, part.children))
        adopted += [part.name] if adopts else []
    return ImportedArchive({part.name: part.events for part in parts}, tuple(adopted))


def _check_sequences(
    desk: Desk, db: sqlite3.Connection, path: Path, part: _ArchiveSource, since: tuple[int, int]
) -> None:
    """Raises AnswerIsNo where what the desk knows since then gives a number of the archive to another event."""
    row = db.execute(SQL["source_row"], (part.name,)).fetchone()
    against = row and db.execute(SQL["conflicting_sequence"], (part.temp_id, row[0], *since)).fetchone()
    if against:
        raise CheckFailed(
            f"{path} gives number {against[1]} of child {against[0]} under {part.name} to another event than "
            f"{desk.path} knows: two stores number under one source. Nothing was taken in and nothing sent; "
            "send the archive from the desk it is of, or with --no-take-in as a mere copy."
        )
