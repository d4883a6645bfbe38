"""ICE's ledger: the reader's store with ICE's own tables beside it, in one SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from casefeed import store
from casefeed.read.store import BesideReader, Clock, SqliteStore
from casefeed.store import StoreFault, connect, statements

ROOM = "ice_caseload"
SQL = statements(ROOM, "ledger.sql")
GROUP = "ice-caseload"
"""The consumer group under which lag tools see ICE's intake."""


def path_of(ledger_url: str) -> Path:
    """The file that a ledger URL names; raises WrongUse for a URL of another form."""
    return store.path_of(ledger_url, "ledger")


def ledger(ledger_url: str, now: Clock) -> SqliteStore:
    """The ledger for writing; open it as a context."""
    return SqliteStore(path_of(ledger_url), now=now, rooms=(ROOM,))


def beside_intake(ledger_url: str, now: Clock) -> BesideReader:
    """The ledger for writing while an intake may be at work on it; open it as a context.

    Ask `open_read_only` first: only the intake brings a ledger up to date.
    """
    return BesideReader(path_of(ledger_url), now=now, rooms=(ROOM,))


def open_read_only(ledger_url: str) -> sqlite3.Connection:
    """The ledger for questions; raises StoreFault where there is none yet."""
    path = path_of(ledger_url)
    if not path.is_file():
        raise StoreFault(f"there is no ledger at {path}; `casefeed ice intake` makes and fills it")
    db = connect(path, read_only=True)
    try:
        if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'event'").fetchone()[0]:
            db.close()
            # ICE's desk lies in the ledger's file, and may have made it.
            raise StoreFault(
                f"there is no ledger in {path} yet; `casefeed ice intake` makes and fills it, or CASEFEED_LEDGER_URL "
                "names another"
            )
        db.execute("SELECT 1 FROM fact, child, bundle, decision LIMIT 1")
    except sqlite3.Error as error:
        db.close()
        raise StoreFault(
            f"{path} is not a ledger of this release ({type(error).__name__}); `casefeed ice intake` brings it up "
            "to date, or CASEFEED_LEDGER_URL names another"
        ) from error
    return db
