"""What keeps a store from being used; each message says what is wrong, where, and what to do."""

from __future__ import annotations

from casefeed.runtime.errors import Unavailable


class StoreError(Unavailable):
    """The store cannot be opened, written or trusted. `code` is SQLite's name of the error, where it is one."""

    service = "store"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_locked(self) -> bool:
        """Whether another writes the file, and took longer than was waited for."""
        return self.code == "SQLITE_BUSY"

    @property
    def is_transient(self) -> bool:
        """Whether waiting may cure it: another writes the file, it is full, or may not be written now."""
        return (self.code or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_READONLY"))


class StoreLocked(StoreError):
    """Another process works on the same file."""
