"""Writing addresses down, well and badly, and what the sender's own check said of each.

The finding is chosen first and the text made to fit. A defect is stated, or visible in the text, or both; a
text that looks fine can carry a stated defect, and a defect can go unchecked or wrongly stated as deliverable.
"""

from __future__ import annotations

from dataclasses import replace

from synthetic_world import calibration as cal
from synthetic_world.dice import Dice, Weighted
from synthetic_world.lives import Address, Finding, Place
from synthetic_world.names import street
from synthetic_world.places import BY_STATE, PLACES

_DEFECTS = Weighted(
    zip((Finding.BLANK, Finding.UNDELIVERABLE, Finding.MISSING_UNIT), cal.DEFECT_SPLIT, strict=True)
)
_FINE = Weighted((("DELIVERABLE", 75), ("UNCHECKED", 22), ("AMBIGUOUS", 3)))
_UNNOTICED = Weighted((("UNCHECKED", 70), ("DELIVERABLE", 25), ("AMBIGUOUS", 5)))
_PLACEHOLDERS = ("", "", "", "UNKNOWN", "N/A", "TBD", "unknown", "NONE", "-", "NA")
_BARE_UNITS = ("APT", "UNIT", "STE", "RM", "FL", "#", "LOT")
_UNITS = ("APT", "UNIT", "LOT", "#")
_METHODS = Weighted((("USPS_STYLE", 60), ("MANUAL", 40)))


def any_defect(dice: Dice) -> Finding:
    """One of the defects, by the assumed split."""
    return dice.draw(_DEFECTS)


def any_finding(dice: Dice) -> Finding:
    """The finding of an address that no figure counts."""
    return any_defect(dice) if dice.chance(cal.DEFECTIVE_OTHERWISE) else Finding.NONE


def other_finding(dice: Dice, finding: Finding) -> Finding:
    """A finding other than this one."""
    return any_defect(dice) if finding is Finding.NONE else Finding.NONE


def move_from(dice: Dice, place: Place) -> Place:
    """Where a family moves to: mostly the same county, else the same state, else anywhere."""
    far = dice.fraction()
    return place if far < 0.6 else dice.pick(BY_STATE[place.state] if far < 0.85 else PLACES)


def write_address(dice: Dice, place: Place, finding: Finding) -> Address:
    """An address in `place` with exactly this finding."""
    match finding:
        case Finding.NONE:
            return _fine(dice, place, dice.draw(_FINE))
        case Finding.BLANK:
            return _blank(dice, _fine(dice, place, "DELIVERABLE"))
        case Finding.UNDELIVERABLE:
            return _undeliverable(dice, _fine(dice, place, "DELIVERABLE"))
        case Finding.MISSING_UNIT:
            return _missing_unit(dice, _fine(dice, place, "DELIVERABLE"))


def _fine(dice: Dice, place: Place, stated: str) -> Address:
    number = dice.between(100, 9899)
    box = dice.chance(0.02)
    unit = f"{dice.pick(_UNITS)} {dice.between(1, 40)}" if not box and dice.chance(0.35) else None
    four = f"-{dice.between(1000, 9899)}" if dice.chance(0.1) else ""
    return Address(
        place=place,
        line1=f"PO BOX {number}" if box else f"{number} {street(dice)}",
        secondary_unit=unit,
        city=place.city,
        state=place.state,
        zip=f"{place.zip3}{dice.between(1, 60):02}{four}",
        county_fips=place.county_fips,
        stated=stated,
        method="NONE" if stated == "UNCHECKED" else dice.draw(_METHODS),
        finding=Finding.NONE,
    )


def _stated(dice: Dice, address: Address, stated: str) -> Address:
    method = "NONE" if stated == "UNCHECKED" else dice.draw(_METHODS)
    return replace(address, stated=stated, method=method)


def _blank(dice: Dice, fine: Address) -> Address:
    bare = replace(fine, line1=dice.pick(_PLACEHOLDERS), secondary_unit=None, finding=Finding.BLANK)
    if dice.chance(0.5):
        bare = replace(bare, city="", state="", zip="", county_fips=None)
    return _stated(dice, bare, "BLANK" if dice.chance(0.5) else dice.draw(_UNNOTICED))


def _undeliverable(dice: Dice, fine: Address) -> Address:
    bad = replace(fine, finding=Finding.UNDELIVERABLE)
    if dice.chance(0.3):
        return _stated(dice, bad, "UNDELIVERABLE")
    match dice.between(0, 4):
        case 0:
            bad = replace(bad, line1=street(dice))
        case 1:
            bad = replace(bad, city="")
        case 2:
            bad = replace(bad, state="")
        case 3:
            bad = replace(bad, zip="")
        case _:
            elsewhere = dice.pick([place for place in PLACES if place.state != fine.state])
            bad = replace(bad, zip=f"{elsewhere.zip3}{fine.zip[3:]}")
    stated = (
        ("UNDELIVERABLE", "MISSING_UNIT")[dice.chance(0.1)] if dice.chance(0.4) else dice.draw(_UNNOTICED)
    )
    return _stated(dice, bad, stated)


def _missing_unit(dice: Dice, fine: Address) -> Address:
    bad = replace(
        fine,
        line1=f"{dice.between(100, 9899)} {street(dice)}",
        secondary_unit=None,
        finding=Finding.MISSING_UNIT,
    )
    if dice.chance(0.4):
        return _stated(dice, bad, "MISSING_UNIT")
    if dice.chance(0.5):
        bad = replace(bad, line1=f"{bad.line1} {dice.pick(_BARE_UNITS)}")
    else:
        bad = replace(bad, secondary_unit=dice.pick(_BARE_UNITS))
    return _stated(dice, bad, "MISSING_UNIT" if dice.chance(0.4) else dice.draw(_UNNOTICED))
