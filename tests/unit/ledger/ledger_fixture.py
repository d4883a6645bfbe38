"""A ledger for tests: events and spoilt records go in as the intake would put them there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import ParkedReason, RefusedReason
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.ledger.projection import apply_events
from casefeed.read.store import PositionUpdate
from tests.archive_ledger import open_ledger
from tests.events import classified, corrected, merged, raw, received, retracted
from tests.feedkit import DAY_MS, START_MS, Raw

NOW_MS = START_MS + 400 * DAY_MS
RECEIVED_MS = START_MS + 399 * DAY_MS


@dataclass(frozen=True)
class CommandResult:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer as an object."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The answer's rows of CSV."""
        return list(csv.DictReader(io.StringIO(self.out)))


@dataclass
class LedgerFixture:
    """The ledger of a test."""

    path: Path
    _next: dict[Partition, int] = field(default_factory=lambda: {(ORR_TOPIC, 0): 0, (ICE_TOPIC, 0): 0})

    def apply(self, *events: tuple[str, Raw]) -> None:
        """Take events in, each as (type, event), in one batch."""
        self._commit([classified(short, self._with_offset(received(short, event))) for short, event in events])

    def park(self, short: str, event: Raw, reason: ParkedReason, detail: str = "", **over: Any) -> None:
        """Park an event's record; `over` replaces parts of it."""
        self._commit([(self._with_offset(received(short, event, **over)), Parked(reason, detail))])

    def refuse(self, short: str, event: Raw, reason: RefusedReason, detail: str = "") -> None:
        """Refuse an event's record."""
        self._commit([(self._with_offset(received(short, event)), Refused(reason, detail))])

    def _with_offset(self, record: ReceivedRecord) -> ReceivedRecord:
        partition = (record.topic, record.partition)
        self._next[partition] += 1
        return record._replace(offset=self._next[partition] - 1)

    def _commit(self, batch: list[tuple[ReceivedRecord, Any]]) -> None:
        with open_ledger(self.path, lambda: RECEIVED_MS) as store:
            store.initialize_positions("cluster-1", dict.fromkeys(self._next, 0))
            before = {each: held.next_offset for each, held in store.positions().items()}
            last = {(record.topic, record.partition): record for record, _ in batch}
            moves = {
                each: PositionUpdate(before[each], to, last.get(each))
                for each, to in self._next.items()
                if to != before[each]
            }
            store.commit_batch(batch, moves, apply_events)
            store.record_end_offsets(self._next)


def full_child(child: int = 1) -> list[tuple[str, Raw]]:
    """One child to whom everything happened, told by ORR, ICE and the court."""
    transfer = raw("ChildTransferred", child, 1)
    placed = raw("SponsorPlacement", child, 2, days=20, late=1, address_quality="MISSING_UNIT")
    corrected = raw(
        "PlacementAddressChanged", child, 3, days=20, late=9,
        reason="CORRECTION", previous_address_event_id=placed["header"]["event_id"], address_quality="UNDELIVERABLE",
    )  # fmt: skip
    moved = raw(
        "PlacementAddressChanged", child, 4, days=60,
        previous_address_event_id=placed["header"]["event_id"], owning_area="MIA", expected_court="MIA",
    )  # fmt: skip
    left = raw("RunawayFromCustody", child, 5, days=5)
    back = raw("ChildLocated", child, 6, days=8, closes_event_id=left["header"]["event_id"])
    gone = raw("AbsentFromSponsor", child, 7, days=90, late=10)
    grown = raw("AgedOut", child, 8, days=300)
    ice, court = "ice-test", "court-test"
    return [
        ("ChildTransferred", transfer),
        ("SponsorPlacement", placed),
        ("PlacementAddressChanged", corrected),
        ("PlacementAddressChanged", moved),
        ("RunawayFromCustody", left),
        ("ChildLocated", back),
        ("AbsentFromSponsor", gone),
        ("AgedOut", grown),
        ("NtaIssued", raw("NtaIssued", child, 1, source=ice, days=1)),
        (
            "NtaServed",
            raw("NtaServed", child, 2, source=ice, days=30, address_event_id_used=placed["header"]["event_id"]),
        ),
        ("NtaFiled", raw("NtaFiled", child, 3, source=ice, days=31, filed_accepted=False)),
        ("NtaFiled", raw("NtaFiled", child, 4, source=ice, days=33)),
        ("HearingScheduled", raw("HearingScheduled", child, 1, source=court, days=40)),
        ("FailureToAppear", raw("FailureToAppear", child, 2, source=court, days=70, late=1)),
        ("FailureToAppear", raw("FailureToAppear", child, 9, days=70, late=3)),
        ("InAbsentiaOrder", raw("InAbsentiaOrder", child, 3, source=court, days=71)),
    ]


def amendments(events: list[tuple[str, Raw]]) -> list[tuple[str, Raw]]:
    """What was said later of the events of `full_child` 1: an amendment of each type, and a question."""
    _, placed, _, _, left, *_ = events
    tied = merged(1, 2, 12, days=210)
    return [
        corrected(10, placed, late=100, address_quality="DELIVERABLE", owning_area="CHI"),
        retracted(11, left, late=200),
        tied,
        retracted(13, tied, late=5),
        ("EventsRequested", raw("EventsRequested", 1, 5, source="ice-test", days=220)),
    ]
