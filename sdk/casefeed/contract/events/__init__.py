"""Every event type as a frozen model, and `Event`: any of them.

Made by casefeed.contract.modelgen from schemas/avro; mend those and run it again.
"""

from typing import Any

from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import Datum
from casefeed.contract.events.ice import HearingScheduled, InAbsentiaOrder, NtaFiled, NtaIssued, NtaServed
from casefeed.contract.events.orr import (
    AbsentFromSponsor,
    AgedOut,
    ChildLocated,
    ChildTransferred,
    FailureToAppear,
    PlacementAddressChanged,
    RunawayFromCustody,
    SponsorPlacement,
)

Event = (
    AbsentFromSponsor
    | AgedOut
    | ChildLocated
    | ChildTransferred
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
    "casefeed.ChildLocated": ChildLocated,
    "casefeed.ChildTransferred": ChildTransferred,
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
    "ChildLocated",
    "ChildTransferred",
    "Event",
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
