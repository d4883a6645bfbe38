"""Up to where an answer is complete: how far each topic was read, and whether its sources are heard as promised."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.kafka.consumer import Partition
from casefeed.read.event_log import SQL
from casefeed.read.heartbeats import Heard, Punctuality, heard, worst
from casefeed.read.queries import ends_seen_at
from casefeed.runtime.errors import AnswerIsNo, Unavailable
from ice_caseload import words

Read = dict[str, dict[str, dict[str, int]]]
"""Per topic of events and partition: the position, the end, and records parked."""


@dataclass(frozen=True, slots=True)
class Complete:
    """What an answer of `now` rests on. `ends_seen_at`: when it was last looked how far the topics reach.

    `sources`: the last heartbeat of each that the answer depends on. Times are ms UTC.
    """

    read: Read
    ends_seen_at: int | None
    sources: tuple[Heard, ...]
    now: int

    @property
    def punctuality(self) -> Punctuality:
        """How the worst source stands."""
        return worst(self.sources, self.now)

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "topics": self.read,
            "ends_seen_at": words.iso(self.ends_seen_at),
            "punctuality": self.punctuality.value,
            "sources": [each.told(self.now) for each in self.sources],
        }

    def lines(self) -> list[str]:
        """How far it was read, in words: a line a topic."""
        if self.ends_seen_at is None:
            return ["nothing has been read yet: start `casefeed ice intake`"]
        looked = f"the ends as of {words.span(self.now - self.ends_seen_at)} ago"
        lines = []
        for topic, partitions in self.read.items():
            at, end, parked = (
                sum(p[key] for p in partitions.values()) for key in ("position", "end", "parked")
            )
            state = "all read" if at >= end else f"{words.plural(end - at, 'record')} behind"
            lines.append(f"{topic}: {state}, to {at:,} of {end:,}; {parked:,} parked ({looked})")
        return lines

    def overdue(self) -> list[str]:
        """A sentence for each source that is past its promise, the silent ones first."""
        return [
            overdue_words(source, self.now)
            for state in (Punctuality.SILENT, Punctuality.LATE)
            for source in self.sources
            if source.punctuality(self.now) is state
        ]

    def hold(self) -> None:
        """Called when the answer is told: it stands, and may not be complete.

        Raises AnswerIsNo where a source that it depends on is late, Unavailable where one is silent.
        """
        worst_of_all = self.punctuality
        named = ", ".join(s.source for s in self.sources if s.punctuality(self.now) is worst_of_all)
        more = "`casefeed ice status` says since when"
        if worst_of_all is Punctuality.SILENT:
            raise Unavailable(f"This answer is not complete, for these are silent: {named}; {more}.")
        if worst_of_all is Punctuality.LATE:
            raise AnswerIsNo(f"This answer may not be complete, for these are late: {named}; {more}.")


def overdue_words(source: Heard, now: int) -> str:
    """What it means that a source has not been heard in time."""
    last = f"last heard {words.span(now - source.published_at)} ago"
    due = f"due {words.span(now - (source.due_at or now))} ago"
    if source.punctuality(now) is Punctuality.SILENT:
        return (
            f"{source.source} is silent ({last}, {due}): what it recorded since is not known here; ask "
            f"{source.agency} whether its relay runs."
        )
    return f"{source.source} is late ({last}, {due}): what it recorded since may be missing."


def stands(source: Heard, now: int) -> str:
    """How a source stands to its promise, in words."""
    if source.ended_by is not None:
        return f"expected no more, by decision {source.ended_by} (`casefeed ice decisions`)"
    return source.punctuality(now).words


def read_to(db: sqlite3.Connection, ends: Mapping[Partition, int] | None) -> Read:
    """How far the topics of events were read, to the ends as given, else as the intake saw them last."""
    parked = {(row[0], row[1]): row[2] for row in db.execute(SQL["parked_counts"])}
    found: Read = {}
    for topic, partition, position, _, _, seen in db.execute(SQL["positions"]):
        if topic in CASE_TOPICS:
            found.setdefault(topic, {})[str(partition)] = {
                "position": position,
                "end": (ends or {}).get((topic, partition), seen),
                "parked": parked.get((topic, partition), 0),
            }
    return found


def complete_up_to(
    db: sqlite3.Connection,
    now: int,
    *,
    ends: Mapping[Partition, int] | None = None,
    recorded_before: int | None = None,
) -> Complete:
    """What an answer of `now` rests on; of facts `recorded_before` a time where that is asked (ms UTC).

    A source that said, after that time, that nothing of it waits has told all that such an answer depends on.
    """
    sources = tuple(
        each
        for each in heard(db)
        if recorded_before is None or each.stated_at < recorded_before or each.waiting
    )
    return Complete(read_to(db, ends), ends_seen_at(db), sources, now)
