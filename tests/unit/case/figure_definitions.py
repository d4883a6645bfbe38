"""The figures straight from their definitions, by looking at all events for one question.

Written from the definitions alone and sharing no line with casefeed.case: it is what the steps are held against.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.case.random_histories import DAY_MS, Raw, Told

DEFECTS = ("release_address_blank", "release_address_undeliverable", "release_address_missing_unit")


def figures(told: Sequence[Told], as_of: int, known_by: int | None) -> dict[str, int]:
    """Every figure of a child of whom nothing is amended, as of a day, by what was recorded by another; each 0 or 1.

    `known_by` None: by all that is held.
    """
    held = recorded_by(told, known_by)
    seen = [each for each in held if each.event["header"]["occurred_at"] // DAY_MS <= as_of]
    transferred = any(each.short == "ChildTransferred" for each in seen)

    def some(short: str, **wanted: object) -> bool:
        return any(
            each.short == short and all(each.event[name] == value for name, value in wanted.items()) for each in seen
        )

    defect = release_defect(seen, held)
    found = {
        "transfers": True,
        "placements": some("SponsorPlacement"),
        **{name: defect == name for name in DEFECTS},
        "release_address_defective": defect in DEFECTS,
        "nta_issued": some("NtaIssued"),
        "nta_served": some("NtaServed"),
        "nta_filed": some("NtaFiled", filed_accepted=True),
        "nta_not_served": not some("NtaServed"),
        "failed_to_appear": some("FailureToAppear", not_present=True),
        "in_absentia_orders": some("InAbsentiaOrder"),
        "runaway_from_custody": some("RunawayFromCustody"),
        "runaway_from_custody_open": away(seen, "RunawayFromCustody"),
        "absent_from_sponsor_open": away(seen, "AbsentFromSponsor"),
    }
    return {name: int(transferred and held) for name, held in found.items()}


def recorded_by(told: Sequence[Told], known_by: int | None) -> list[Told]:
    """What was recorded by a day."""
    return [each for each in told if known_by is None or each.event["header"]["recorded_at"] // DAY_MS <= known_by]


def away(seen: Sequence[Told], short: str) -> bool:
    """Whether an absence of this type has no return that names it, or names none and is not earlier."""
    returns = [each.event for each in seen if each.short == "ChildLocated"]

    def ended(absence: Raw) -> bool:
        return any(
            back["closes_event_id"] == absence["header"]["event_id"]
            or (back["closes_event_id"] is None and back["header"]["occurred_at"] >= absence["header"]["occurred_at"])
            for back in returns
        )

    return any(each.short == short and not ended(each.event) for each in seen)


def release_defect(seen: Sequence[Told], held: Sequence[Told]) -> str:
    """In which figure the release address of the latest placement counts, corrections taken in; "" in none."""
    placements = [each for each in seen if each.short == "SponsorPlacement"]
    if not placements:
        return ""
    latest = placements[0]
    for each in placements[1:]:
        if clocks(each) > clocks(latest):
            latest = each
    answer, best = latest.defect, None
    for each in seen:
        if not corrects(each, latest.event["header"]["event_id"], held):
            continue
        rank = (each.event["header"]["recorded_at"], each.event["header"]["event_id"])
        if best is None or rank > best:
            answer, best = each.defect, rank
    return answer


def clocks(told: Told) -> tuple[int, int, str]:
    """What decides which of two placements is the later."""
    header = told.event["header"]
    return header["occurred_at"], header["recorded_at"], header["event_id"]


def corrects(told: Told, placement: str, held: Sequence[Told]) -> bool:
    """Whether an event is a correction that leads to the placement, directly or through corrections."""
    current: Told | None = told
    for _ in range(len(held) + 1):
        if current is None or current.short != "PlacementAddressChanged":
            return False
        if current.event["reason"] != "CORRECTION":
            return False
        about = current.event["previous_address_event_id"]
        if about == placement:
            return True
        current = next((each for each in held if each.event["header"]["event_id"] == about), None)
    return False
