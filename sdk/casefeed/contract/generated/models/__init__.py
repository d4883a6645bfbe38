"""Every event type as a frozen model, and `Event`: any of them.

Made by casefeed.schema_tools.generate_models from schemas/avro; mend those and run it again.
"""

from typing import Any

from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import Datum
from casefeed.contract.generated.models.ice import HearingScheduled, InAbsentiaOrder, NtaFiled, NtaIssued, NtaServed
from casefeed.contract.generated.models.orr import (
    AbsentFromSponsor,
    AgedOut,
    ChildKeysMerged,
    ChildKeysUnmerged,
    ChildLocated,
    ChildTransferred,
    EventCorrected,
    EventRetracted,
    EventsRequested,
    FailureToAppear,
    PlacementAddressChanged,
    RunawayFromCustody,
    SponsorPlacement,
)

Event = (
    AbsentFromSponsor
    | AgedOut
    | ChildKeysMerged
    | ChildKeysUnmerged
    | ChildLocated
    | ChildTransferred
    | EventCorrected
    | EventRetracted
    | EventsRequested
    | FailureToAppear
    | HearingScheduled
    | InAbsentiaOrder
    | NtaFiled
    | NtaIssued
    | NtaServed
    | PlacementAddressChanged
    | RunawayFromCustody
    | SponsorPlacement
)

_MODELS: dict[str, Any] = {
    "casefeed.AbsentFromSponsor": AbsentFromSponsor,
    "casefeed.AgedOut": AgedOut,
    "casefeed.ChildKeysMerged": ChildKeysMerged,
    "casefeed.ChildKeysUnmerged": ChildKeysUnmerged,
    "casefeed.ChildLocated": ChildLocated,
    "casefeed.ChildTransferred": ChildTransferred,
    "casefeed.EventCorrected": EventCorrected,
    "casefeed.EventRetracted": EventRetracted,
    "casefeed.EventsRequested": EventsRequested,
    "casefeed.FailureToAppear": FailureToAppear,
    "casefeed.HearingScheduled": HearingScheduled,
    "casefeed.InAbsentiaOrder": InAbsentiaOrder,
    "casefeed.NtaFiled": NtaFiled,
    "casefeed.NtaIssued": NtaIssued,
    "casefeed.NtaServed": NtaServed,
    "casefeed.PlacementAddressChanged": PlacementAddressChanged,
    "casefeed.RunawayFromCustody": RunawayFromCustody,
    "casefeed.SponsorPlacement": SponsorPlacement,
}


def parse(event_type: EventType, datum: Datum) -> Event:
    """The model of a raw event; raises ContractError naming field and rule."""
    event: Event = _MODELS[event_type.name].from_raw(datum)
    return event


__all__ = [
    "AbsentFromSponsor",
    "AgedOut",
    "ChildKeysMerged",
    "ChildKeysUnmerged",
    "ChildLocated",
    "ChildTransferred",
    "Event",
    "EventCorrected",
    "EventRetracted",
    "EventsRequested",
    "FailureToAppear",
    "HearingScheduled",
    "InAbsentiaOrder",
    "NtaFiled",
    "NtaIssued",
    "NtaServed",
    "PlacementAddressChanged",
    "RunawayFromCustody",
    "SponsorPlacement",
    "parse",
]
