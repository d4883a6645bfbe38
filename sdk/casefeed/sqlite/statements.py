"""SQL in files: statements by name, migrations by number."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from casefeed.sqlite.errors import StoreFault

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


def migrate(db: sqlite3.Connection, package: str) -> None:
    """Bring the tables of one package to its newest migration, each in a transaction of its own.

    A migration is `migrations/NNNN_what_it_does.sql` in the package. Raises StoreFault when the file was
    written by a newer release.
    """
    db.execute(
        "CREATE TABLE IF NOT EXISTS migration (package TEXT NOT NULL, number INTEGER NOT NULL,"
        " name TEXT NOT NULL, PRIMARY KEY (package, number)) WITHOUT ROWID"
    )
    done = {number for (number,) in db.execute("SELECT number FROM migration WHERE package = ?", (package,))}
    found = {
        int(each.name[:4]): each
        for each in (files(package) / "migrations").iterdir()
        if re.fullmatch(r"\d{4}_\w+\.sql", each.name)
    }
    if done - found.keys():
        raise StoreFault(
            f"the store was written by a newer release (it has migration {max(done)} of {package}); "
            "install that release, or start with another file"
        )
    for number in sorted(found.keys() - done):
        script = found[number].read_text(encoding="utf-8")
        db.executescript(f"BEGIN IMMEDIATE;\n{script}")
        db.execute("INSERT INTO migration VALUES (?, ?, ?)", (package, number, found[number].name))
        db.execute("COMMIT")
