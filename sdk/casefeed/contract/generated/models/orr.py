"""The events of ORR's topic.

Made by casefeed.schema_tools.generate_models from schemas/avro; mend those and run it again.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from casefeed.contract.generated.models.enums import (
    AddressChangeReason,
    AddressCheckMethod,
    AddressQuality,
    AddressReporter,
    ApprehendingAgency,
    CorrectionReason,
    CourtOutcome,
    LearnedFrom,
    LocatedBy,
    LocationVerified,
    MergeBasis,
    NoticeQuality,
    NtaStatus,
    RetractionReason,
    UnmergeReason,
    YesNoUnknown,
)
from casefeed.contract.generated.models.parts import (
    AbsentFromSponsorChild,
    AgedOutChild,
    ChildLocatedChild,
    ChildTransferredChild,
    EventHeader,
    FailureToAppearChild,
    PlacementAddressChangedChild,
    RunawayFromCustodyChild,
    Sealed,
    Sponsor,
    SponsorPlacementChild,
)
from casefeed.contract.model_base import (
    CalendarDay,
    CanonicalUuid,
    ClearOrSealed,
    ContractModel,
    EnumSymbol,
    UtcTimestamp,
)


class AbsentFromSponsor(ContractModel):
    """ORR learned that the child is not living with the sponsor. A safety fact for police, CPS and NCMEC; ORR's
    custody ended at release. occurred_at is when the absence began, as far as known.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[AbsentFromSponsorChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    owning_area: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ICE ERO area that owns the case."""
    learned_from: Annotated[LearnedFrom, EnumSymbol()]
    """How the absence was learned of."""
    reported_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When it was reported to ORR."""
    sponsor_reported_to_police: Annotated[YesNoUnknown, EnumSymbol()]
    """Whether the sponsor told the police."""
    cps_report_made: Annotated[YesNoUnknown, EnumSymbol()]
    """Whether a report to child protective services was made."""
    known_new_location: bool
    """Where the child is now is known; then a PlacementAddressChanged says where."""
    noc_ref: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,40}$")] | None
    """Opaque reference to the notification of concern (form A-7); its content stays with ORR."""


class AgedOut(ContractModel):
    """The child turned 18. The text of the discharge plan (form R-9) is never shared with DHS. occurred_at is a
    moment on the eighteenth birthday: of the discharge, where the child was discharged on it.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[AgedOutChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    plan_created_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the discharge plan was made; due 14 days before the birthday."""
    plan_updated_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the discharge plan was last updated; due within 24 hours of the discharge."""
    least_restrictive_considered: bool
    """The least restrictive setting available was considered, as 8 USC 1232(c)(2)(B) asks of DHS."""
    discharge_notification_sent_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the Discharge Notification was sent."""


class ChildKeysMerged(ContractModel):
    """Two keys turned out to stand for one child. The header names the key that stays. occurred_at is when that
    was found.
    """

    header: EventHeader
    """What every event carries."""
    merged_child_key: Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")]
    """The other key, which stands for the same child. What is still told under it counts with the key that stays."""
    basis: Annotated[MergeBasis, EnumSymbol()]
    """By what it was found: the same A-number, the same ORR Portal id, documents, or somebody who knows the child."""


class ChildKeysUnmerged(ContractModel):
    """A merge of two keys is undone, as if it had never been, from now on. The header names the key that stayed in
    that merge. occurred_at is when the mistake was found.
    """

    header: EventHeader
    """What every event carries."""
    unmerges_event_id: Annotated[UUID, CanonicalUuid()]
    """The ChildKeysMerged event that is undone."""
    reason: Annotated[UnmergeReason, EnumSymbol()]
    """Why it is undone: the keys stand for two children, or another key was meant."""


