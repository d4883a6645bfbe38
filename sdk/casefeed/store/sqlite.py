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

from casefeed.runtime.errors import UsageError
from casefeed.store.errors import StoreError, StoreLocked
from casefeed.store.statements import migrate

# Shorter than the five seconds in which SIGTERM must end a process.
BUSY_TIMEOUT_SECONDS = 3.0
# How soon a file that another makes at this moment is looked at again.
CREATE_RETRY_SECONDS = 0.05
# How often whoever must write waits for another that writes the file, BUSY_TIMEOUT_SECONDS each time: longer than a
# desk that takes in the archive of all children keeps it to itself, or a decision about tens of thousands of parked
# records.
BUSY_RETRIES = 5
# Larger pages and a wide cache are worth about a third of the write rate (benchmarks/).
PRAGMAS = (
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -65536",
    "PRAGMA wal_autocheckpoint = 5000",
    "PRAGMA foreign_keys = ON",
)


def sqlite_path(url: str, label: str) -> Path:
    """The file that a URL names; `label` says of what it is the URL. Raises UsageError for a URL of another form."""
    prefix, _, path = url.partition("sqlite:///")
    if prefix or not path:
        raise UsageError(f"the {label} URL {url.partition(':')[0]}:… is not of the form sqlite:///FILE")
    return Path(path)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection to a store's file; raises StoreError with what to do when it cannot be had."""
    db: sqlite3.Connection | None = None
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            # An empty file for its owner only, where there is none: bodies hold personal parts. SQLite gives its side
            # files the same mode. One that is there is not touched: to close it here would let go of the locks that
            # this process holds on it, and the next to close it would take the write-ahead log away from under us.
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        mode = "ro" if read_only else "rwc"
        uri = f"file:{str(path).replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode={mode}"
        db = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        db.row_factory = sqlite3.Row
        for pragma in PRAGMAS[3:] if read_only else PRAGMAS:
            _set_pragma(db, pragma)
    except (OSError, sqlite3.Error) as error:
        if db is not None:
            db.close()
        cause = _error_name(error) if isinstance(error, sqlite3.Error) else error.strerror or type(error).__name__
        raise StoreError(
            f"the store {path} cannot be opened ({cause}); check that it is a store and that its folder exists "
            "and may be written and has room, or name another file"
        ) from error
    return db


def _set_pragma(db: sqlite3.Connection, pragma: str) -> None:
    """Tell a connection how to be; who makes the file at the same moment is waited for, which SQLite does not."""
    for left in reversed(range(round(BUSY_TIMEOUT_SECONDS / CREATE_RETRY_SECONDS))):
        try:
            db.execute(pragma)
        except sqlite3.OperationalError as error:
            if _error_name(error) != "SQLITE_BUSY" or not left:
                raise
            time.sleep(CREATE_RETRY_SECONDS)
        else:
            return


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A store's file for questions that all see the same moment and wait for nobody; raises StoreError."""
    db = connect(path, read_only=True)
    try:
        db.execute("BEGIN")
        yield db
    except sqlite3.Error as error:
        raise StoreError(
            f"the store {path} cannot be read now ({_error_name(error)}); see that it is a store of this release"
        ) from error
    finally:
        db.close()


def _error_name(error: sqlite3.Error) -> str:
    """SQLite's name of an error, never its text: that may quote what was to be written."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def _file_identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names now; None where it names none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


class StoreFile:
    """One file of a process. `packages` are those whose `migrations/` make its tables, in this order."""

    EXCLUSIVE: ClassVar[bool] = False
    """Whether a second process on the same file is refused."""
    AFTER_ERROR: ClassVar[str] = "nothing of it was kept; free space or mend the file and try again"

    db: sqlite3.Connection

    def __init__(self, path: Path, packages: Sequence[str]) -> None:
        self.path = path
        self.packages = tuple(packages)
        self._lock: IO[str] | None = None
        self._opened_identity: tuple[int, int] | None = None

    def open(self) -> Self:
        """Take the file for this process and bring its tables up to date; raises StoreError."""
        self.db = connect(self.path)
        try:
            self._opened_identity = _file_identity(self.path)
            if self.EXCLUSIVE:
                self._acquire_lock()
            for package in self.packages:
                migrate(self.db, package)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(
                    f"the store {self.path} cannot be used ({_error_name(error)}): it may not be written, "
                    "its disk is full, or it is no whole store; mend that, or name another file"
                ) from error
            raise
        return self

    def _acquire_lock(self) -> None:
        path = self.path.with_name(self.path.name + ".lock")
        try:
            self._lock = path.open("w", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written ({type(error).__name__}); the store needs a folder it may write in"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreLocked(
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

        Raises StoreError, also where another file or none has the path now.
        """
        self._check_not_replaced()
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._write_error(error) from error
        try:
            yield self.db
            self.db.execute("COMMIT")
        except BaseException as error:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            self.clear_caches()
            if isinstance(error, sqlite3.Error):
                raise self._write_error(error) from error
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for a question that writes nothing; raises StoreError where it has no answer."""
        self._check_not_replaced()
        try:
            yield self.db
        except sqlite3.Error as error:
            code = _error_name(error)
            raise StoreError(
                f"the store {self.path} could not be read ({code}); try again, or mend the file", code
            ) from error

    def _check_not_replaced(self) -> None:
        """What is written to a file that was removed is gone with it, though SQLite would not say so."""
        if _file_identity(self.path) != self._opened_identity:
            raise StoreError(
                f"the store {self.path} was removed or replaced while it was open; nothing more is written to what "
                "was there, start this again"
            )

    def clear_caches(self) -> None:
        """Called when a transaction was undone: drop what was remembered of rows that are gone now."""

    def _write_error(self, error: sqlite3.Error) -> StoreError:
        code = _error_name(error)
        return StoreError(f"the store {self.path} could not be written ({code}); {self.AFTER_ERROR}", code)
