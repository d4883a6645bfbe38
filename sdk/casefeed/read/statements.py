"""The SQL statements of a reader's store, by name."""

from __future__ import annotations

import sqlite3
from typing import Any

from casefeed.store import load_statements

SQL = load_statements("casefeed.read", "store.sql")


def limited_rows(
    db: sqlite3.Connection, name: str, filters: tuple[Any, ...], limit: int | None
) -> tuple[list[sqlite3.Row], int]:
    """The first `limit` rows of a statement (None: all), and how many there are whatever the limit."""
    rows = db.execute(SQL[name], (*filters, -1 if limit is None else limit)).fetchall()
    return rows, int(rows[0]["passing"]) if rows else 0
