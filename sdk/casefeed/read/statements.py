"""The SQL statements of a reader's store, by name."""

from casefeed.store import load_statements

SQL = load_statements("casefeed.read", "store.sql")
