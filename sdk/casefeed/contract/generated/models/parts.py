"""The records inside events: the header, and the parts about one person.

Made by casefeed.schema_tools.generate_models from schemas/avro; mend those and run it again.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from casefeed.contract.generated.models.enums import (
    AbsenceType,
    Agency,
    BirthDateBasis,
    ChildCondition,
    CurrentSetting,
    DischargedTo,
    DischargeType,
    LastSeenSetting,
    Sex,
    SponsorRelationship,
)
from casefeed.contract.model_base import (
    CalendarDay,
    CanonicalUuid,
    ContractModel,
    EnumSymbol,
    TupleFromList,
    UtcTimestamp,
)


class AbsentFromSponsorChild(ContractModel):
    """What is known of the absence."""

    last_known_with_sponsor_date: Annotated[date, CalendarDay(-25567, 47482)] | None
    """Last day the child was known to be with the sponsor."""


class Address(ContractModel):
    """A postal address as the sender holds it. A blank one is a fact to be shown, not an error to be refused."""

    line1: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=100)]
    """Delivery line: house number and street. Empty when the sender holds none."""
    secondary_unit: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=40)] | None
    """Apartment, unit or room."""
    city: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=60)]
    """City."""
    state: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")]
    """Two-letter state code, or empty."""
    zip: Annotated[str, Field(pattern=r"^([0-9]{5}(-[0-9]{4})?)?$")]
    """ZIP code, five digits or ZIP+4, or empty."""
    county_fips: Annotated[str, Field(pattern=r"^[0-9]{5}$")] | None
    """County FIPS code; routes the case to an ERO area."""


class AgedOutChild(ContractModel):
    """The birthday, and where the child went."""

    eighteenth_birthday: Annotated[date, CalendarDay(-25567, 47482)]
    """The eighteenth birthday."""
    discharged_to: Annotated[DischargedTo, EnumSymbol()]
    """Where the child went at 18."""


class ChildLocatedChild(ContractModel):
    """How and where the child is."""

    condition: Annotated[ChildCondition, EnumSymbol()]
    """Condition."""
    current_setting: Annotated[CurrentSetting, EnumSymbol()]
    """Where the child is now."""


class ChildTransferredChild(ContractModel):
    """Who the child is, as ORR took the child in."""

    a_number: Annotated[str, Field(pattern=r"^A[0-9]{9}$")] | None
    """A-number. Synthetic range only."""
    portal_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,20}$")] | None
    """ORR portal id. Synthetic range only."""
    given_name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=60)]
    """Given name."""
    surname: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=60)]
    """Surname."""
    aliases: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=60)], ...],
        Field(max_length=10),
        TupleFromList(),
    ]
    """Other names used."""
    birth_date: Annotated[date, CalendarDay(-25567, 47482)]
    """Date of birth."""
    birth_date_basis: Annotated[BirthDateBasis, EnumSymbol()]
    """What the date of birth rests on."""
    sex: Annotated[Sex, EnumSymbol()]
    """Sex."""
    country_of_birth: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Country of birth, ISO 3166 alpha-3."""
    citizenship: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Citizenship, ISO 3166 alpha-3."""
    preferred_language: Annotated[str, Field(pattern=r"^[a-z]{3}$")]
    """Preferred language, ISO 639-3."""
    receiving_program_code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,20}$")]
    """Code of the receiving ORR program. Shelter addresses are confidential (ORR Policy Guide 5.1.1)."""
    sibling_group_key: Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")] | None
    """Random token shared by siblings taken in together."""


class EventHeader(ContractModel):
    """What every event carries: which fact, of which child, written down where and when."""

    not_before: ClassVar[Mapping[str, str]] = {"recorded_at": "occurred_at"}

    event_id: Annotated[UUID, CanonicalUuid()]
    """Id of this event, minted once, where the fact is recorded: a UUIDv7, or for an event that a rule derives a
    UUID made from the rule and the event it follows from. A retry never mints another.
    """
    child_key: Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")]
    """Random token that stands for the child on the feed and is the Kafka key. Never an A-number."""
    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,39}$")]
    """Id of the recording store (a desk, a court adapter), minted when the store is made."""
    agency: Annotated[Agency, EnumSymbol()]
    """The agency, or the adapter, that wrote the fact down."""
    sequence: Annotated[int, Field(ge=1, le=9007199254740991)]
    """Gapless number per child and source, from 1, given where the fact is recorded."""
    occurred_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When the fact came about in the world."""
    recorded_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When the sender wrote the fact down."""
    causation_id: Annotated[UUID, CanonicalUuid()] | None
    """The event that this one follows from, where a rule derived it."""
    agreement_profile: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
    """Id of the information-sharing agreement profile in force when the event was released."""
    synthetic: bool
    """True in every event of this build; a record that does not say so is refused."""


class FailureToAppearChild(ContractModel):
    """The child's age at the hearing."""

    age_at_hearing: Annotated[int, Field(ge=0, le=30)]
    """Age at the hearing."""


class NtaServedChild(ContractModel):
    """The child's age at service."""

    age_at_service: Annotated[int, Field(ge=0, le=30)]
    """Age at service; under 14 the adult with whom the child lives must be served (8 CFR 103.8(c)(2)(ii))."""


class PlacementAddressChangedChild(ContractModel):
    """The child's new, or corrected, address."""

    address: Address
    """The address that holds now, or for a correction the one that should have been written."""


class RunawayFromCustodyChild(ContractModel):
    """What is known of the absence."""

    last_seen_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the child was last seen."""
    last_seen_setting: Annotated[LastSeenSetting, EnumSymbol()]
    """Where the child was last seen."""
    absence_type: Annotated[AbsenceType, EnumSymbol()]
    """How the absence came about."""
    police_report_no: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=40)] | None
    """Police report number."""
    ncmec_case_no: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=40)] | None
    """NCMEC case number."""


class Sealed(ContractModel):
    """A personal part in sealed form; the key belongs to one person and can be destroyed."""

    key_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    """Id of the person's key."""
    nonce: Annotated[bytes, Field(max_length=12)]
    """Nonce of the sealing, 12 bytes."""
    ciphertext: Annotated[bytes, Field(max_length=65536)]
    """The Avro datum of the clear record that stands before Sealed in the union, in the writer's schema, encrypted
    and authenticated.
    """


class Sponsor(ContractModel):
    """The sponsor. No immigration status, fingerprints, household, income or A-number: by design there is no field
    for them.
    """

    sponsor_ref: Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")]
    """Random token that stands for the sponsor."""
    relationship: Annotated[SponsorRelationship, EnumSymbol()]
    """Relationship to the child."""
    given_name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=60)] | None
    """Given name; only if needed for service on a child under 14 or a safety visit."""
    surname: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=60)] | None
    """Surname; as given_name."""
    phone: Annotated[str, Field(pattern=r"^[0-9+() -]{7,20}$")] | None
    """Telephone; synthetic range 555-0100 to 555-0199 only."""


class SponsorPlacementChild(ContractModel):
    """Where the child went."""

    discharge_type: Annotated[DischargeType, EnumSymbol()]
    """Kind of release, by the category of the sponsor."""
    releasing_program_code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{2,20}$")]
    """Code of the ORR program that released the child."""
    address: Address
    """Release address."""
