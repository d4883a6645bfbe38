"""SQL in files: statements by name, migrations by number."""

from __future__ import annotations

import json
import pkgutil
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from casefeed.store.errors import StoreError

# How many values one statement asks for; every SQLite takes 999.
CHUNK_SIZE = 500


def load_statements(package: str, file_name: str) -> dict[str, str]:
    """The statements of a package's SQL file, by the name that each `-- name:` line gives."""
    content = pkgutil.get_data(package, file_name)
    assert content is not None
    parts = re.split(r"^-- name: (\w+)\n", content.decode(), flags=re.MULTILINE)[1:]
    return {title: body.strip().rstrip(";") for title, body in zip(parts[::2], parts[1::2], strict=True)}


def execute_in_chunks(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement that asks for `:many` values, however many there are."""
    for start in range(0, len(values), CHUNK_SIZE):
        chunk = values[start : start + CHUNK_SIZE]
        yield from db.execute(statement.replace(":many", ",".join("?" * len(chunk))), chunk)


def json_array(values: Iterable[str] | None) -> str | None:
    """Values as a statement takes them that looks into them with json_each; None stays None."""
    return None if values is None else json.dumps(sorted(set(values)))


def migrate(db: sqlite3.Connection, package: str) -> None:
    """Bring the tables of one package to its newest migration, each in a transaction of its own.

    A migration is `migrations/NNNN_what_it_does.sql` in the package. The table `migration` holds the text of
    `migrations/ID` for the package, so that the package may move; where there is none, the package's name. Several
    processes may open one file at the same time: which migration is missing is asked under the write lock. Raises
    StoreError when the file was written by a newer release, or by a draft.
    """
    from importlib.resources import files  # a question runs no migration

    folder = files(package) / "migrations"
    stored_id = (folder / "ID").read_text(encoding="utf-8").strip() if (folder / "ID").is_file() else package
    migrations = {int(each.name[:4]): each for each in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", each.name)}
    if _applied_migrations(db, stored_id) == {number: each.name for number, each in migrations.items()}:
        return
    for number in sorted(migrations):
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(
                "CREATE TABLE IF NOT EXISTS migration (package TEXT NOT NULL, number INTEGER NOT NULL,"
                " name TEXT NOT NULL, PRIMARY KEY (package, number)) WITHOUT ROWID"
            )
            applied = _applied_migrations(db, stored_id)
            if applied.keys() - migrations.keys():
                raise StoreError(
                    f"the store was written by a newer release (it has migration {max(applied)} of {stored_id}); "
                    "install that release, or start with another file"
                )
            if any(migrations[each].name != name for each, name in applied.items()):
                raise StoreError(
                    "the store was written by a draft that was never released (its tables of "
                    f"{stored_id} are others); start with another file and read, or record, again"
                )
            if number not in applied:
                for each in _split_statements(migrations[number].read_text(encoding="utf-8")):
                    db.execute(each)
                db.execute("INSERT INTO migration VALUES (?, ?, ?)", (stored_id, number, migrations[number].name))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _applied_migrations(db: sqlite3.Connection, stored_id: str) -> dict[int, str]:
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone() is None:
        return {}
    return dict(db.execute("SELECT number, name FROM migration WHERE package = ?", (stored_id,)))


def _split_statements(text: str) -> Iterator[str]:
    """The statements of a script, one by one: what runs a whole script commits before it begins."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
