"""ICE's ledger: the reader's store with ICE's own tables beside it, in one SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from casefeed import store
from casefeed.read.store import MillisecondClock, SharedStore, SqliteStore
from casefeed.store import StoreError, connect, load_statements

PACKAGE = "casefeed.ledger"
SQL = load_statements(PACKAGE, "ledger.sql")


def ledger_path(ledger_url: str) -> Path:
    """The file that a ledger URL names; raises WrongUse for a URL of another form."""
    return store.sqlite_path(ledger_url, "ledger")


def open_ledger(ledger_url: str, now: MillisecondClock) -> SqliteStore:
    """The ledger for writing; open it as a context."""
    return SqliteStore(ledger_path(ledger_url), now=now, packages=(PACKAGE,))


def open_shared_ledger(ledger_url: str, now: MillisecondClock) -> SharedStore:
    """The ledger for writing while an intake may be at work on it; open it as a context.

    Ask `open_read_only` first: only the intake brings a ledger up to date.
    """
    return SharedStore(ledger_path(ledger_url), now=now, packages=(PACKAGE,))


def open_read_only(ledger_url: str) -> sqlite3.Connection:
    """The ledger for questions; raises StoreFault where there is none yet."""
    path = ledger_path(ledger_url)
    if not path.is_file():
        raise StoreError(f"there is no ledger at {path}; `casefeed ice intake` makes and fills it")
    db = connect(path, read_only=True)
    try:
        if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'event'").fetchone()[0]:
            db.close()
            # ICE's desk lies in the ledger's file, and may have made it.
            raise StoreError(
                f"there is no ledger in {path} yet; `casefeed ice intake` makes and fills it, or CASEFEED_LEDGER_URL "
                "names another"
            )
        db.execute("SELECT 1 FROM fact, child, bundle, decision LIMIT 1")
    except sqlite3.Error as error:
        db.close()
        raise StoreError(
            f"{path} is not a ledger of this release ({type(error).__name__}); `casefeed ice intake` brings it up "
            "to date, or CASEFEED_LEDGER_URL names another"
        ) from error
    return db
