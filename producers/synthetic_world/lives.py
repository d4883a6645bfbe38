"""What happens to a child, as plain data: no Avro, no event, no sequence.

A life is a child and the facts about the child. Every fact has `n` (its number within the life, by which
other facts name it), `occurred` and `recorded` (ms UTC). An address carries the finding it was made with,
so the truth is counted from what was made and never from reading an address back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TrueFinding(StrEnum):
    """What is wrong with an address: why mail cannot reach the child."""

    NONE = "none"
    BLANK = "blank"
    UNDELIVERABLE = "undeliverable"
    MISSING_UNIT = "missing_unit"


@dataclass(frozen=True, slots=True)
class Locality:
    """A real county, with the ERO area that owns it, the court that hears it and its hours behind UTC."""

    county_fips: str
    state: str
    city: str
    zip3: str
    area: str
    court: str
    hours_behind_utc: int


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it was written down, what the sender's own check said, and what is truly wrong with it."""

    locality: Locality
    line1: str
    secondary_unit: str | None
    city: str
    state: str
    zip: str
    county_fips: str | None
    stated: str
    method: str
    finding: TrueFinding


@dataclass(frozen=True, slots=True)
class ChildIdentity:
    """Who the child is; `birth` is a day number, `key` the token on the feed."""

    key: str
    a_number: str | None
    portal_id: str
    given_name: str
    surname: str
    aliases: tuple[str, ...]
    birth: int
    birth_basis: str
    sex: str
    country: str
    language: str
    sibling_group: str | None


@dataclass(frozen=True, slots=True)
class SponsorIdentity:
    """The sponsor; names and phone only where service on a child under 14 needs them."""

    ref: str
    relationship: str
    given_name: str | None
    surname: str | None
    phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that came about and was written down."""

    n: int
    occurred: int
    recorded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Fact):
    """The child arrived in ORR's care."""

    apprehended: int
    determined: int
    notified: int
    apprehending_agency: str
    area: str
    program: str
    nta_status: str
    medical_handoff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFact(Fact):
    """An address began to hold, or was corrected."""

    address: Address
    checked: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed(AddressFact):
    """ORR released the child to a sponsor."""

    discharge: str
    program: str
    sponsor: SponsorIdentity
    services_ordered: bool
    home_study: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(AddressFact):
    """The child moved, or (reason CORRECTION) an earlier address fact had been written down wrongly.

    `previous` is the `n` of the address fact it follows or corrects; `release` the `n` of the placement whose
    release address it corrects, None for a move and for the correction of a move.
    """

    previous: int
    release: int | None
    reason: str
    reporter: str
    reported: int
    eoir33_filed: str
    eoir33_filed_day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RanAway(Fact):
    """The child was absent from ORR custody."""

    area: str
    last_seen: int | None
    setting: str
    kind: str
    police: int | None
    ncmec: int | None
    fojc: int | None
    attorney: int | None
    advocate: int | None
    incident: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftSponsor(Fact):
    """The child no longer lived with the sponsor."""

    area: str
    last_known_day: int | None
    learned_from: str
    reported: int
    reported_to_police: str
    cps_report: str
    whereabouts_known: bool
    concern: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Located(Fact):
    """An absent child was found or came back; `closes` is the absence named, None where none is."""

    closes: int | None
    by: str
    condition: str
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedEighteen(Fact):
    """The eighteenth birthday."""

    birthday: int
    discharged_to: str
    plan_made: int | None
    plan_updated: int | None
    least_restrictive: bool
    notified: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NtaIssuance(Fact):
    """A Notice to Appear was written."""

    nta: str
    issuer: str
    place_and_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NtaService(Fact):
    """A Notice to Appear was served; `address_used` is the `n` of the address fact whose address was used."""

    nta: str
    method: str
    served_on: tuple[str, ...]
    age: int
    address_used: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NtaFiling(Fact):
    """A Notice to Appear was filed with the court."""

    nta: str
    court: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingSet(Fact):
    """The court set a hearing, or moved one."""

    hearing: str
    nta: str
    supersedes: str | None
    court: str
    hearing_at: int
    calendar: str
    medium: str
    language: str
    notice_sent: int | None
    notice_method: str
    notice_address: int | None
    represented: bool
    juvenile_docket: bool
    juvenile_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingMissed(Fact):
    """A failure to appear, as one agency (`EOIR_ADAPTER` or `ORR`) recorded it."""

    recorded_by: str
    hearing: str
    hearing_day: int
    court: str
    area: str
    not_present: bool
    outcome: str
    notice_quality: str
    location_verified: str
    represented: bool
    age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedInAbsentia(Fact):
    """A judge ordered removal in the child's absence."""

    hearing: str
    court: str
    reopen_until: int | None
    location_verified: str


@dataclass(frozen=True, slots=True)
class Life:
    """One child's facts in the order of recording."""

    index: int
    child: ChildIdentity
    facts: tuple[Fact, ...]
