"""SQL in files: statements by name, migrations by number."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any

from casefeed.store.errors import StoreFault

# How many values one statement asks for; every SQLite takes 999.
MANY = 500


def statements(package: str, name: str) -> dict[str, str]:
    """The statements of a package's SQL file, by the name that each `-- name:` line gives."""
    text = (files(package) / name).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {title: body.strip().rstrip(";") for title, body in zip(parts[::2], parts[1::2], strict=True)}


def among(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement that asks for `:many` values, however many there are."""
    for begin in range(0, len(values), MANY):
        some = values[begin : begin + MANY]
        yield from db.execute(statement.replace(":many", ",".join("?" * len(some))), some)


def as_list(values: Iterable[str] | None) -> str | None:
    """Values as a statement takes them that looks into them with json_each; None stays None."""
    return None if values is None else json.dumps(sorted(set(values)))


def migrate(db: sqlite3.Connection, package: str) -> None:
    """Bring the tables of one package to its newest migration, each in a transaction of its own.

    A migration is `migrations/NNNN_what_it_does.sql` in the package. Several processes may open one file at the
    same time: which is missing is asked under the write lock. Raises StoreFault when the file was written by a
    newer release, or by a draft.
    """
    found = {
        int(each.name[:4]): each
        for each in (files(package) / "migrations").iterdir()
        if re.fullmatch(r"\d{4}_\w+\.sql", each.name)
    }
    if _done(db, package) == {number: each.name for number, each in found.items()}:
        return
    for number in sorted(found):
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(
                "CREATE TABLE IF NOT EXISTS migration (package TEXT NOT NULL, number INTEGER NOT NULL,"
                " name TEXT NOT NULL, PRIMARY KEY (package, number)) WITHOUT ROWID"
            )
            done = _done(db, package)
            if done.keys() - found.keys():
                raise StoreFault(
                    f"the store was written by a newer release (it has migration {max(done)} of {package}); "
                    "install that release, or start with another file"
                )
            if any(found[each].name != name for each, name in done.items()):
                raise StoreFault(
                    f"the store was written by a draft that was never released (its tables of {package} are others); "
                    "start with another file and read, or record, again"
                )
            if number not in done:
                for each in _script(found[number].read_text(encoding="utf-8")):
                    db.execute(each)
                db.execute("INSERT INTO migration VALUES (?, ?, ?)", (package, number, found[number].name))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _done(db: sqlite3.Connection, package: str) -> dict[int, str]:
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone() is None:
        return {}
    return dict(db.execute("SELECT number, name FROM migration WHERE package = ?", (package,)))


def _script(text: str) -> Iterator[str]:
    """The statements of a script, one by one: what runs a whole script commits before it begins."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
