"""An agency's ledger: the reader's store and the tables of cases, figures and lists in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from casefeed.publish.agency import Agency
from casefeed.read.queries import snapshot
from casefeed.store import StoreError, connect, load_statements

PACKAGE = "casefeed.ledger"
SQL = load_statements(PACKAGE, "ledger.sql")
LedgerConnection = sqlite3.Connection
"""A connection to a ledger, as every question takes it."""


@contextmanager
def ledger_snapshot(path: Path, agency: Agency) -> Iterator[LedgerConnection]:
    """The agency's ledger, for questions that all see the same moment.

    Raises StoreError, which names the agency's commands, where there is no ledger yet or it is not whole.
    """
    db = open_read_only(path, agency)
    try:
        with closing(db), snapshot(db):
            yield db
    except sqlite3.Error as error:
        raise StoreError(
            f"the ledger cannot be read ({type(error).__name__}); `{agency.command} intake` says what is wrong with "
            "it"
        ) from error


def open_read_only(path: Path, agency: Agency) -> LedgerConnection:
    """The agency's ledger for questions; raises StoreError where there is none yet."""
    intake, variable = f"`{agency.command} intake`", agency.database_variable
    if not path.is_file():
        raise StoreError(f"there is no ledger at {path}; {intake} makes and fills it")
    db = connect(path, read_only=True)
    try:
        if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'event'").fetchone()[0]:
            db.close()
            # The agency's desk is in the same file, and may have made it.
            raise StoreError(
                f"there is no ledger in {path} yet; {intake} makes and fills it, or {variable} names another"
            )
        db.execute("SELECT 1 FROM fact, child, bundle, decision LIMIT 1")
    except sqlite3.Error as error:
        db.close()
        raise StoreError(
            f"{path} is not a ledger of this release ({type(error).__name__}); {intake} brings it up to date, or "
            f"{variable} names another"
        ) from error
    return db
