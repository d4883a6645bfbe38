"""From lives to events: who records which fact, under which source and sequence, in the contract's raw form.

An event is a dict as the schemas have it: ms UTC, day numbers, uuids as text. Nothing is counted here. Its record is
what goes out, with its place in the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from casefeed.contract import catalogue, codec, framing
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from synthetic_world import calibration as cal
from synthetic_world.days import DAY
from synthetic_world.lives import (
    Address,
    AddressChanged,
    AddressFact,
    ChildIdentity,
    Fact,
    HearingMissed,
    HearingSet,
    LeftSponsor,
    Life,
    Located,
    NtaFiling,
    NtaIssuance,
    NtaService,
    OrderedInAbsentia,
    Placed,
    RanAway,
    SponsorIdentity,
    Transferred,
    TurnedEighteen,
)
from synthetic_world.rng import PrefixedDigest, digest

EventData = dict[str, Any]
EventIdLookup = Callable[[int | None], str | None]


@dataclass(frozen=True, slots=True)
class SourceSystem:
    """One recording system: the agency that records there and the topic its events go to."""

    agency: str
    prefix: str
    topic: str


ORR = SourceSystem("ORR", "orr-portal", ORR_TOPIC)
ERO = SourceSystem("ICE_ERO", "ice-ero", ICE_TOPIC)
COURT = SourceSystem("EOIR_ADAPTER", "eoir-adapter", ICE_TOPIC)


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """One event with the short name of its type, the topic it goes to and the fact that it reports."""

    topic: str
    type_name: str
    data: EventData
    fact: Fact


class EventBuilder:
    """Builds the events of lives; sources are named after the seed."""

    def __init__(self, seed: int, scale: int) -> None:
        self._key = (seed, scale)
        name = digest("source", seed, size=3).hex()
        self._sources = {
            source_system.agency: f"{source_system.prefix}-{name}" for source_system in (ORR, ERO, COURT)
        }

    def build_events(self, life: Life) -> Iterator[WorldEvent]:
        """The events of a life in the order of recording; sequences are gapless per source from 1."""
        ids = self._event_ids(life)
        sequences = dict.fromkeys(self._sources, 0)
        for fact in sorted(life.facts, key=lambda fact: (fact.recorded, ids[fact.n])):
            agency = _source_system_of(fact).agency
            sequences[agency] += 1
            yield self._world_event(life, fact, ids, ids[fact.n], sequences[agency])

    def build_event(self, life: Life, fact: Fact, event_id: str, sequence: int) -> WorldEvent:
        """The event of a fact, under an id and a number that the caller gives; it may name facts of the life."""
        return self._world_event(life, fact, self._event_ids(life), event_id, sequence)

    def _world_event(
        self, life: Life, fact: Fact, ids: Mapping[int, str], event_id: str, sequence: int
    ) -> WorldEvent:
        def id_of(n: int | None) -> str | None:
            return None if n is None else ids[n]

        mapping, source_system = _EVENT_MAPPINGS[type(fact)], _source_system_of(fact)
        header = {
            "event_id": event_id,
            "child_key": life.child.key,
            "source": self._sources[source_system.agency],
            "agency": source_system.agency,
            "sequence": sequence,
            "occurred_at": fact.occurred,
            "recorded_at": fact.recorded,
            "causation_id": None,
            "agreement_profile": cal.AGREEMENT_PROFILE,
            "synthetic": True,
        }
        data = {"header": header, **mapping.fields(fact, life.child, id_of)}
        return WorldEvent(source_system.topic, mapping.type_name, data, fact)

    def _event_ids(self, life: Life) -> dict[int, str]:
        stem = PrefixedDigest(*self._key, "event", life.index, size=10)
        return {fact.n: uuid7(fact.recorded, stem(fact.n)) for fact in life.facts}


def uuid7(recorded: int, random: bytes) -> str:
    """A UUIDv7: the time of recording (ms UTC), then 74 bits of `random` (10 bytes)."""
    bits = int.from_bytes(random) & ((1 << 74) - 1)
    number = (recorded << 80) | (7 << 76) | ((bits >> 62) << 64) | (2 << 62) | (bits & ((1 << 62) - 1))
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _transferred(fact: Transferred, child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "child": {
            "a_number": child.a_number,
            "portal_id": child.portal_id,
            "given_name": child.given_name,
            "surname": child.surname,
            "aliases": list(child.aliases),
            "birth_date": child.birth,
            "birth_date_basis": child.birth_basis,
            "sex": child.sex,
            "country_of_birth": child.country,
            "citizenship": child.country,
            "preferred_language": child.language,
            "receiving_program_code": fact.program,
            "sibling_group_key": child.sibling_group,
        },
        "apprehended_at": fact.apprehended,
        "apprehending_agency": fact.apprehending_agency,
        "uac_determined_at": fact.determined,
        "orr_notified_at": fact.notified,
        "releasing_area": fact.area,
        "nta_status_at_transfer": fact.nta_status,
        "has_medical_handoff": fact.medical_handoff,
    }


def _address(written: Address) -> EventData:
    """The postal address as it was written down."""
    return {
        "line1": written.line1,
        "secondary_unit": written.secondary_unit,
        "city": written.city,
        "state": written.state,
        "zip": written.zip,
        "county_fips": written.county_fips,
    }


def _address_check(fact: AddressFact) -> EventData:
    """What the sender's check said, and whose case it is at this address."""
    return {
        "address_quality": fact.address.stated,
        "address_checked_at": fact.checked,
        "address_check_method": fact.address.method,
        "owning_area": fact.address.locality.area,
        "expected_court": fact.address.locality.court,
    }


