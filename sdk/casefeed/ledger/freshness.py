"""Up to where an answer is complete: how far each topic was read, and whether its sources are heard as promised."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.kafka.records import Partition
from casefeed.ledger import display
from casefeed.ledger.page import Page
from casefeed.read.heartbeats import SourceStatus, Timeliness, source_statuses, worst_timeliness
from casefeed.read.queries import end_offsets_checked_at
from casefeed.read.statements import SQL

TopicPositions = dict[str, dict[str, dict[str, int]]]
"""Per topic of events and partition: the position, the end, and records parked."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What an answer of `now` rests on. `ends_seen_at`: when it was last looked how far the topics reach.

    `sources`: the last heartbeat of each that the answer depends on. Times are ms UTC.
    """

    topics: TopicPositions
    ends_seen_at: int | None
    sources: tuple[SourceStatus, ...]
    now: int

    @property
    def timeliness(self) -> Timeliness:
        """How the worst source stands."""
        return worst_timeliness(self.sources, self.now)

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "topics": self.topics,
            "ends_seen_at": display.iso(self.ends_seen_at),
            "punctuality": self.timeliness.value,
            "sources": [each.as_dict(self.now) for each in self.sources],
        }

    def topic_lines(self, command: str) -> list[str]:
        """How far it was read, in words: a line a topic; `command` is the agency's."""
        if self.ends_seen_at is None:
            return [f"nothing has been read yet: start `{command} intake`"]
        looked = f"the ends as of {display.duration(self.now - self.ends_seen_at)} ago"
        lines = []
        for topic, partitions in self.topics.items():
            at, end, parked = (sum(p[key] for p in partitions.values()) for key in ("position", "end", "parked"))
            state = "all read" if at >= end else f"{display.plural(end - at, 'record')} behind"
            lines.append(f"{topic}: {state}, to {at:,} of {end:,}; {parked:,} parked ({looked})")
        return lines

    def overdue_sentences(self) -> list[str]:
        """A sentence for each source that is past its promise, the silent ones first."""
        return [
            overdue_sentence(source, self.now)
            for state in (Timeliness.SILENT, Timeliness.LATE)
            for source in self.sources
            if source.timeliness(self.now) is state
        ]

    def stale_sentence(self, command: str) -> str | None:
        """Which sources make that the answer is, or may be, incomplete; None where all were heard in time.

        `command` is the agency's.
        """
        worst = self.timeliness
        verbs = {Timeliness.SILENT: "is not", Timeliness.LATE: "may not be"}
        if worst not in verbs:
            return None
        named = ", ".join(each.source for each in self.sources if each.timeliness(self.now) is worst)
        text = f"This answer {verbs[worst]} complete, for these are {worst.value}: {named}"
        return f"{text}; `{command} status` says since when."


def overdue_sentence(source: SourceStatus, now: int) -> str:
    """What it means that a source has not been heard in time."""
    last = f"last heard {display.duration(now - source.published_at)} ago"
    due = f"due {display.duration(now - (source.due_at or now))} ago"
    if source.timeliness(now) is Timeliness.SILENT:
        return (
            f"{source.source} is silent ({last}, {due}): what it recorded since is not known here; ask "
            f"{source.agency} whether its relay runs."
        )
    return f"{source.source} is late ({last}, {due}): what it recorded since may be missing."


def source_state(source: SourceStatus, now: int, command: str) -> str:
    """How a source stands to its promise, in words; `command` is the agency's."""
    if source.ended_by is not None:
        return f"expected no more, by decision {source.ended_by} (`{command} decisions`)"
    return source.timeliness(now).description


@dataclass(frozen=True, slots=True)
class SourcesPage(Page):
    """Every source that was ever heard, as it stands at `now` (ms UTC)."""

    FIELDS = (
        "source", "agency", "topic", "punctuality", "sent", "waiting", "ended_by", "stated_at", "due_at",
        "waiting_since",
    )  # fmt: skip
    ROWS = "sources"

    items: list[SourceStatus]
    now: int

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {"sources": [each.as_dict(self.now) for each in self.items]}


def load_sources_page(db: sqlite3.Connection, now: int) -> SourcesPage:
    """Every source that was ever heard, as it stands at `now` (ms UTC)."""
    return SourcesPage(source_statuses(db), now)


def topic_positions(db: sqlite3.Connection, ends: Mapping[Partition, int] | None) -> TopicPositions:
    """How far the topics of events were read, to the ends as given, else as the intake saw them last."""
    parked = {(row[0], row[1]): row[2] for row in db.execute(SQL["parked_by_partition"])}
    found: TopicPositions = {}
    for topic, partition, position, _, _, seen in db.execute(SQL["positions"]):
        if topic in CASE_TOPICS:
            found.setdefault(topic, {})[str(partition)] = {
                "position": position,
                "end": (ends or {}).get((topic, partition), seen),
                "parked": parked.get((topic, partition), 0),
            }
    return found


def load_freshness(
    db: sqlite3.Connection,
    now: int,
    *,
    ends: Mapping[Partition, int] | None = None,
    recorded_before: int | None = None,
) -> Freshness:
    """What an answer of `now` rests on; of facts `recorded_before` a time where that is asked (ms UTC).

    A source that said, after that time, that nothing of it waits has told all that such an answer depends on.
    """
    sources = tuple(
        each
        for each in source_statuses(db)
        if recorded_before is None or each.stated_at < recorded_before or each.waiting
    )
    return Freshness(topic_positions(db, ends), end_offsets_checked_at(db), sources, now)
