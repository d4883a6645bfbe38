"""A SQLite file that a process writes: private to its owner, one transaction at a time, alone where it says so."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, ClassVar, Self

from casefeed.runtime.errors import WrongUse
from casefeed.store.errors import StoreFault, StoreTaken
from casefeed.store.statements import migrate

# Shorter than the five seconds in which SIGTERM must end a process.
BUSY_SECONDS = 3.0
# How soon a file that another makes at this moment is looked at again.
MAKING_SECONDS = 0.05
# How often whoever must write waits for another that writes the file, BUSY_SECONDS each time: longer than a desk that
# takes in the archive of all children keeps it to itself, or a decision about tens of thousands of parked records.
WAITS_FOR_OTHERS = 5
# Larger pages and a wide cache are worth about a third of the write rate (benchmarks/).
PRAGMAS = (
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -65536",
    "PRAGMA wal_autocheckpoint = 5000",
    "PRAGMA foreign_keys = ON",
)


def path_of(url: str, what: str) -> Path:
    """The file that a URL names; `what` it is the URL of. Raises WrongUse for a URL of another form."""
    prefix, _, path = url.partition("sqlite:///")
    if prefix or not path:
        raise WrongUse(f"the {what} URL {url.partition(':')[0]}:… is not of the form sqlite:///FILE")
    return Path(path)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection to a store's file; raises StoreFault with what to do when it cannot be had."""
    db: sqlite3.Connection | None = None
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        mode = "ro" if read_only else "rwc"
        uri = f"file:{str(path).replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode={mode}"
        db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        db.row_factory = sqlite3.Row
        for pragma in PRAGMAS[3:] if read_only else PRAGMAS:
            _told(db, pragma)
    except (OSError, sqlite3.Error) as error:
        if db is not None:
            db.close()
        cause = (
            _name_of(error) if isinstance(error, sqlite3.Error) else error.strerror or type(error).__name__
        )
        raise StoreFault(
            f"the store {path} cannot be opened ({cause}); check that it is a store and that its folder exists "
            "and may be written and has room, or name another file"
        ) from error
    return db


def _make(path: Path) -> None:
    """An empty file for its owner only, where there is none: bodies hold personal parts.

    SQLite gives its side files the same mode. One that is there is not touched: to close it here would let go of the
    locks that this process holds on it, and the next to close it would take the write-ahead log away from under us.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _told(db: sqlite3.Connection, pragma: str) -> None:
    """Tell a connection how to be; who makes the file at the same moment is waited for, which SQLite does not."""
    for left in reversed(range(round(BUSY_SECONDS / MAKING_SECONDS))):
        try:
            db.execute(pragma)
        except sqlite3.OperationalError as error:
            if _name_of(error) != "SQLITE_BUSY" or not left:
                raise
            time.sleep(MAKING_SECONDS)
        else:
            return


@contextmanager
def looked_into(path: Path) -> Iterator[sqlite3.Connection]:
    """A store's file for questions that all see the same moment and wait for nobody; raises StoreFault."""
    db = connect(path, read_only=True)
    try:
        db.execute("BEGIN")
        yield db
    except sqlite3.Error as error:
        raise StoreFault(
            f"the store {path} cannot be read now ({_name_of(error)}); see that it is a store of this release"
        ) from error
    finally:
        db.close()


def _name_of(error: sqlite3.Error) -> str:
    """SQLite's name of an error, never its text: that may quote what was to be written."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names now; None where it names none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class StoreFile:
    """One file of a process. `rooms` are packages whose `migrations/` make its tables, in this order."""

    ALONE: ClassVar[bool] = False
    """Whether a second process on the same file is refused."""
    AFTER_A_FAULT: ClassVar[str] = "nothing of it was kept; free space or mend the file and try again"

    db: sqlite3.Connection

    def __init__(self, path: Path, rooms: Sequence[str]) -> None:
        self.path = path
        self.rooms = tuple(rooms)
        self._lock: IO[str] | None = None
        self._opened: tuple[int, int] | None = None

    def open(self) -> Self:
        """Take the file for this process and bring its tables up to date; raises StoreFault."""
        self.db = connect(self.path)
        try:
            self._opened = _identity(self.path)
            if self.ALONE:
                self._take_lock()
            for room in self.rooms:
                migrate(self.db, room)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise StoreFault(
                    f"the store {self.path} cannot be used ({_name_of(error)}): it may not be written, "
                    "its disk is full, or it is no whole store; mend that, or name another file"
                ) from error
            raise
        return self

    def _take_lock(self) -> None:
        path = self.path.with_name(self.path.name + ".lock")
        try:
            self._lock = path.open("w", encoding="utf-8")
        except OSError as error:
            raise StoreFault(
                f"{path} cannot be written ({type(error).__name__}); the store needs a folder it may write in"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreTaken(
                f"another process works on {self.path}; end it first, or give this one a file of its own"
            ) from error

    def close(self) -> None:
        """Let the file go."""
        self.db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock at once; any error leaves nothing of it.

        Raises StoreFault, also where another file or none has the path now.
        """
        self._still_there()
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._fault(error) from error
        try:
            yield self.db
            self.db.execute("COMMIT")
        except BaseException as error:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            self.forget()
            if isinstance(error, sqlite3.Error):
                raise self._fault(error) from error
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for a question that writes nothing; raises StoreFault where it has no answer."""
        self._still_there()
        try:
            yield self.db
        except sqlite3.Error as error:
            code = _name_of(error)
            raise StoreFault(
                f"the store {self.path} could not be read ({code}); try again, or mend the file", code
            ) from error

    def _still_there(self) -> None:
        """What is written to a file that was removed is gone with it, though SQLite would not say so."""
        if _identity(self.path) != self._opened:
            raise StoreFault(
                f"the store {self.path} was removed or replaced while it was open; nothing more is written to what "
                "was there, start this again"
            )

    def forget(self) -> None:
        """Called when a transaction was undone: drop what was remembered of rows that are gone now."""

    def _fault(self, error: sqlite3.Error) -> StoreFault:
        code = _name_of(error)
        return StoreFault(f"the store {self.path} could not be written ({code}); {self.AFTER_A_FAULT}", code)
