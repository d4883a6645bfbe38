"""A desk's account: its sources, what is recorded, what waits, what was sent, which archives it took in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from casefeed.kafka.reachability import LATE_AFTER_MS
from casefeed.publish.desk import SQL
from casefeed.runtime.errors import Unavailable, WrongUse
from casefeed.runtime.text import plural
from casefeed.store import StoreFault, connect


def account(path: Path, topic: str, remedy: str) -> dict[str, Any]:
    """What the desk at `path` holds, seen at one moment; times in ms UTC. No broker is asked.

    Raises StoreFault, which ends in `remedy`, where it is no desk, and WrongUse where it is one for another topic.
    """
    db = connect(path, read_only=True)
    try:
        db.execute("BEGIN")
        owner = db.execute(SQL["topic"]).fetchone()
        sources = [dict(row) for row in db.execute(SQL["sources"])]
        batches = [dict(row) for row in db.execute(SQL["batches"])]
    except sqlite3.Error as error:
        raise StoreFault(f"{path} is no desk of this release ({type(error).__name__}); {remedy}") from error
    finally:
        db.close()
    if owner is not None and owner["topic"] != topic:
        raise WrongUse(
            f"{path} is the desk of another agency, whose facts go to {owner['topic']}; name the file of the desk "
            f"for {topic}."
        )
    since = [each["waiting_since"] for each in sources if each["waiting_since"] is not None]
    return {
        "desk": str(path),
        "recorded": sum(each["recorded"] for each in sources),
        "waiting": sum(each["waiting"] for each in sources),
        "waiting_since": min(since, default=None),
        "claimed": sum(each["claimed"] for each in sources),
        "last_sent_at": max((each["last_sent_at"] for each in sources if each["last_sent_at"]), default=None),
        "sources": sources,
        "batches": [{**each, "sha256": each["sha256"].lower()} for each in batches],
    }


def told(found: dict[str, Any], away: Iterable[Unavailable], now: int, group: str) -> dict[str, Any]:
    """The account as it is at `now` (ms UTC): also for how long what waits has waited, what is `away`, and what needs
    a person, a sentence each; `group` is the agency's command group.
    """
    since = found["waiting_since"]
    waited = None if since is None else max(0, now - since)
    needs = []
    if waited is not None and waited > LATE_AFTER_MS:
        count = found["waiting"]
        needs.append(
            f"{plural(count, 'event')} {'waits' if count == 1 else 'wait'} at this desk, the oldest for "
            f"{plural(waited // 60_000, 'minute')}; see that `casefeed {group} relay` runs, and what it says."
        )
    return {
        **found,
        "now": now,
        "waiting_seconds": None if waited is None else waited / 1000,
        "away": {each.service: each.sentence for each in away},
        "needs_a_person": needs,
    }