def _sponsor(person: SponsorIdentity) -> EventData:
    """The sponsor's part."""
    return {
        "sponsor_ref": person.ref,
        "relationship": person.relationship,
        "given_name": person.given_name,
        "surname": person.surname,
        "phone": person.phone,
    }


def _placed(fact: Placed, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "child": {
            "discharge_type": fact.discharge,
            "releasing_program_code": fact.program,
            "address": _address(fact.address),
        },
        "sponsor": _sponsor(fact.sponsor),
        **_address_check(fact),
        "prs_ordered": fact.services_ordered,
        "home_study_done": fact.home_study,
    }


def _address_changed(fact: AddressChanged, _child: ChildIdentity, id_of: EventIdLookup) -> EventData:
    return {
        "child": {"address": _address(fact.address)},
        "previous_address_event_id": id_of(fact.previous),
        "reason": fact.reason,
        "reported_by": fact.reporter,
        "reported_at": fact.reported,
        "effective_date": fact.occurred // DAY,
        "eoir33_filed": fact.eoir33_filed,
        "eoir33_filed_date": fact.eoir33_filed_day,
        **_address_check(fact),
    }


def _ran_away(fact: RanAway, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "child": {
            "last_seen_at": fact.last_seen,
            "last_seen_setting": fact.setting,
            "absence_type": fact.kind,
            "police_report_no": None if fact.police is None else f"PR-SYN-{fact.police // 1000 % 10**7:07}",
            "ncmec_case_no": None if fact.ncmec is None else f"NC-SYN-{fact.ncmec // 1000 % 10**7:07}",
        },
        "owning_area": fact.area,
        "police_notified_at": fact.police,
        "ncmec_notified_at": fact.ncmec,
        "fojc_notified_at": fact.fojc,
        "attorney_notified_at": fact.attorney,
        "child_advocate_notified_at": fact.advocate,
        "sir_event_id": fact.incident,
    }


def _left_sponsor(fact: LeftSponsor, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "child": {"last_known_with_sponsor_date": fact.last_known_day},
        "owning_area": fact.area,
        "learned_from": fact.learned_from,
        "reported_at": fact.reported,
        "sponsor_reported_to_police": fact.reported_to_police,
        "cps_report_made": fact.cps_report,
        "known_new_location": fact.whereabouts_known,
        "noc_ref": fact.concern,
    }


def _located(fact: Located, _child: ChildIdentity, id_of: EventIdLookup) -> EventData:
    return {
        "child": {"condition": fact.condition, "current_setting": fact.setting},
        "located_by": fact.by,
        "closes_event_id": id_of(fact.closes),
    }


def _turned_eighteen(fact: TurnedEighteen, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "child": {"eighteenth_birthday": fact.birthday, "discharged_to": fact.discharged_to},
        "plan_created_at": fact.plan_made,
        "plan_updated_at": fact.plan_updated,
        "least_restrictive_considered": fact.least_restrictive,
        "discharge_notification_sent_at": fact.notified,
    }


