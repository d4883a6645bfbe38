"""A fact: what the case file keeps of one event, without any personal value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from casefeed.case.address import AddressFinding, address_finding
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.codec import corrected_event
from casefeed.contract.validation import is_sealed

MS_PER_DAY = 86_400_000


class FactKind(StrEnum):
    """The kinds of fact; a letter each, for they are stored by the million."""

    TRANSFER = "T"
    PLACEMENT = "P"
    ADDRESS_CHANGE = "M"
    ADDRESS_CORRECTION = "C"
    RUNAWAY_FROM_CUSTODY = "R"
    ABSENT_FROM_SPONSOR = "S"
    LOCATED = "L"
    FAILURE_TO_APPEAR = "F"
    AGED_OUT = "A"
    NTA_ISSUED = "I"
    NTA_SERVED = "V"
    NTA_FILED = "N"
    HEARING = "H"
    IN_ABSENTIA_ORDER = "X"
    RETRACTION = "B"
    MERGE = "G"
    UNMERGE = "U"
    EVENTS_REQUEST = "Q"

    # As the letter it is: an enum's own hash costs a call each time a kind is looked up.
    __hash__ = str.__hash__


class Fact(NamedTuple):
    """One fact of a child. Facts order by when they came about, then when they were recorded, then by id.

    `area` is the ERO area the event names; `about` what it refers to (an event id, a hearing id, the other key of a
    merge); `holds` whether it counts (a filing accepted, a child not present); `finding` what keeps mail from its
    address; `detail` one word more (the hearing's outcome); `amends` the event that it takes back or restates: all
    of a correction but its `recorded_at` and `event_id` is that of the event as restated.
    """

    occurred_at: int
    recorded_at: int
    event_id: str
    kind: FactKind
    area: str = ""
    about: str = ""
    holds: bool = True
    finding: AddressFinding = AddressFinding.NONE
    detail: str = ""
    amends: str = ""

    @property
    def day_true(self) -> int:
        """UTC day on which the fact came about."""
        return self.occurred_at // MS_PER_DAY

    @property
    def day_known(self) -> int:
        """UTC day on which the sender recorded the fact."""
        return self.recorded_at // MS_PER_DAY

    def to_row(self) -> tuple[str | int, ...]:
        """The fact as a database holds it."""
        return (
            self.occurred_at, self.recorded_at, self.event_id, self.kind._value_, self.area, self.about,
            int(self.holds), int(self.finding), self.detail, self.amends,
        )  # fmt: skip

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Fact:
        """The fact that `to_row` gave."""
        occurred_at, recorded_at, event_id, kind, area, about, holds, finding, detail, amends = row
        return cls(
            occurred_at, recorded_at, event_id, _KIND_BY_LETTER[kind], area, about, holds == 1,
            _FINDING_BY_NUMBER[finding], detail, amends,
        )  # fmt: skip


def kinds_of(facts: Sequence[Fact]) -> frozenset[FactKind]:
    """The kinds of these facts; most often there is one."""
    return _SINGLE_KINDS[facts[0].kind] if len(facts) == 1 else frozenset(fact.kind for fact in facts)


_SINGLE_KINDS = {kind: frozenset((kind,)) for kind in FactKind}
_KIND_BY_LETTER = {kind.value: kind for kind in FactKind}
_FINDING_BY_NUMBER = {int(each): each for each in AddressFinding}

_KIND_BY_EVENT_TYPE = {
    "ChildTransferred": FactKind.TRANSFER,
    "AgedOut": FactKind.AGED_OUT,
    "NtaIssued": FactKind.NTA_ISSUED,
    "NtaServed": FactKind.NTA_SERVED,
    "NtaFiled": FactKind.NTA_FILED,
    "RunawayFromCustody": FactKind.RUNAWAY_FROM_CUSTODY,
    "AbsentFromSponsor": FactKind.ABSENT_FROM_SPONSOR,
    "ChildLocated": FactKind.LOCATED,
    "FailureToAppear": FactKind.FAILURE_TO_APPEAR,
    "HearingScheduled": FactKind.HEARING,
    "InAbsentiaOrder": FactKind.IN_ABSENTIA_ORDER,
}


def _finding(event: Mapping[str, Any]) -> AddressFinding:
    part = event["child"]
    return address_finding(None if is_sealed(part) else part["address"], event["address_quality"])


def fact_of(short_name: str, event: Mapping[str, Any]) -> Fact:
    """The fact that an event (raw form) states; raises KeyError for a type the case does not know."""
    header = event["header"]
    identity = (header["occurred_at"], header["recorded_at"], header["event_id"])
    area = event.get("owning_area") or event.get("releasing_area") or ""
    if short_name == "SponsorPlacement":
        return Fact(*identity, FactKind.PLACEMENT, area, finding=_finding(event))
    if short_name == "PlacementAddressChanged":
        kind = FactKind.ADDRESS_CORRECTION if event["reason"] == "CORRECTION" else FactKind.ADDRESS_CHANGE
        return Fact(*identity, kind, area, event["previous_address_event_id"], finding=_finding(event))
    if short_name not in _KIND_BY_EVENT_TYPE:
        return _meta_event_fact(short_name, event, identity)
    kind = _KIND_BY_EVENT_TYPE[short_name]
    about = event.get("closes_event_id") or event.get("hearing_id") or ""
    holds = event.get("filed_accepted", event.get("not_present", True))
    return Fact(*identity, kind, area, about, holds, detail=event.get("court_outcome", ""))


def _meta_event_fact(short_name: str, event: Mapping[str, Any], identity: tuple[int, int, str]) -> Fact:
    """The fact of an event that speaks of other events, or of keys."""
    match short_name:
        case "EventCorrected":
            kind, corrected = corrected_event(load_catalogue().by_name(short_name), dict(event))
            fact, (_, recorded_at, event_id) = fact_of(kind.short_name, corrected), identity
            return fact._replace(recorded_at=recorded_at, event_id=event_id, amends=event["corrects_event_id"])
        case "EventRetracted":
            return Fact(*identity, FactKind.RETRACTION, amends=event["retracts_event_id"])
        case "ChildKeysMerged":
            return Fact(*identity, FactKind.MERGE, about=event["merged_child_key"])
        case "ChildKeysUnmerged":
            return Fact(*identity, FactKind.UNMERGE, amends=event["unmerges_event_id"])
        case "EventsRequested":
            return Fact(*identity, FactKind.EVENTS_REQUEST)
        case _:
            raise KeyError(short_name)
