"""How the ledger stands: how far it is, how late by each clock, what is parked or away, and what needs a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casefeed.kafka.reachability import LATE_AFTER_MS, Surroundings
from casefeed.read.event_log import SQL
from casefeed.read.gaps import given_up_counts, open_gaps
from casefeed.read.heartbeats import Heard, Punctuality, heard
from casefeed.read.positions import Clock, Stand, applied_last, parked_now, stands
from casefeed.read.queries import ends_seen_at
from casefeed.runtime.errors import Unavailable
from ice_caseload import words
from ice_caseload.completeness import overdue_words
from ice_caseload.tied import uncertain_counts


@dataclass(frozen=True, slots=True)
class TopicStand:
    """One topic: its partitions, records behind, for how long at most, and the newest clocks of what was applied."""

    topic: str
    partitions: tuple[Stand, ...]
    lag: int
    late_ms: int
    applied: Mapping[Clock, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to say at `now` (ms UTC). `ends_seen_at`: when it was last seen how far the topics reach."""

    now: int
    topics: tuple[TopicStand, ...]
    ends_seen_at: int | None
    parked: Mapping[str, int]
    uncertain: Mapping[str, int]
    given_up: Mapping[str, int]
    gaps_late: int
    sources: tuple[Heard, ...]
    away: tuple[Unavailable, ...]
    other_cluster: bool

    def needs(self) -> list[str]:
        """What needs a person, a sentence each; none when all is well."""
        found = []
        if self.other_cluster:
            found.append(
                "Another Kafka cluster answers than the one this ledger was read from; `casefeed ice intake` says "
                "what to do."
            )
        if self.ends_seen_at is None:
            found.append("Nothing has been read yet; start `casefeed ice intake`.")
        for each in self.topics:
            if each.late_ms > LATE_AFTER_MS:
                found.append(
                    f"{each.topic} is {words.plural(each.lag, 'record')} behind, some of them for up to "
                    f"{words.span(each.late_ms)}; see that `casefeed ice intake` runs, and what it says."
                )
        if self.away and self.ends_seen_at is not None and self.now - self.ends_seen_at > LATE_AFTER_MS:
            found.append(
                f"Nobody has seen for {words.span(self.now - self.ends_seen_at)} how far the topics reach, and not "
                "all that is needed answers."
            )
        for source in self.sources:
            if source.punctuality(self.now) is Punctuality.SILENT:
                found.append(overdue_words(source, self.now))
            elif source.due_at is None and source.waiting and source.ended_by is None:
                found.append(
                    f"{source.source} ended while {words.plural(source.waiting, 'event')} of it waited to be sent: "
                    f"ask {source.agency} to start its relay again."
                )
        if self.parked:
            found.append(
                f"{words.plural(sum(self.parked.values()), 'record')} parked; `casefeed ice parked list` says why, "
                "and who can repair them."
            )
        if self.gaps_late:
            found.append(
                f"{words.plural(self.gaps_late, 'gap')} in what senders numbered "
                f"{'is' if self.gaps_late == 1 else 'are'} open for longer than gap_asked_after_minutes; "
                "`casefeed ice gaps list --late` says which, and whether the sender was asked."
            )
        return found


def standing(db: sqlite3.Connection, seen: Surroundings, now: int, late_before: int) -> Standing:
    """How the ledger stands, by what was just `seen` of broker and registry, where they answered.

    A gap is late that was noticed before `late_before` (ms UTC).
    """
    row = db.execute(SQL["cluster"]).fetchone()
    other = row is not None and seen.cluster_id not in (None, row[0])
    ends = {} if other else seen.ends
    found = [each.with_end(ends.get(each.partition, each.end_offset)) for each in stands(db)]
    topics = sorted({each.topic for each in found})
    answered = bool(ends) and all(each.partition in ends for each in found)
    return Standing(
        now,
        tuple(_topic(topic, [each for each in found if each.topic == topic], now) for topic in topics),
        now if answered and found else ends_seen_at(db),
        parked_now(db),
        uncertain_counts(db),
        given_up_counts(db),
        open_gaps(db, before=late_before, limit=1)[1],
        tuple(heard(db)),
        seen.away,
        other,
    )


def _topic(topic: str, partitions: Sequence[Stand], now: int) -> TopicStand:
    return TopicStand(
        topic,
        tuple(partitions),
        sum(each.lag for each in partitions),
        max((each.late_ms(now) for each in partitions), default=0),
        applied_last(partitions),
    )
