"""An archive taken in by a desk, so that what it records next goes on with the archive's numbers.

One pass reads the beginning of each event's header into a table of this connection's own, so that memory stays flat
and the desk is free meanwhile; what can be looked up beforehand is looked up; then one transaction keeps the last
number of each child and source.
"""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from fastavro import schemaless_reader

from casefeed.contract import archive
from casefeed.contract.archive import ArchiveError
from casefeed.contract.avro_errors import AVRO_ERRORS
from casefeed.contract.catalogue import EventType, Schema, load_catalogue
from casefeed.contract.validation import fields_with_property
from casefeed.publish.desk import SQL, Desk
from casefeed.runtime.errors import CheckFailed

INSERT_ROWS = 10_000


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
    """An archive that was taken in: its events of this agency by source. `already_imported`: it was known already."""

    events: dict[str, int] = field(default_factory=dict)
    adopted_sources: tuple[str, ...] = ()
    already_imported: bool = False


def read_header_prefix(kind: EventType, datum: bytes) -> HeaderPrefix | None:
    """Which event of which child a datum is, from its first bytes alone; None where they do not say."""
    try:
        head = cast(dict[str, Any], schemaless_reader(io.BytesIO(datum), _prefix_schema(kind), None))["header"]
    except AVRO_ERRORS:
        return None
    if head["sequence"] < 1 or not all(matches(head[name]) for name, matches in _id_patterns(kind)):
        return None
    event_id = bytes.fromhex(head["event_id"].replace("-", ""))
    return HeaderPrefix(event_id, head["child_key"], head["source"], head["agency"], head["sequence"])


@cache
def _prefix_schema(kind: EventType) -> Schema:
    """The type's schema (raw form) cut off after `header.sequence`: up to there it says which number of which child
    under which source an event holds."""
    header = kind.raw_schema["fields"][0]
    names = [each["name"] for each in header["type"]["fields"]]
    prefix = header["type"]["fields"][: names.index("sequence") + 1]
    return {**kind.raw_schema, "fields": [{**header, "type": {**header["type"], "fields": prefix}}]}


@cache
def _id_patterns(kind: EventType) -> tuple[tuple[str, Callable[[str], object]], ...]:
    """What an id, a child key and a source look like."""
    patterns = fields_with_property(kind, "pattern")
    return tuple(
        (name, re.compile(patterns["header", name]).fullmatch) for name in ("event_id", "child_key", "source")
    )


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
    and `adopt_source` allows it: it is this desk's past. Raises CheckFailed where the archive is not whole, or gives
    a number to another event than this desk does; StoreError where the file cannot be written. Then nothing was taken
    in.
    """
    with desk.reading() as db:
        if db.execute(SQL["batch_by_digest"], (sha256,)).fetchone() is not None:
            return ImportedArchive(already_imported=True)
        _drop_temp_tables(db)
        db.execute(SQL["create_archive_events"])
        db.execute(SQL["create_last_archive_events"])
        try:
            sources = _load_events(desk, db, path, report)
            db.execute(SQL["fill_last_archive_events"])
            # A child's numbers may move on until the lock is had: what is written meanwhile is looked at under it.
            last_rows = db.execute(SQL["last_rows"]).fetchone()
            for source in sources:
                _check_sequences(desk, db, path, source, since=(0, 0))
            with desk.transaction():
                return _store_archive(desk, db, path, sha256, sources, adopt_source, last_rows)
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            _drop_temp_tables(db)


def _drop_temp_tables(db: sqlite3.Connection) -> None:
    db.execute(SQL["drop_archive_events"])
    db.execute(SQL["drop_last_archive_events"])


@dataclass(frozen=True, slots=True)
class _ArchiveSource:
    """What an archive holds of one source; `temp_id` is the source's in the table `archive_events`."""

    name: str
    agency: str
    temp_id: int
    events: int
    children: int


