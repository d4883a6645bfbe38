"""What keeps a store from being used; each message says what is wrong, where, and what to do."""

from __future__ import annotations

from casefeed.runtime.errors import Unavailable

PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_READONLY")


class StoreFault(Unavailable):
    """The store cannot be opened, written or trusted. `code` is SQLite's name of the error, where it is one."""

    service = "store"

    def __init__(self, sentence: str, code: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code

    @property
    def held_by_another(self) -> bool:
        """Whether another writes the file, and took longer than was waited for."""
        return self.code == "SQLITE_BUSY"

    @property
    def may_pass(self) -> bool:
        """Whether waiting may cure it: another writes the file, it is full, or may not be written now."""
        return (self.code or "").startswith(PASSING)


class StoreTaken(StoreFault):
    """Another process works on the same file."""
