"""What brothers and sisters share (arrival, surname, sponsor, home and its moves), and birth dates.

Birth dates have ages as published, and as the child's story needs them.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_world import calibration as cal
from synthetic_world.addresses import (
    BY_STATE,
    HANDING_OVER,
    PROGRAMS,
    any_finding,
    move_from,
    other_finding,
    write_address,
)
from synthetic_world.allocation import Exit, Lot
from synthetic_world.days import DAY, HOUR, MINUTE, calendar, day_of, end_of, start_of
from synthetic_world.life_builder import LONGEST_DELAY, near_night
from synthetic_world.lives import Address, Finding, Place
from synthetic_world.names import surname, token
from synthetic_world.rng import Dice, Weighted

QUARTER = 91 * DAY
_MOVES_A_QUARTER = cal.MOVES_A_YEAR * QUARTER / (365 * DAY)


@dataclass(frozen=True, slots=True)
class Move:
    """A change of address: `correction` is what should have been written, where it was written wrongly."""

    occurred: int
    address: Address
    correction: Address | None
    reason: str


@dataclass(frozen=True, slots=True)
class Home:
    """A placement: when, where and with whom; `corrections` in the order in which they are made.

    `chained`: the second correction corrects the first, not the placement.
    """

    placed: int
    discharge: str
    program: str
    sponsor_ref: str
    relationship: str
    address: Address
    corrections: tuple[Address, ...]
    chained: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A hand-over to ORR."""

    arrived: int
    apprehended: int
    determined: int
    notified: int
    agency: str
    area: str
    program: str
    program_place: Place


@dataclass(frozen=True, slots=True)
class Family:
    """What a child shares with a brother or sister; `home` is None where the child is not placed."""

    arrival: Arrival
    country: str
    language: str
    surname: str
    home: Home | None
    key: str


def draw_family(seed: int, scale: int, lot: Lot, first_finding: Finding | None) -> Family:
    """The family of a lot; `first_finding` is the final finding of the first release address."""
    dice = Dice(seed, scale, "family", lot.family)
    key = token(seed, scale, "family", lot.family)
    arrival = draw_arrival(dice, _arrived(dice, lot.fiscal_year))
    country = dice.draw(cal.COUNTRIES)
    mayan = country == "GTM" and dice.chance(cal.MAYAN_OF_GUATEMALA)
    language = dice.draw(cal.MAYAN_LANGUAGES) if mayan else "spa"
    name = surname(dice)
    home = None
    if lot.cell.exit is Exit.PLACED and first_finding is not None and lot.state is not None:
        care = care_length(dice, lot.fiscal_year)
        if lot.ran_away_and_returned:
            care = max(care, 12 * DAY)
        place = dice.pick(BY_STATE[lot.state])
        home = draw_home(dice, arrival.arrived + care, place, first_finding, arrival.program, key)
    return Family(arrival, country, language, name, home, key)


def _arrived(dice: Dice, fiscal_year: int) -> int:
    first, last, _ = cal.FISCAL_YEARS[fiscal_year]
    if dice.chance(0.005):
        before = dice.chance(0.5)
        return near_night(dice, end_of(last) + 1 if before else start_of(first), before=before)
    return dice.between(start_of(first), end_of(last))


def draw_arrival(dice: Dice, arrived: int) -> Arrival:
    """The hand-over that ends with the arrival: 72 hours from determination are kept 96 times of 100."""
    held = dice.between(14 * HOUR, 71 * HOUR) if dice.chance(0.96) else dice.between(73 * HOUR, 190 * HOUR)
    determined = arrived - held
    program, place = dice.pick(PROGRAMS)
    return Arrival(
        arrived=arrived,
        apprehended=determined - dice.between(10 * MINUTE, 12 * HOUR),
        determined=determined,
        notified=determined + dice.between(10 * MINUTE, 12 * HOUR),
        agency="CBP_USBP" if dice.chance(0.9) else "CBP_OFO",
        area=dice.pick(HANDING_OVER),
        program=program,
        program_place=place,
    )


def care_length(dice: Dice, fiscal_year: int) -> int:
    """Length of care in ms, lognormal with the year's mean, by linear steps through a table."""
    at = dice.fraction() * (len(cal.CARE_SHAPE) - 1)
    step = int(at)
    shape = cal.CARE_SHAPE[step] + (cal.CARE_SHAPE[step + 1] - cal.CARE_SHAPE[step]) * (at - step)
    days = cal.CARE_DAYS[fiscal_year] * shape / 1000
    return int(min(max(days, 2.0), float(cal.LONGEST_CARE_DAYS)) * DAY)


def draw_home(dice: Dice, placed: int, place: Place, finding: Finding, program: str, key: str) -> Home:
    """A placement whose release address has `finding` once every correction is in."""
    discharge = dice.draw(cal.SPONSOR_CATEGORIES)
    final = write_address(dice, place, finding)
    written = [final]
    if placed < cal.LAST_MS - 2 * LONGEST_DELAY:
        first = _first_written(dice, finding)
        if first is not None:
            written.insert(0, write_address(dice, _miswritten(dice, place), first))
            if dice.chance(cal.CORRECTED_TWICE):
                between = write_address(dice, place, other_finding(dice, first))
                written.insert(1, between)
    return Home(
        placed=placed,
        discharge=discharge,
        program=program,
        sponsor_ref=token(key, "sponsor", placed),
        relationship=dice.draw(cal.RELATIONSHIPS[discharge]),
        address=written[0],
        corrections=tuple(written[1:]),
        chained=dice.chance(0.7),
    )


def _first_written(dice: Dice, finding: Finding) -> Finding | None:
    """The finding of the address as first written, where it is corrected later; else None."""
    if finding is not Finding.NONE:
        return other_finding(dice, finding) if dice.chance(cal.CORRECTED_TO_DEFECTIVE) else None
    if dice.chance(cal.CORRECTED_TO_GOOD):
        return other_finding(dice, finding)
    return Finding.NONE if dice.chance(cal.CORRECTED_GOOD_TO_GOOD) else None


def _miswritten(dice: Dice, place: Place) -> Place:
    return move_from(dice, place) if dice.chance(0.3) else place


def draw_moves(dice: Dice, home: Place, since: int, until: int) -> list[Move]:
    """The family's moves from `since` to `until`, at the assumed rate, quarter by quarter."""
    moves = []
    place = home
    for start in range(since, until, QUARTER):
        if dice.chance(_MOVES_A_QUARTER):
            at = start + dice.between(DAY, QUARTER)
            if at >= until:
                break
            place = move_from(dice, place)
            finding = any_finding(dice)
            address = write_address(dice, place, finding)
            wrong = dice.chance(cal.MOVES_CORRECTED)
            correction = write_address(dice, place, other_finding(dice, finding)) if wrong else None
            moves.append(Move(at, address, correction, "FAMILY_MOVED" if dice.chance(0.93) else "OTHER"))
    return moves


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
