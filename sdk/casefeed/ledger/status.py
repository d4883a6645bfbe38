"""How the ledger stands: how far it is, how late by each clock, what is parked or away, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casefeed.kafka.reachability import ATTENTION_AFTER_MS, Reachability
from casefeed.ledger import display
from casefeed.ledger.database import LedgerConnection
from casefeed.ledger.freshness import overdue_sentence
from casefeed.ledger.merged_keys import uncertain_counts
from casefeed.read.gaps import closed_gap_counts, open_gaps
from casefeed.read.heartbeats import SourceStatus, Timeliness, source_statuses
from casefeed.read.positions import PartitionLag, TimestampKind, latest_applied, parked_by_reason, partition_lags
from casefeed.read.queries import end_offsets_checked_at
from casefeed.read.statements import SQL
from casefeed.runtime.errors import Unavailable


@dataclass(frozen=True, slots=True)
class TopicStatus:
    """One topic: its partitions, records behind, for how long at most, and the newest clocks of what was applied."""

    topic: str
    partitions: tuple[PartitionLag, ...]
    lag: int
    lag_ms: int
    applied_at: Mapping[TimestampKind, int]

    def as_dict(self, now: int) -> dict[str, Any]:
        """The same at `now` (ms UTC) for programs."""
        return {
            "lag_records": self.lag,
            "lag_seconds": self.lag_ms / 1000,
            "applied_at": {clock: display.iso(at) for clock, at in self.applied_at.items()},
            "applied_age_seconds": {clock: (now - at) / 1000 for clock, at in self.applied_at.items()},
            "partitions": {
                str(each.partition[1]): {
                    "position": each.next_offset,
                    "end": each.end_offset,
                    "lag_records": each.lag,
                    "lag_seconds": each.lag_ms(now) / 1000,
                }
                for each in self.partitions
            },
        }


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to say at `now` (ms UTC). `ends_seen_at`: when it was last seen how far the topics reach."""

    now: int
    topics: tuple[TopicStatus, ...]
    ends_seen_at: int | None
    parked: Mapping[str, int]
    uncertain: Mapping[str, int]
    given_up: Mapping[str, int]
    late_gaps: int
    sources: tuple[SourceStatus, ...]
    unavailable: tuple[Unavailable, ...]
    other_cluster: bool

    def problems(self, command: str) -> list[str]:
        """What needs a person, a sentence each; none when all is well. `command` is the agency's."""
        found = []
        if self.other_cluster:
            found.append(
                f"Another Kafka cluster answers than the one this ledger was read from; `{command} intake` says "
                "what to do."
            )
        if self.ends_seen_at is None:
            found.append(f"Nothing has been read yet; start `{command} intake`.")
        for each in self.topics:
            if each.lag_ms > ATTENTION_AFTER_MS:
                found.append(
                    f"{each.topic} is {display.plural(each.lag, 'record')} behind, some of them for up to "
                    f"{display.duration(each.lag_ms)}; see that `{command} intake` runs, and what it says."
                )
        if self.unavailable and self.ends_seen_at is not None and self.now - self.ends_seen_at > ATTENTION_AFTER_MS:
            found.append(
                f"Nobody has seen for {display.duration(self.now - self.ends_seen_at)} how far the topics reach, and "
                "not all that is needed answers."
            )
        for source in self.sources:
            if source.timeliness(self.now) is Timeliness.SILENT:
                found.append(overdue_sentence(source, self.now))
            elif source.due_at is None and source.waiting and source.ended_by is None:
                found.append(
                    f"{source.source} ended while {display.plural(source.waiting, 'event')} of it waited to be sent: "
                    f"ask {source.agency} to start its relay again."
                )
        if self.parked:
            found.append(
                f"{display.plural(sum(self.parked.values()), 'record')} parked; `{command} parked list` says why, "
                "and who can repair them."
            )
        if self.late_gaps:
            found.append(
                f"{display.plural(self.late_gaps, 'gap')} in what senders numbered "
                f"{'is' if self.late_gaps == 1 else 'are'} open for longer than gap_asked_after_minutes; "
                f"`{command} gaps list --late` says which, and whether the sender was asked."
            )
        return found

    def as_dict(self, command: str) -> dict[str, Any]:
        """The same for programs. `command` is the agency's."""
        return {
            "now": display.iso(self.now),
            "ends_seen_at": display.iso(self.ends_seen_at),
            "topics": {each.topic: each.as_dict(self.now) for each in self.topics},
            "sources": [each.as_dict(self.now) for each in self.sources],
            "parked": self.parked,
            "uncertain": self.uncertain,
            "given_up": self.given_up,
            "away": {each.service: each.message for each in self.unavailable},
            "needs_a_person": self.problems(command),
        }


def load_status(db: LedgerConnection, reachability: Reachability, now: int, late_cutoff: int) -> Status:
    """How the ledger stands, by what was just seen of broker and registry, where they answered.

    A gap is late that was noticed before `late_cutoff` (ms UTC).
    """
    row = db.execute(SQL["cluster"]).fetchone()
    other = row is not None and reachability.cluster_id not in (None, row[0])
    ends = {} if other else reachability.end_offsets
    found = [each.with_end_offset(ends.get(each.partition, each.end_offset)) for each in partition_lags(db)]
    topics = sorted({each.topic for each in found})
    answered = bool(ends) and all(each.partition in ends for each in found)
    return Status(
        now,
        tuple(_topic_status(topic, [each for each in found if each.topic == topic], now) for topic in topics),
        now if answered and found else end_offsets_checked_at(db),
        parked_by_reason(db),
        uncertain_counts(db),
        closed_gap_counts(db),
        open_gaps(db, before=late_cutoff, limit=1)[1],
        tuple(source_statuses(db)),
        reachability.unavailable,
        other,
    )


def _topic_status(topic: str, partitions: Sequence[PartitionLag], now: int) -> TopicStatus:
    return TopicStatus(
        topic,
        tuple(partitions),
        sum(each.lag for each in partitions),
        max((each.lag_ms(now) for each in partitions), default=0),
        latest_applied(partitions),
    )
