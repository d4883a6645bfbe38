"""A store's file that several processes open: each finds its tables whole, whoever made them."""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from casefeed.runtime.errors import UsageError
from casefeed.store import StoreError, StoreFile, connect, migrate, sqlite_path
from tests.house.checkout import ROOT

# The package names a function like this module.
room = importlib.import_module("casefeed.store.statements")
OPENS = """
import sys
from pathlib import Path
from casefeed.store import StoreFile
print("ready", flush=True)
sys.stdin.readline()
with StoreFile(Path(sys.argv[1]), ("casefeed.publish", "casefeed.read")):
    pass
"""


def test_a_new_file_is_made_once_however_many_open_it(tmp_path: Path) -> None:
    """Eight processes that open a file which is not there yet, at the same moment, all come to its tables."""
    path = tmp_path / "new.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    errors = [each.communicate(timeout=60)[1] for each in processes]
    assert [(each.returncode, said) for each, said in zip(processes, errors, strict=True) if said] == []
    with sqlite3.connect(path) as db:
        made = db.execute("SELECT package, count(*) FROM migration GROUP BY package ORDER BY package").fetchall()
    db.close()
    there = {
        room: len(list((ROOT / "sdk" / "casefeed" / room).glob("migrations/*.sql"))) for room in ("publish", "read")
    }
    assert made == [("casefeed.publish", there["publish"]), ("casefeed.read", there["read"])]


def test_a_folder_that_cannot_be_is_told_in_the_systems_words(tmp_path: Path) -> None:
    """The sentence says what kept the file from being opened, and that room may be what is missing."""
    (tmp_path / "taken").touch()
    with pytest.raises(StoreError, match=r"cannot be opened \(File exists\).*has room"):
        StoreFile(tmp_path / "taken" / "x.db", ("casefeed.read",)).open()


def test_what_another_made_meanwhile_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that saw a file without tables, and then had to wait for its turn, finds them made."""
    with StoreFile(tmp_path / "new.db", ("casefeed.publish",)) as first:
        done, asked = room._applied_migrations, [0]

        def late(db: sqlite3.Connection, package: str) -> set[int]:
            asked[0] += 1
            return set() if asked[0] == 1 else done(db, package)

        monkeypatch.setattr(room, "_applied_migrations", late)
        migrate(first.db, "casefeed.publish")
        assert asked[0] > 1


@pytest.mark.parametrize("made_anew", [False, True])
def test_a_file_that_was_removed_takes_nothing_more(tmp_path: Path, *, made_anew: bool) -> None:
    """Neither a write nor a question is answered from a file that nobody can find, or that another replaced."""
    path = tmp_path / "new.db"
    with StoreFile(path, ("casefeed.publish",)) as store:
        with store.transaction():
            pass
        path.rename(tmp_path / "away.db")
        if made_anew:
            StoreFile(path, ("casefeed.publish",)).open().close()
        for use in (store.transaction, store.reading):
            with pytest.raises(StoreError, match=r"new\.db was removed or replaced") as caught, use():
                pass
            assert not caught.value.is_transient


@pytest.mark.parametrize("url", ["postgresql://somebody:secret@host/desk", "sqlite:///", "/desk.db"])
def test_only_a_file_is_a_store(url: str) -> None:
    """A URL of another form is wrong use, and what may be a password in it is not repeated."""
    with pytest.raises(UsageError, match=r"the desk URL .* is not of the form sqlite:///FILE") as caught:
        sqlite_path(url, "desk")
    assert "secret" not in str(caught.value)


def test_a_file_of_a_draft_is_refused(tmp_path: Path) -> None:
    """Tables that were made by a migration of the same number and another name are not taken for today's."""
    with StoreFile(tmp_path / "old.db", ("casefeed.publish",)) as store:
        store.db.execute("UPDATE migration SET name = '0001_a_draft.sql'")
    with pytest.raises(StoreError, match="written by a draft that was never released"):
        StoreFile(tmp_path / "old.db", ("casefeed.publish",)).open()


def test_a_second_connection_of_this_process_leaves_the_first_its_log(tmp_path: Path) -> None:
    """Another process that opens and closes the file meanwhile does not take the write-ahead log away.

    Seen to fail with the file opened and closed beside SQLite, which lets go of this process's locks on it.
    """
    path = tmp_path / "store.db"
    with StoreFile(path, ()) as store:
        store.db.execute("CREATE TABLE kept (n INTEGER)")
        connect(path).close()
        other = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('SELECT * FROM kept'); db.close()"
        subprocess.run([sys.executable, "-c", other, str(path)], check=True, timeout=60)
        assert path.with_name("store.db-wal").exists()
        store.db.execute("INSERT INTO kept VALUES (1)")
    with StoreFile(path, ()) as store:
        assert store.db.execute("SELECT n FROM kept").fetchall()[0][0] == 1


def test_who_makes_the_file_at_the_same_moment_is_waited_for(tmp_path: Path) -> None:
    """SQLite gives up at once where another writes a file that is not in WAL mode yet; opening it does not."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE begun (n INTEGER)")
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.3, other.execute, ("COMMIT",))
    done.start()
    db = connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    done.join()
    db.close()
    other.close()
