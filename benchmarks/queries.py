"""How long an answer takes on a ledger: a scorecard for any pair of days, one child's case, the head of a list."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from casefeed.read.queries import events_of, uncertain_among, uncertainty_of
from casefeed.store import connect
from ice_caseload import scorecard
from ice_caseload.ledger import SQL
from ice_caseload.timeline import timeline

FIRST, LAST = date(2018, 10, 1), date(2025, 3, 31)
TRIES = 40
SHOWN = 50


def questions(ledger: Path) -> dict[str, dict[str, float]]:
    """Milliseconds of each kind of question: the median and the slowest of TRIES, each asked another way."""
    db = connect(ledger, read_only=True)
    dice = random.Random(7)
    try:
        keys = [row[0] for row in db.execute("SELECT child_key FROM child WHERE id % 997 = 1 LIMIT 400")]
        return {
            "scorecard": _timed(lambda: scorecard.figures(db, _day(dice), _day(dice))),
            "case": _timed(lambda: _case(db, dice.choice(keys))),
            "list": _timed(lambda: _list(db, dice.choice(("absences", "failures", "addresses")))),
        }
    finally:
        db.close()


def _day(dice: random.Random) -> date:
    return FIRST + timedelta(days=dice.randrange((LAST - FIRST).days))


def _case(db: sqlite3.Connection, key: str) -> None:
    timeline(events_of(db, key))
    uncertainty_of(db, key)


def _list(db: sqlite3.Connection, which: str) -> None:
    filters = (which, None, None, None, False)
    rows = db.execute(SQL["listed"], (*filters, SHOWN)).fetchall()
    db.execute(SQL["listed_count"], filters).fetchone()
    uncertain_among(db, (row["child_key"] for row in rows))


def _timed(ask: Callable[[], Any]) -> dict[str, float]:
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {"p50": took[len(took) // 2], "slowest": took[-1]}
