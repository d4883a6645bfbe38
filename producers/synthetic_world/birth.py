"""Birth dates: ages as published, and as the child's story needs them."""

from __future__ import annotations

from synthetic_world import calibration as cal
from synthetic_world.days import calendar, day_of
from synthetic_world.dice import Dice, Weighted
from synthetic_world.quotas import Exit, Lot

_AGES = Weighted(cal.AGES)
# Who turns 18 in care is 17 on arrival: among the placed the oldest are fewer, and the whole has the share.
_PLACED_AGES = Weighted((*cal.AGES[:-1], ((17, 17), dict(cal.AGES)[17, 17] - cal.AGED_OUT_IN_CARE)))
_RUNAWAY_AGES = Weighted((((14, 14), 15), ((15, 16), 50), ((17, 17), 35)))
_YOUNGEST_DAYS = 30


def draw_birth(dice: Dice, lot: Lot, arrived: int, placed: int | None, elder: int | None = None) -> int:
    """The birth day of a child who arrives on day `arrived`.

    Under 18 on arrival and, where there is one, on the day of placement. Beside an `elder` brother's or
    sister's birth day it is a twin's or at least eleven months away.
    """
    if lot.cell.exit is Exit.AGED_OUT:
        return years_before(arrived + dice.between(3, 100), 18)
    if lot.ran_away_and_returned or lot.cell.exit is Exit.RAN_AWAY:
        ages = _RUNAWAY_AGES
    else:
        ages = _PLACED_AGES if lot.cell.exit is Exit.PLACED else _AGES
    age = dice.between(*dice.draw(ages))
    latest = min(years_before(arrived, age), arrived - _YOUNGEST_DAYS)
    earliest = years_before(arrived, age + 1) + 1
    if placed is not None:
        earliest = max(earliest, years_before(placed + 1, 18) + 1)
    birth = dice.between(earliest, latest)
    if elder is not None and abs(birth - elder) < 330:
        younger = elder + dice.between(330, 900)
        birth = elder if dice.chance(0.2) or younger > arrived - _YOUNGEST_DAYS else younger
    return birth


def years_before(day: int, years: int) -> int:
    """The same date `years` earlier; 28 February for a 29th that was not."""
    then = calendar(day)
    year = then.year - years
    try:
        return day_of(then.replace(year=year))
    except ValueError:
        return day_of(then.replace(year=year, day=28))