def _load_events(
    desk: Desk, db: sqlite3.Connection, path: Path, report: Callable[[int, int], None]
) -> list[_ArchiveSource]:
    """Fill the table `archive_events`; what it holds of each source."""
    sources: dict[tuple[str, str], int] = {}
    events = 0
    with path.open("rb") as file:
        rows = _event_rows(desk, file, path, sources)
        db.execute("BEGIN")
        while batch := list(islice(rows, INSERT_ROWS)):
            # In the order of the table, which is several times faster than as they come.
            db.executemany(SQL["insert_archive_event"], sorted(batch))
            events += len(batch)
            report(events, file.tell())
        db.execute("COMMIT")
    return [
        _ArchiveSource(name, agency, temp_id, *db.execute(SQL["archive_event_counts"], (temp_id,)).fetchone())
        for (name, agency), temp_id in sources.items()
    ]


def _event_rows(
    desk: Desk, file: BinaryIO, path: Path, sources: dict[tuple[str, str], int]
) -> Iterator[tuple[int, str, int, bytes]]:
    catalogue = load_catalogue()
    try:
        for envelope in archive.read_archive(file, str(path)):
            kind = catalogue.by_fingerprint(envelope.fingerprint)
            prefix = read_header_prefix(kind, envelope.datum) if kind else None
            # What cannot be read, or is another agency's, ends the replay when its turn comes; it has no number here.
            if prefix is not None and prefix.agency in desk.publisher.recorded_by:
                temp_id = sources.setdefault((prefix.source, prefix.agency), len(sources))
                yield temp_id, prefix.child_key, prefix.sequence, prefix.event_id
    except ArchiveError as error:
        raise CheckFailed(f"{error}; nothing was taken in and nothing sent.") from error


def _store_archive(
    desk: Desk,
    db: sqlite3.Connection,
    path: Path,
    sha256: bytes,
    sources: list[_ArchiveSource],
    adopt_source: bool,
    last_rows: Sequence[int],
) -> ImportedArchive:
    if db.execute(SQL["batch_by_digest"], (sha256,)).fetchone() is not None:
        return ImportedArchive(already_imported=True)
    for source in sources:
        _check_sequences(desk, db, path, source, since=last_rows)
    batch = db.execute(SQL["insert_batch"], (sha256,)).lastrowid
    adopted: list[str] = []
    for source in sources:
        is_only_source = sum(each.agency == source.agency for each in sources) == 1
        active = db.execute(SQL["active_source"], (source.agency,)).fetchone()
        is_new = db.execute(SQL["source_row"], (source.name,)).fetchone() is None
        adopt = adopt_source and is_only_source and is_new and active is None
        db.execute(SQL["insert_source"], (source.name, source.agency, "adopted" if adopt else "archived"))
        row = db.execute(SQL["source_row"], (source.name,)).fetchone()[0]
        db.execute(SQL["upsert_last_sequences"], (source.temp_id, row))
        db.execute(SQL["insert_batch_source"], (batch, row, source.events, source.children))
        adopted += [source.name] if adopt else []
    return ImportedArchive({source.name: source.events for source in sources}, tuple(adopted))


def _check_sequences(
    desk: Desk, db: sqlite3.Connection, path: Path, source: _ArchiveSource, since: Sequence[int]
) -> None:
    """Raises CheckFailed where what the desk knows since then gives a number of the archive to another event."""
    row = db.execute(SQL["source_row"], (source.name,)).fetchone()
    conflict = row and db.execute(SQL["conflicting_sequence"], (source.temp_id, row[0], *since)).fetchone()
    if conflict:
        raise CheckFailed(
            f"{path} gives number {conflict[1]} of child {conflict[0]} under {source.name} to another event than "
            f"{desk.path} knows: two stores number under one source. Nothing was taken in and nothing sent; "
            "send the archive from the desk it is of, or with --no-take-in as a mere copy."
        )
