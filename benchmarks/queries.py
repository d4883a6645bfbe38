"""How long an answer takes on a ledger: a scorecard for any pair of days, one child's case, the head of a list."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from casefeed.ledger import scorecard
from casefeed.ledger.database import SQL
from casefeed.ledger.timeline import build_timeline
from casefeed.read.queries import stored_events, uncertain_children, uncertainty_of
from casefeed.store import connect

FIRST, LAST = date(2018, 10, 1), date(2025, 3, 31)
TRIES = 40
ROWS = 50


def query_times(ledger: Path) -> dict[str, dict[str, float]]:
    """Milliseconds of each kind of question: the median and the slowest of TRIES, each asked another way."""
    db = connect(ledger, read_only=True)
    dice = random.Random(7)
    try:
        keys = [row[0] for row in db.execute("SELECT child_key FROM child WHERE id % 997 = 1 LIMIT 400")]
        return {
            "scorecard": _measure(lambda: scorecard.load_figures(db, _day(dice), _day(dice))),
            "case": _measure(lambda: _case(db, dice.choice(keys))),
            "list": _measure(lambda: _list(db, dice.choice(("absences", "failures", "addresses")))),
        }
    finally:
        db.close()


def _day(rng: random.Random) -> date:
    return FIRST + timedelta(days=rng.randrange((LAST - FIRST).days))


def _case(db: sqlite3.Connection, key: str) -> None:
    build_timeline(stored_events(db, key))
    uncertainty_of(db, key)


def _list(db: sqlite3.Connection, which: str) -> None:
    filters = (which, None, None, None, False)
    rows = db.execute(SQL["list_rows"], (*filters, ROWS)).fetchall()
    db.execute(SQL["list_row_count"], filters).fetchone()
    uncertain_children(db, (row["child_key"] for row in rows))


def _measure(query: Callable[[], Any]) -> dict[str, float]:
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        query()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {"p50": took[len(took) // 2], "slowest": took[-1]}
