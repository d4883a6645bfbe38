"""The events of ICE's topic alone; those on both topics stand with ORR's.

Made by casefeed.schema_tools.generate_models from schemas/avro; mend those and run it again.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from casefeed.contract.generated.models.enums import (
    CalendarType,
    HearingMedium,
    IssuingAgency,
    JuvenileCode,
    LocationVerified,
    NoticeMethod,
    ServedOn,
    ServiceMethod,
)
from casefeed.contract.generated.models.parts import EventHeader, NtaServedChild, Sealed
from casefeed.contract.model_base import (
    CalendarDay,
    CanonicalUuid,
    ClearOrSealed,
    ContractModel,
    EnumSymbol,
    TupleFromList,
    UtcTimestamp,
)


class HearingScheduled(ContractModel):
    """The court set a hearing, or moved one. occurred_at is when the court set it, not when it is held."""

    header: EventHeader
    """What every event carries."""
    hearing_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """Hearing id. Synthetic range only."""
    nta_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """Id of the Notice to Appear. Synthetic range only."""
    supersedes_hearing_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")] | None
    """The hearing that this one takes the place of."""
    court_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Court (EOIR base city code)."""
    hearing_location_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None
    """Hearing location, which can differ from the court."""
    hearing_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)]
    """When the hearing is to be held."""
    calendar_type: Annotated[CalendarType, EnumSymbol()]
    """Kind of hearing."""
    medium: Annotated[HearingMedium, EnumSymbol()]
    """How the hearing is held."""
    language: Annotated[str, Field(pattern=r"^[a-z]{3}$")]
    """Language of the hearing, ISO 639-3."""
    notice_sent_at: Annotated[datetime, UtcTimestamp(0, 4102444800000)] | None
    """When the hearing notice was sent."""
    notice_method: Annotated[NoticeMethod, EnumSymbol()]
    """How the notice was given."""
    notice_address_event_id: Annotated[UUID, CanonicalUuid()] | None
    """The event whose address the notice was sent to."""
    represented: bool
    """The child had an attorney."""
    juvenile_docket: bool
    """The hearing is on a juvenile docket."""
    juvenile_code: Annotated[JuvenileCode, EnumSymbol()] | None
    """EOIR juvenile code."""


class InAbsentiaOrder(ContractModel):
    """A judge ordered removal in the child's absence. occurred_at is the order."""

    header: EventHeader
    """What every event carries."""
    hearing_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """The missed hearing. Synthetic range only."""
    court_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Court (EOIR base city code)."""
    motion_to_reopen_window_ends: Annotated[date, CalendarDay(-25567, 47482)] | None
    """Last day of the 180 day window to reopen for exceptional circumstances; without notice there is no last day
    (INA 240(b)(5)).
    """
    location_verified_before_order: Annotated[LocationVerified, EnumSymbol()]
    """Whether the child's location was verified before the order was sought."""


class NtaFiled(ContractModel):
    """A Notice to Appear was filed with the court; only an accepted filing creates proceedings. occurred_at is the
    filing.
    """

    header: EventHeader
    """What every event carries."""
    nta_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """Id of the Notice to Appear. Synthetic range only."""
    filed_court_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Court (EOIR base city code)."""
    filed_accepted: bool
    """The court accepted the filing."""


class NtaIssued(ContractModel):
    """A Notice to Appear was written. Not yet served, not yet filed. occurred_at is the issue."""

    header: EventHeader
    """What every event carries."""
    nta_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """Id of the Notice to Appear. Synthetic range only."""
    issuing_agency: Annotated[IssuingAgency, EnumSymbol()]
    """Agency that issued the notice."""
    place_and_time_stated: bool
    """The notice states place and time of the hearing."""


class NtaServed(ContractModel):
    """A Notice to Appear was handed over or mailed. served_on says to whom; whether that was the right person is
    for the reader to judge. occurred_at is the service.
    """

    header: EventHeader
    """What every event carries."""
    child: Annotated[NtaServedChild | Sealed, ClearOrSealed()]
    """The child's personal part, clear or sealed."""
    nta_id: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,24}$")]
    """Id of the Notice to Appear. Synthetic range only."""
    service_method: Annotated[ServiceMethod, EnumSymbol()]
    """How the notice was served."""
    served_on: Annotated[
        tuple[Annotated[ServedOn, EnumSymbol()], ...], Field(min_length=1, max_length=4), TupleFromList()
    ]
    """Who was served."""
    address_event_id_used: Annotated[UUID, CanonicalUuid()] | None
    """The event whose address was used."""