def _nta_issued(fact: NtaIssuance, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {"nta_id": fact.nta, "issuing_agency": fact.issuer, "place_and_time_stated": fact.place_and_time}


def _nta_served(fact: NtaService, _child: ChildIdentity, id_of: EventIdLookup) -> EventData:
    return {
        "child": {"age_at_service": fact.age},
        "nta_id": fact.nta,
        "service_method": fact.method,
        "served_on": list(fact.served_on),
        "address_event_id_used": id_of(fact.address_used),
    }


def _nta_filed(fact: NtaFiling, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {"nta_id": fact.nta, "filed_court_code": fact.court, "filed_accepted": fact.accepted}


def _hearing_set(fact: HearingSet, _child: ChildIdentity, id_of: EventIdLookup) -> EventData:
    return {
        "hearing_id": fact.hearing,
        "nta_id": fact.nta,
        "supersedes_hearing_id": fact.supersedes,
        "court_code": fact.court,
        "hearing_location_code": None,
        "hearing_at": fact.hearing_at,
        "calendar_type": fact.calendar,
        "medium": fact.medium,
        "language": fact.language,
        "notice_sent_at": fact.notice_sent,
        "notice_method": fact.notice_method,
        "notice_address_event_id": id_of(fact.notice_address),
        "represented": fact.represented,
        "juvenile_docket": fact.juvenile_docket,
        "juvenile_code": fact.juvenile_code,
    }


def _hearing_missed(fact: HearingMissed, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "child": {"age_at_hearing": fact.age},
        "hearing_id": fact.hearing,
        "hearing_date": fact.hearing_day,
        "court_code": fact.court,
        "owning_area": fact.area,
        "not_present": fact.not_present,
        "court_outcome": fact.outcome,
        "notice_quality": fact.notice_quality,
        "location_verified_before_order": fact.location_verified,
        "represented": fact.represented,
    }


def _ordered_in_absentia(fact: OrderedInAbsentia, _child: ChildIdentity, _ids: EventIdLookup) -> EventData:
    return {
        "hearing_id": fact.hearing,
        "court_code": fact.court,
        "motion_to_reopen_window_ends": fact.reopen_until,
        "location_verified_before_order": fact.location_verified,
    }


@dataclass(frozen=True, slots=True)
class EventMapping:
    """How a kind of fact becomes an event: the type's short name, who records it, its fields beside the header."""

    type_name: str
    source_system: SourceSystem
    fields: Callable[[Any, ChildIdentity, EventIdLookup], EventData]


# ICE's officers write the Notice down, the court's adapter its hearings (ORR some failures too), ORR the rest.
_EVENT_MAPPINGS: Mapping[type[Fact], EventMapping] = {
    Transferred: EventMapping("ChildTransferred", ORR, _transferred),
    Placed: EventMapping("SponsorPlacement", ORR, _placed),
    AddressChanged: EventMapping("PlacementAddressChanged", ORR, _address_changed),
    RanAway: EventMapping("RunawayFromCustody", ORR, _ran_away),
    LeftSponsor: EventMapping("AbsentFromSponsor", ORR, _left_sponsor),
    Located: EventMapping("ChildLocated", ORR, _located),
    TurnedEighteen: EventMapping("AgedOut", ORR, _turned_eighteen),
    NtaIssuance: EventMapping("NtaIssued", ERO, _nta_issued),
    NtaService: EventMapping("NtaServed", ERO, _nta_served),
    NtaFiling: EventMapping("NtaFiled", ERO, _nta_filed),
    HearingSet: EventMapping("HearingScheduled", COURT, _hearing_set),
    HearingMissed: EventMapping("FailureToAppear", COURT, _hearing_missed),
    OrderedInAbsentia: EventMapping("InAbsentiaOrder", COURT, _ordered_in_absentia),
}
TYPE_NAMES = frozenset(mapping.type_name for mapping in _EVENT_MAPPINGS.values())


def _source_system_of(fact: Fact) -> SourceSystem:
    """Who writes a fact down: a failure the agency that it names, all others by their kind."""
    recorded_by_orr = isinstance(fact, HearingMissed) and fact.recorded_by == ORR.agency
    return ORR if recorded_by_orr else _EVENT_MAPPINGS[type(fact)].source_system


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """A record of `topic` that goes out at `at` (ms UTC); those of the same moment by event id."""

    topic: str
    at: int
    event_id: str
    envelope: Envelope


def to_record(event: WorldEvent) -> ArchiveRecord:
    """The record of an event, going out when it was recorded; raises ContractError where the event breaks a rule."""
    kind = catalogue.load_catalogue().by_name(event.type_name)
    head = event.data["header"]
    envelope = Envelope(
        key=head["child_key"],
        headers=framing.cloud_event_headers(kind, event.data),
        fingerprint=kind.fingerprint,
        datum=codec.encode(kind, event.data),
    )
    return ArchiveRecord(event.topic, head["recorded_at"], head["event_id"], envelope)
