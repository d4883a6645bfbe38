"""Random histories of one child: valid events that follow no order, name each other or nothing, and repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.events import ALL
from tests.feedkit import ADDRESS, child_key

Raw = dict[str, Any]
LAST_DAY = 6
DAY_MS = 86_400_000
SEALED = {"key_id": "k1", "nonce": b"n", "ciphertext": b"c"}
# (what replaces parts of a good address, or None where it is sealed; stated quality; what keeps mail from it)
ADDRESSES: tuple[tuple[Raw | None, str, str], ...] = (
    ({}, "DELIVERABLE", ""),
    ({}, "UNCHECKED", ""),
    ({"line1": ""}, "DELIVERABLE", "release_address_blank"),
    ({"zip": ""}, "UNCHECKED", "release_address_undeliverable"),
    ({"line1": "9 Elm St Apt"}, "DELIVERABLE", "release_address_missing_unit"),
    ({"line1": "9 Elm St Apt"}, "UNDELIVERABLE", "release_address_undeliverable"),
    (None, "MISSING_UNIT", "release_address_missing_unit"),
    (None, "AMBIGUOUS", ""),
)
PLACES = ("SponsorPlacement", "PlacementAddressChanged")
SHORTS = (
    "ChildTransferred",
    "SponsorPlacement",
    "PlacementAddressChanged",
    "RunawayFromCustody",
    "AbsentFromSponsor",
    "ChildLocated",
    "FailureToAppear",
    "AgedOut",
    "NtaIssued",
    "NtaServed",
    "NtaFiled",
    "HearingScheduled",
    "InAbsentiaOrder",
)


@dataclass(frozen=True)
class Told:
    """An event with its type, and the figure in which its address counts (none: mail can reach it)."""

    short: str
    event: Raw
    defect: str = ""


def identity(number: int) -> str:
    """An event id."""
    return f"0190a5b0-0000-7000-8000-{number:012x}"


@st.composite
def histories(draw: st.DrawFn, shorts: tuple[str, ...] = SHORTS) -> list[Told]:
    """Up to nine events of one child on the first seven days of 1970, in any order."""
    numbers = draw(st.lists(st.integers(1, 99), max_size=9, unique=True))
    ids = [identity(number) for number in numbers]
    named = st.sampled_from([*ids, identity(1000)])
    return [_told(draw, draw(st.sampled_from(shorts)), index, ids, named) for index in range(len(ids))]


def _told(draw: st.DrawFn, short: str, index: int, ids: list[str], named: st.SearchStrategy[str]) -> Told:
    # Few different times, so that many are equal.
    day, moment = draw(st.integers(0, LAST_DAY)), draw(st.integers(0, 2))
    later, tick = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    occurred = day * DAY_MS + moment
    header = {
        "event_id": ids[index],
        "child_key": child_key(1),
        "source": "orr-test",
        "agency": "ORR",
        "sequence": index + 1,
        "occurred_at": occurred,
        "recorded_at": occurred + later * DAY_MS + tick,
        "causation_id": None,
        "agreement_profile": "narrow-1",
        "synthetic": True,
    }
    event: Raw = {"header": header, **ALL[short]}
    defect = ""
    if short in PLACES:
        changes, quality, defect = draw(st.sampled_from(ADDRESSES))
        address = SEALED if changes is None else {**event["child"], "address": {**ADDRESS, **changes}}
        event |= {"child": address, "address_quality": quality}
    match short:
        case "PlacementAddressChanged":
            event["reason"] = draw(st.sampled_from(["CORRECTION", "CORRECTION", "FAMILY_MOVED"]))
            event["previous_address_event_id"] = draw(named)
        case "ChildLocated":
            event["closes_event_id"] = draw(st.none() | named)
        case "FailureToAppear":
            event |= {
                "hearing_id": draw(st.sampled_from(["SYN-H-1", "SYN-H-2"])),
                "not_present": draw(st.booleans()),
            }
        case "NtaFiled":
            event["filed_accepted"] = draw(st.booleans())
        case _:
            pass
    return Told(short, event, defect)