class ChildLocated(ContractModel):
    """A child who was absent was found or came back. occurred_at is when."""

    header: EventHeader
    """What every event carries."""
    child: Annotated[ChildLocatedChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    located_by: Annotated[LocatedBy, EnumSymbol()]
    """Who located the child."""
    closes_event_id: Annotated[UUID, CanonicalUuid()] | None
    """The absence that this ends; where it names none, it ends every absence that began before it."""


class ChildTransferred(ContractModel):
    """ORR's record of the child's arrival: DHS handed the child over, and the child physically arrived.
    occurred_at is the arrival.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[ChildTransferredChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    apprehended_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When the child was apprehended or found; starts the 48 hour clock (8 USC 1232(b)(2))."""
    apprehending_agency: Annotated[ApprehendingAgency, EnumSymbol()]
    """Agency that apprehended or found the child."""
    uac_determined_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When the child was determined to be unaccompanied; starts the 72 hour clock (8 USC 1232(b)(3))."""
    orr_notified_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When ORR was told."""
    releasing_area: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ICE ERO area that handed the child over."""
    nta_status_at_transfer: Annotated[NtaStatus, EnumSymbol()]
    """How far the Notice to Appear had come when the child was transferred, as the papers said."""
    has_medical_handoff: bool
    """A medical summary travelled with the child. The content stays with ORR."""


class EventCorrected(ContractModel):
    """What an earlier event of this child should have said, whole, in its place from now on. The earlier event
    stays as what was believed before. occurred_at is when the mistake was found.
    """

    header: EventHeader
    """What every event carries."""
    corrects_event_id: Annotated[UUID, CanonicalUuid()]
    """The event that is corrected. A second correction names it again; the last recorded counts."""
    reason: Annotated[CorrectionReason, EnumSymbol()]
    """Why it is corrected: it was written down wrongly, the document it was taken from was wrong, or more was
    learned.
    """
    restated_dataschema: Annotated[
        str, Field(pattern=r"^urn:casefeed:schema:casefeed\.[A-Za-z0-9]{1,64}:sha256:[0-9a-f]{64}$")
    ]
    """Name and sha256 of the schema that restated is written under, as its ce_dataschema would say."""
    restated: Annotated[bytes, Field(max_length=262144)]
    """The Avro datum of the event as it should have been: its type, with the corrected event's id and child key in
    its header. Its personal parts are clear or sealed within.
    """


class EventRetracted(ContractModel):
    """An earlier event of this child is taken back, as if it had never been told, from now on. occurred_at is when
    the mistake was found.
    """

    header: EventHeader
    """What every event carries."""
    retracts_event_id: Annotated[UUID, CanonicalUuid()]
    """The event that is taken back; a correction or another retraction may be taken back too."""
    reason: Annotated[RetractionReason, EnumSymbol()]
    """Why it is taken back: it never happened, it is told by another event already, or it is about another child."""


class EventsRequested(ContractModel):
    """A receiver lacks numbers of this child that a source has given, and asks for them again. occurred_at is when
    that was noticed.
    """

    not_before: ClassVar[Mapping[str, str]] = {"last_missing": "first_missing"}

    header: EventHeader
    """What every event carries."""
    asked_source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,39}$")]
    """Id of the recording store that gave the numbers."""
    first_missing: Annotated[int, Field(ge=1, le=9007199254740991)]
    """The first number that is lacking."""
    last_missing: Annotated[int, Field(ge=1, le=9007199254740991)]
    """The last number that is lacking, before one that is held."""
    missing_since: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When the first event past the gap was received."""


class FailureToAppear(ContractModel):
    """The child was not at a hearing. Not an in-absentia order, and neither means missing. Told by ORR or by the
    court's adapter: the same child and hearing is one fact. occurred_at is the hearing.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[FailureToAppearChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    hearing_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """Hearing id. Synthetic range only."""
    hearing_date: Annotated[date, CalendarDay(-25567, 47482)]
    """Day of the hearing at the court."""
    court_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Court (EOIR base city code)."""
    owning_area: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ICE ERO area that owns the case."""
    not_present: bool
    """The respondent was not present. Where false, the hearing was listed as missed and the respondent was there:
    this telling states no failure to appear, and takes back no other.
    """
    court_outcome: Annotated[CourtOutcome, EnumSymbol()]
    """What the court did."""
    notice_quality: Annotated[NoticeQuality, EnumSymbol()]
    """Quality of the hearing notice."""
    location_verified_before_order: Annotated[LocationVerified, EnumSymbol()]
    """Whether the child's location was verified before an order was sought."""
    represented: bool
    """The child had an attorney."""


class PlacementAddressChanged(ContractModel):
    """The child's address after release changed, or an earlier one was written down wrongly (reason CORRECTION).
    occurred_at is when the address began to hold: for a correction, the time of the fact it corrects.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[PlacementAddressChangedChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    previous_address_event_id: Annotated[UUID, CanonicalUuid()]
    """The SponsorPlacement or PlacementAddressChanged whose address this one follows or corrects."""
    reason: Annotated[AddressChangeReason, EnumSymbol()]
    """Why the address differs from the earlier one."""
    reported_by: Annotated[AddressReporter, EnumSymbol()]
    """Who reported it."""
    reported_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When it was reported."""
    effective_date: Annotated[date, CalendarDay(-25567, 47482)]
    """Day from which the address holds, as it was reported; where it differs from the day of occurred_at,
    occurred_at decides.
    """
    eoir33_filed: Annotated[YesNoUnknown, EnumSymbol()]
    """Whether the court was told (form EOIR-33). ORR knowing of a move does not tell the court."""
    eoir33_filed_date: Annotated[date, CalendarDay(-25567, 47482)] | None
    """Day the EOIR-33 was filed."""
    address_quality: Annotated[AddressQuality, EnumSymbol()]
    """What the sender's check said of the address."""
    address_checked_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the sender checked the address."""
    address_check_method: Annotated[AddressCheckMethod, EnumSymbol()]
    """How the sender checked the address."""
    owning_area: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ICE ERO area of responsibility that owns the case at this address."""
    expected_court: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Immigration court (EOIR base city code) expected to hear the case."""


class RunawayFromCustody(ContractModel):
    """The child is absent from ORR custody without authorisation. occurred_at is when the absence was discovered.
    The word is absent: nobody is lost without a missing-child report.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[RunawayFromCustodyChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    owning_area: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ICE ERO area of the program the child left; its juvenile coordinator is told."""
    police_notified_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the police were told."""
    ncmec_notified_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When NCMEC was told."""
    fojc_notified_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When ICE's juvenile coordinator was told."""
    attorney_notified_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the child's attorney was told."""
    child_advocate_notified_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the child advocate was told."""
    sir_event_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")] | None
    """ORR event id of the significant incident report. Synthetic range only."""


class SponsorPlacement(ContractModel):
    """ORR released the child to a sponsor. occurred_at is the physical release."""

    header: EventHeader
    """What every event carries."""
    child: Annotated[SponsorPlacementChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    sponsor: Annotated[Sponsor | Sealed, ClearOrSealed()]
    """The sponsor's personal part, clear or sealed."""
    address_quality: Annotated[AddressQuality, EnumSymbol()]
    """What the sender's check said of the address."""
    address_checked_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the sender checked the address."""
    address_check_method: Annotated[AddressCheckMethod, EnumSymbol()]
    """How the sender checked the address."""
    owning_area: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ICE ERO area of responsibility that owns the case at this address."""
    expected_court: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Immigration court (EOIR base city code) expected to hear the case."""
    prs_ordered: bool
    """Post-release services were ordered; no content."""
    home_study_done: bool
    """A home study was done; no content."""
