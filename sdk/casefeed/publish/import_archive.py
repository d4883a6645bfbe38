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
from casefeed.contract.archive import ArchiveFault
from casefeed.contract.catalogue import EventType, Schema, load
from casefeed.contract.errors import NOT_AVRO
from casefeed.contract.validation import properties
from casefeed.publish.desk import SQL, Desk
from casefeed.runtime.errors import AnswerIsNo

ROWS_AT_ONCE = 10_000
# The header's fields up to this one say which number of which child under which source an event holds.
LAST_FIELD_READ = "sequence"


@dataclass(frozen=True, slots=True)
class Numbered:
    """What an event's header begins with."""

    event_id: bytes
    child_key: str
    source: str
    agency: str
    sequence: int


@dataclass(frozen=True, slots=True)
class TakenIn:
    """An archive that was taken in: its events of this agency by source. `before`: it was known already."""

    events: dict[str, int] = field(default_factory=dict)
    adopted: tuple[str, ...] = ()
    before: bool = False


def numbered(kind: EventType, datum: bytes) -> Numbered | None:
    """Which event of which child a datum is, from its first bytes alone; None where they do not say."""
    try:
        head = cast(dict[str, Any], schemaless_reader(io.BytesIO(datum), _beginning(kind), None))["header"]
    except NOT_AVRO:
        return None
    if head["sequence"] < 1 or not all(form(head[name]) for name, form in _forms(kind)):
        return None
    event_id = bytes.fromhex(head["event_id"].replace("-", ""))
    return Numbered(event_id, head["child_key"], head["source"], head["agency"], head["sequence"])


@cache
def _beginning(kind: EventType) -> Schema:
    """The type's schema (raw form) cut off after `header.sequence`."""
    header = kind.raw["fields"][0]
    names = [each["name"] for each in header["type"]["fields"]]
    cut = header["type"]["fields"][: names.index(LAST_FIELD_READ) + 1]
    return {**kind.raw, "fields": [{**header, "type": {**header["type"], "fields": cut}}]}


@cache
def _forms(kind: EventType) -> tuple[tuple[str, Callable[[str], object]], ...]:
    """What an id, a child key and a source look like."""
    patterns = properties(kind, "pattern")
    return tuple(
        (name, re.compile(patterns["header", name]).fullmatch) for name in ("event_id", "child_key", "source")
    )


def known(desk: Desk, sha256: bytes) -> bool:
    """Whether the archive with this digest was taken in before."""
    with desk.reading() as db:
        return db.execute(SQL["batch"], (sha256,)).fetchone() is not None


def take_in(
    desk: Desk,
    path: Path,
    sha256: bytes,
    *,
    adopt: bool = True,
    report: Callable[[int, int], None] = lambda events, read_bytes: None,
) -> TakenIn:
    """Take in the archive at `path`, unless that was done; `report` hears events and bytes of the file read.

    A desk that numbers nothing yet for an agency adopts that agency's source in the archive where there is just one,
    and `adopt` allows it: it is this desk's past. Raises AnswerIsNo where the archive is not whole, or gives a number
    to another event than this desk does; StoreFault where the file cannot be written. Then nothing was taken in.
    """
    if known(desk, sha256):
        return TakenIn(before=True)
    with desk.reading() as db:
        _drop(db)
        db.execute(SQL["make_taken"])
        db.execute(SQL["make_last_taken"])
        try:
            parts = _counted(db, _read(desk, db, path, report))
            db.execute(SQL["take_last"])
            # A child's numbers may move on until the lock is had: what is written meanwhile is looked at under it.
            seen = _seen(db)
            for part in parts:
                _refuse_another_account(desk, db, path, part, since=(0, 0))
            with desk.transaction():
                return _keep(desk, db, path, sha256, parts, adopt, seen)
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            _drop(db)


def _drop(db: sqlite3.Connection) -> None:
    db.execute(SQL["drop_taken"])
    db.execute(SQL["drop_last_taken"])


