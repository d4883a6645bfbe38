"""Random histories of one child: valid events that follow no order, name each other or nothing, and repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.events import ABOUT, ALL, correction
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


AMENDMENTS = ("EventCorrected", "EventCorrected", "EventRetracted", "EventRetracted", "EventsRequested")
MERGES = ("ChildKeysMerged", "ChildKeysMerged", "ChildKeysUnmerged")


@dataclass(frozen=True)
class Told:
    """An event with its type, and the figure in which its address counts (none: mail can reach it).

    `instead`: what a correction says in the place of an earlier event.
    """

    short: str
    event: Raw
    defect: str = ""
    instead: Told | None = None


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


@st.composite
def amended(draw: st.DrawFn, keys: int = 1, shorts: tuple[str, ...] = SHORTS) -> list[Told]:
    """Up to twelve events of so many keys; many correct, take back, merge and unmerge, each other or nothing."""
    numbers = draw(st.lists(st.integers(1, 99), min_size=2, max_size=12, unique=True))
    ids = [identity(number) for number in numbers]
    named = st.sampled_from([*ids, *ids, identity(1000)])
    every = [*shorts, *(AMENDMENTS * 2), *(MERGES * 3 if keys > 1 else ())]
    told = []
    for index in range(len(ids)):
        key = draw(st.integers(1, keys))
        told.append(_told(draw, draw(st.sampled_from(every)), index, ids, named, key))
    return told


@st.composite
def one_more(draw: st.DrawFn, number: int, keys: int, shorts: tuple[str, ...]) -> Told:
    """The event with this number, of one of so many keys; what it names came before, is yet to come, or is itself."""
    ids = [identity(each) for each in range(1, number + 3)]
    short, key = draw(st.sampled_from(shorts)), draw(st.integers(1, keys))
    return _told(draw, short, number - 1, ids, st.sampled_from(ids), key)


def _told(
    draw: st.DrawFn, short: str, index: int, ids: list[str], named: st.SearchStrategy[str], key: int = 1
) -> Told:
    # Few different times, so that many are equal.
    day, moment = draw(st.integers(0, LAST_DAY)), draw(st.integers(0, 2))
    later, tick = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    occurred = day * DAY_MS + moment
    header = {
        "event_id": ids[index],
        "child_key": child_key(key),
        "source": "orr-test",
        "agency": "ORR",
        "sequence": index + 1,
        "occurred_at": occurred,
        "recorded_at": occurred + later * DAY_MS + tick,
        "causation_id": None,
        "agreement_profile": "narrow-1",
        "synthetic": True,
    }
    event: Raw = {"header": header, **(ALL | ABOUT | {"EventCorrected": {}})[short]}
    defect = ""
    instead = None
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
            event |= {"hearing_id": draw(st.sampled_from(["SYN-H-1", "SYN-H-2"])), "not_present": draw(st.booleans())}
        case "NtaFiled":
            event["filed_accepted"] = draw(st.booleans())
        case "EventCorrected":
            instead = _told(draw, draw(st.sampled_from(SHORTS)), index, ids, named, key)
            header = {**instead.event["header"], "event_id": draw(named)}
            event |= correction(instead.short, {**instead.event, "header": header})
        case "EventRetracted":
            event["retracts_event_id"] = draw(named)
        case "ChildKeysUnmerged":
            event["unmerges_event_id"] = draw(named)
        case "ChildKeysMerged":
            event["merged_child_key"] = child_key(draw(st.integers(1, 4).filter(lambda each: each != key)))
        case _:
            pass
    return Told(short, event, defect, instead)
