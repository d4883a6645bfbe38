"""The keys of a child that merges in force tie together, and how many children are uncertain when each is one."""

from __future__ import annotations

import sqlite3

from casefeed.read import queries
from ice_caseload.ledger import SQL


def keys_of_child(db: sqlite3.Connection, child_key: str | None) -> tuple[str, ...] | None:
    """All keys of the child that goes by this one, in order; None where none is asked for."""
    if child_key is None:
        return None
    return tuple(row[0] for row in db.execute(SQL["keys_of_child"], (child_key,))) or (child_key,)


def uncertain_counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many `children` are uncertain, and how many records `parked` and `gaps` in a sequence make them so.

    A child that goes by several keys counts once, whichever of them are concerned.
    """
    counts = queries.uncertain_counts(db)
    merged = db.execute(SQL["merged_keys"]) if counts["children"] else ()
    child_of: dict[str, int] = dict(map(tuple, merged))
    lacking = queries.uncertain_among(db, child_of)
    again = len(lacking) - len({child_of[key] for key in lacking})
    return {**counts, "children": counts["children"] - again}