def _seen(db: sqlite3.Connection) -> tuple[int, int]:
    """The last event of the desk and the last archive that it took in."""
    events, batches = db.execute(SQL["seen"]).fetchone()
    return events, batches


@dataclass(frozen=True, slots=True)
class _Part:
    """What an archive holds of one source; `number` is the source's in the table `taken`."""

    name: str
    agency: str
    number: int
    events: int
    children: int


def _counted(db: sqlite3.Connection, sources: dict[tuple[str, str], int]) -> list[_Part]:
    return [
        _Part(name, agency, number, *db.execute(SQL["taken_counts"], (number,)).fetchone())
        for (name, agency), number in sources.items()
    ]


def _read(
    desk: Desk, db: sqlite3.Connection, path: Path, report: Callable[[int, int], None]
) -> dict[tuple[str, str], int]:
    """Fill the table `taken`; by (source, agency) the number it has there."""
    sources: dict[tuple[str, str], int] = {}
    events = 0
    with path.open("rb") as opened:
        rows = _rows(desk, opened, path, sources)
        db.execute("BEGIN")
        while some := list(islice(rows, ROWS_AT_ONCE)):
            # In the order of the table, which is several times faster than as they come.
            db.executemany(SQL["take"], sorted(some))
            events += len(some)
            report(events, opened.tell())
        db.execute("COMMIT")
    return sources


def _rows(
    desk: Desk, opened: BinaryIO, path: Path, sources: dict[tuple[str, str], int]
) -> Iterator[tuple[int, str, int, bytes]]:
    kinds = load()
    try:
        for envelope in archive.read(opened, str(path)):
            kind = kinds.by_fingerprint(envelope.fingerprint)
            head = numbered(kind, envelope.datum) if kind else None
            # What cannot be read, or is another agency's, ends the replay when its turn comes; it has no number here.
            if head is not None and head.agency in desk.publisher.recorded_by:
                row = sources.setdefault((head.source, head.agency), len(sources))
                yield row, head.child_key, head.sequence, head.event_id
    except ArchiveFault as fault:
        raise AnswerIsNo(f"{fault}; nothing was taken in and nothing sent.") from fault


def _keep(
    desk: Desk,
    db: sqlite3.Connection,
    path: Path,
    sha256: bytes,
    parts: list[_Part],
    adopt: bool,
    seen: tuple[int, int],
) -> TakenIn:
    if db.execute(SQL["batch"], (sha256,)).fetchone():
        return TakenIn(before=True)
    for part in parts:
        _refuse_another_account(desk, db, path, part, since=seen)
    batch = db.execute(SQL["keep_batch"], (sha256,)).lastrowid
    adopted: list[str] = []
    for part in parts:
        alone = sum(each.agency == part.agency for each in parts) == 1
        in_use = db.execute(SQL["source_in_use"], (part.agency,)).fetchone()
        new = db.execute(SQL["source_row"], (part.name,)).fetchone() is None
        adopts = adopt and alone and new and in_use is None
        db.execute(SQL["keep_source"], (part.name, part.agency, "adopted" if adopts else "archived"))
        row = db.execute(SQL["source_row"], (part.name,)).fetchone()[0]
        db.execute(SQL["keep_past"], (part.number, row))
        db.execute(SQL["keep_batch_source"], (batch, row, part.events, part.children))
        adopted += [part.name] if adopts else []
    return TakenIn({part.name: part.events for part in parts}, tuple(adopted))


def _refuse_another_account(
    desk: Desk, db: sqlite3.Connection, path: Path, part: _Part, since: tuple[int, int]
) -> None:
    """Raises AnswerIsNo where what the desk knows since then gives a number of the archive to another event."""
    row = db.execute(SQL["source_row"], (part.name,)).fetchone()
    against = row and db.execute(SQL["contradicted"], (part.number, row[0], *since)).fetchone()
    if against:
        raise AnswerIsNo(
            f"{path} gives number {against[1]} of child {against[0]} under {part.name} to another event than "
            f"{desk.path} knows: two stores number under one source. Nothing was taken in and nothing sent; "
            "send the archive from the desk it is of, or with --no-take-in as a mere copy."
        )
