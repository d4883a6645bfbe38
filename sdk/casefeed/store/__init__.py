"""One SQLite file: opened, locked, migrated, its statements by name, its faults told in sentences.

Both the reader's store and a desk stand on it. It knows no table of theirs; it may import `casefeed.runtime.errors`
and nothing else of ours.
"""

from casefeed.store.errors import StoreError, StoreLocked
from casefeed.store.sqlite import BUSY_RETRIES, StoreFile, connect, read_only, sqlite_path
from casefeed.store.statements import execute_in_chunks, json_array, load_statements, migrate

__all__ = [
    "BUSY_RETRIES", "StoreError", "StoreFile", "StoreLocked", "connect", "execute_in_chunks", "json_array",
    "load_statements", "migrate", "read_only", "sqlite_path",
]  # fmt: skip
