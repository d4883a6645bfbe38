"""A desk's account: its sources, what is recorded, what waits, what was sent, which archives it took in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from casefeed.kafka.reachability import ATTENTION_AFTER_MS
from casefeed.publish.desk import SQL
from casefeed.runtime.errors import Unavailable, UsageError
from casefeed.runtime.text import plural
from casefeed.store import StoreError, read_only


def outbox_status(path: Path, topic: str, remedy: str) -> dict[str, Any]:
    """What the desk at `path` holds, seen at one moment; times in ms UTC. No broker is asked.

    Raises StoreError, which ends in `remedy`, where it is no desk, and UsageError where it is one for another topic.
    """
    with read_only(path) as db:
        try:
            desk_row = db.execute(SQL["desk_topic"]).fetchone()
            sources = [dict(row) for row in db.execute(SQL["source_status"])]
            batches = [dict(row) for row in db.execute(SQL["batches"])]
        except sqlite3.Error as error:
            raise StoreError(f"{path} is no desk of this release ({type(error).__name__}); {remedy}") from error
    if desk_row is not None and desk_row["topic"] != topic:
        raise UsageError(
            f"{path} is the desk of another agency, whose facts go to {desk_row['topic']}; name the file of the desk "
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


def status_report(status: dict[str, Any], unavailable: Iterable[Unavailable], now: int, group: str) -> dict[str, Any]:
    """The account as it is at `now` (ms UTC): also for how long what waits has waited, what is `unavailable`, and
    what needs a person, a sentence each; `group` is the agency's command group.
    """
    since = status["waiting_since"]
    waited_ms = None if since is None else max(0, now - since)
    needs = []
    if waited_ms is not None and waited_ms > ATTENTION_AFTER_MS:
        count = status["waiting"]
        needs.append(
            f"{plural(count, 'event')} {'waits' if count == 1 else 'wait'} at this desk, the oldest for "
            f"{plural(waited_ms // 60_000, 'minute')}; see that `casefeed {group} relay` runs, and what it says."
        )
    return {
        **status,
        "now": now,
        "waiting_seconds": None if waited_ms is None else waited_ms / 1000,
        "away": {each.service: each.message for each in unavailable},
        "needs_a_person": needs,
    }
