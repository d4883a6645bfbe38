"""A process that has a store open: it dies at a drawn moment of a statement, and another follows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from casefeed.store import StoreFile

S = TypeVar("S", bound=StoreFile)
T = TypeVar("T")
ONCE_COMMITTED = -1
"""So many breaths has a process that dies when its work is kept, and nobody has heard of it."""


class Death(BaseException):
    """The process is no more: nobody may catch this and go on."""


class Mortal:
    """Stands for a store's connection: every statement passes through it, before, after and between rows.

    Once dead it refuses all, a ROLLBACK too, as a process that is gone would not send one.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.breaths: int | None = None
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        """As a connection's."""
        self._breathe()
        done = self._db.execute(sql, *given)
        if sql == "COMMIT":
            self.commits += 1
            if self.breaths == ONCE_COMMITTED:
                self.breaths = 0
        self._breathe()
        return done

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        """As a connection's."""

        def passing() -> Iterator[Any]:
            for row in rows:
                yield row
                self._breathe()

        self._breathe()
        return self._db.executemany(sql, passing())

    def _breathe(self) -> None:
        if self.breaths == 0:
            raise Death
        if self.breaths is not None and self.breaths > 0:
            self.breaths -= 1


class Process(Generic[S]):
    """A store as a process has it."""

    def __init__(self, make: Callable[[], S]) -> None:
        self._make = make
        self._start()

    def _start(self) -> None:
        self.store = self._make().open()
        # Processes die here, machines do not.
        self.store.db.execute("PRAGMA synchronous = OFF")
        self._mortal = Mortal(self.store.db)
        self.store.db = cast(sqlite3.Connection, self._mortal)

    def does(self, act: Callable[[S], T], breaths: int | None = None) -> T | None:
        """What `act` gives; None where the process died on the way, after so many breaths, and was started again."""
        self._mortal.breaths, self._mortal.commits = breaths, 0
        try:
            done = act(self.store)
        except Death:
            self.committed = self._mortal.commits > 0
            self.store.close()
            self._start()
            return None
        self.committed = self._mortal.commits > 0
        self._mortal.breaths = None
        return done

    def end(self) -> None:
        """In good order."""
        self.store.close()
