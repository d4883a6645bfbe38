"""A process that has a store open: it dies at a drawn moment of a statement, and another follows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from casefeed.store import StoreFile

StoreT = TypeVar("StoreT", bound=StoreFile)
ResultT = TypeVar("ResultT")
AFTER_COMMIT = -1
"""So many breaths has a process that dies when its work is kept, and nobody has heard of it."""


class ProcessDeath(BaseException):
    """The process is no more: nobody may catch this and go on."""


class DyingConnection:
    """Stands for a store's connection: every statement passes through it, before, after and between rows.

    Once dead it refuses all, a ROLLBACK too, as a process that is gone would not send one.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.calls_left: int | None = None
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        """As a connection's."""
        self._count_call()
        done = self._db.execute(sql, *given)
        if sql == "COMMIT":
            self.commits += 1
            if self.calls_left == AFTER_COMMIT:
                self.calls_left = 0
        self._count_call()
        return done

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        """As a connection's."""

        def passing() -> Iterator[Any]:
            for row in rows:
                yield row
                self._count_call()

        self._count_call()
        return self._db.executemany(sql, passing())

    def _count_call(self) -> None:
        if self.calls_left == 0:
            raise ProcessDeath
        if self.calls_left is not None and self.calls_left > 0:
            self.calls_left -= 1


class Process(Generic[StoreT]):
    """A store as a process has it."""

    def __init__(self, make: Callable[[], StoreT]) -> None:
        self._make = make
        self._start()

    def _start(self) -> None:
        self.store = self._make().open()
        # Processes die here, machines do not.
        self.store.db.execute("PRAGMA synchronous = OFF")
        self._connection = DyingConnection(self.store.db)
        self.store.db = cast(sqlite3.Connection, self._connection)

    def run(self, action: Callable[[StoreT], ResultT], calls_left: int | None = None) -> ResultT | None:
        """What `action` gives; None where the process died on the way, after so many calls, and was started again."""
        self._connection.calls_left, self._connection.commits = calls_left, 0
        try:
            done = action(self.store)
        except ProcessDeath:
            self.committed = self._connection.commits > 0
            self.store.close()
            self._start()
            return None
        self.committed = self._connection.commits > 0
        self._connection.calls_left = None
        return done

    def close(self) -> None:
        """In good order."""
        self.store.close()
