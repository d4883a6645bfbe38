"""The scorecard counted again by brute force from raw events, written from the definitions alone.

Slow and plain on purpose: it shares no code with the world's truth and none with the fold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from casefeed.contract.codes import state_of_zip

Event = dict[str, Any]
PLACEHOLDERS = {"", "UNKNOWN", "N/A", "NA", "NONE", "TBD", "-"}
DESIGNATORS = {"APT", "UNIT", "STE", "RM", "FL", "#", "LOT"}


def finding(address: Event, stated: str) -> str | None:
    """What is wrong with an address: the worse of what is stated and what the text shows."""
    line1 = address["line1"].strip()
    unit = (address["secondary_unit"] or "").strip()
    if stated == "BLANK" or line1.upper() in PLACEHOLDERS:
        return "blank"
    numbered = line1[0].isdigit() or line1.upper().startswith("PO BOX")
    whole = address["city"] and address["state"] and address["zip"]
    if stated == "UNDELIVERABLE" or not numbered or not whole:
        return "undeliverable"
    if state_of_zip(address["zip"]) != address["state"]:
        return "undeliverable"
    bare_end = line1.upper().split()[-1] in DESIGNATORS and not unit
    if stated == "MISSING_UNIT" or bare_end or unit.upper() in DESIGNATORS:
        return "missing_unit"
    return None


def recount(told: Iterable[tuple[str, Event]], as_of: int, known_by: int | None) -> dict[str, int]:
    """The fifteen figures from (type name, event) pairs, as of one day and known by another (day numbers)."""
    by_child: dict[str, list[tuple[str, Event]]] = defaultdict(list)
    for name, event in told:
        header = event["header"]
        known = known_by is None or header["recorded_at"] // 86_400_000 <= known_by
        if known and header["occurred_at"] // 86_400_000 <= as_of:
            by_child[header["child_key"]].append((name, event))
    figures: dict[str, int] = dict.fromkeys(_NAMES, 0)
    for events in by_child.values():
        for name in _of_child(events):
            figures[name] += 1
    return figures


_NAMES = (
    "transfers",
    "placements",
    "release_address_blank",
    "release_address_undeliverable",
    "release_address_missing_unit",
    "release_address_defective",
    "nta_issued",
    "nta_served",
    "nta_filed",
    "nta_not_served",
    "failed_to_appear",
    "in_absentia_orders",
    "runaway_from_custody",
    "runaway_from_custody_open",
    "absent_from_sponsor_open",
)


def _of_child(events: list[tuple[str, Event]]) -> set[str]:
    types = {name for name, _ in events}
    if "ChildTransferred" not in types:
        return set()
    counted = {"transfers"}
    counted.add("nta_served" if "NtaServed" in types else "nta_not_served")
    for type_name, figure in (
        ("SponsorPlacement", "placements"),
        ("NtaIssued", "nta_issued"),
        ("InAbsentiaOrder", "in_absentia_orders"),
        ("RunawayFromCustody", "runaway_from_custody"),
    ):
        if type_name in types:
            counted.add(figure)
    if any(name == "NtaFiled" and event["filed_accepted"] for name, event in events):
        counted.add("nta_filed")
    if any(name == "FailureToAppear" and event["not_present"] for name, event in events):
        counted.add("failed_to_appear")
    if "SponsorPlacement" in types:
        wrong = _release_finding(events)
        if wrong:
            counted |= {f"release_address_{wrong}", "release_address_defective"}
    for type_name, figure in (
        ("RunawayFromCustody", "runaway_from_custody_open"),
        ("AbsentFromSponsor", "absent_from_sponsor_open"),
    ):
        if any(_still_open(event, events) for name, event in events if name == type_name):
            counted.add(figure)
    return counted


def _order(event: Event) -> tuple[int, int, str]:
    header = event["header"]
    return header["occurred_at"], header["recorded_at"], header["event_id"]


def _release_finding(events: list[tuple[str, Event]]) -> str | None:
    placement = max((event for name, event in events if name == "SponsorPlacement"), key=_order)
    corrections = {
        event["header"]["event_id"]: event
        for name, event in events
        if name == "PlacementAddressChanged" and event["reason"] == "CORRECTION"
    }

    def mends_the_placement(event: Event) -> bool:
        previous = event["previous_address_event_id"]
        while previous in corrections:
            previous = corrections[previous]["previous_address_event_id"]
        return bool(previous == placement["header"]["event_id"])

    mending = [event for event in corrections.values() if mends_the_placement(event)]
    holds = max(mending, key=lambda e: (e["header"]["recorded_at"], e["header"]["event_id"]), default=placement)
    return finding(holds["child"]["address"], holds["address_quality"])


def _still_open(absence: Event, events: list[tuple[str, Event]]) -> bool:
    for name, event in events:
        if name != "ChildLocated":
            continue
        named = event["closes_event_id"]
        if named == absence["header"]["event_id"]:
            return False
        if named is None and event["header"]["occurred_at"] >= absence["header"]["occurred_at"]:
            return False
    return True
