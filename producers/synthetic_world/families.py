"""What brothers and sisters share (arrival, surname, sponsor, home and its moves), and birth dates.

Birth dates have ages as published, and as the child's story needs them.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_world import calibration as cal
from synthetic_world.addresses import (
    BY_STATE,
    PROGRAMS,
    TRANSFERRING_AREAS,
    any_finding,
    move_destination,
    other_finding,
    write_address,
)
from synthetic_world.allocation import Assignment, Exit
from synthetic_world.days import DAY, HOUR, MINUTE, calendar, day_of, end_of, start_of
from synthetic_world.life_builder import LONGEST_DELAY, near_midnight
from synthetic_world.lives import Address, Locality, TrueFinding
from synthetic_world.names import surname, token
from synthetic_world.rng import Rng, Weighted

QUARTER = 91 * DAY
_MOVES_A_QUARTER = cal.MOVES_A_YEAR * QUARTER / (365 * DAY)
_AGES = Weighted(cal.AGES)
# Who turns 18 in care is 17 on arrival: among the placed the oldest are fewer, and the whole has the share.
_PLACED_AGES = Weighted((*cal.AGES[:-1], ((17, 17), dict(cal.AGES)[17, 17] - cal.AGED_OUT_IN_CARE)))
_RUNAWAY_AGES = Weighted((((14, 14), 15), ((15, 16), 50), ((17, 17), 35)))
_YOUNGEST_DAYS = 30


@dataclass(frozen=True, slots=True)
class AddressMove:
    """A change of address: `correction` is what should have been written, where it was written wrongly."""

    occurred: int
    address: Address
    correction: Address | None
    reason: str


@dataclass(frozen=True, slots=True)
class PlacementPlan:
    """A placement as drawn: when, where and with whom; `corrections` in the order in which they are made.

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
    """A transfer to ORR."""

    arrived: int
    apprehended: int
    determined: int
    notified: int
    agency: str
    area: str
    program: str
    program_locality: Locality


@dataclass(frozen=True, slots=True)
class Family:
    """What a child shares with a brother or sister; `placement` is None where the child is not placed."""

    arrival: Arrival
    country: str
    language: str
    surname: str
    placement: PlacementPlan | None
    key: str


def draw_family(seed: int, scale: int, assignment: Assignment, first_finding: TrueFinding | None) -> Family:
    """The family of an assignment; `first_finding` is the final finding of the first release address."""
    rng = Rng(seed, scale, "family", assignment.family)
    key = token(seed, scale, "family", assignment.family)
    arrival = draw_arrival(rng, _arrived(rng, assignment.fiscal_year))
    country = rng.weighted_choice(cal.COUNTRIES)
    mayan = country == "GTM" and rng.chance(cal.MAYAN_OF_GUATEMALA)
    language = rng.weighted_choice(cal.MAYAN_LANGUAGES) if mayan else "spa"
    name = surname(rng)
    placement = None
    if assignment.cell.exit is Exit.PLACED and first_finding is not None and assignment.state is not None:
        care = care_length(rng, assignment.fiscal_year)
        if assignment.ran_away_and_returned:
            care = max(care, 12 * DAY)
        locality = rng.choice(BY_STATE[assignment.state])
        placement = draw_placement(rng, arrival.arrived + care, locality, first_finding, arrival.program, key)
    return Family(arrival, country, language, name, placement, key)


def _arrived(rng: Rng, fiscal_year: int) -> int:
    first, last, _ = cal.FISCAL_YEARS[fiscal_year]
    if rng.chance(0.005):
        before = rng.chance(0.5)
        return near_midnight(rng, end_of(last) + 1 if before else start_of(first), before=before)
    return rng.randint(start_of(first), end_of(last))


def draw_arrival(rng: Rng, arrived: int) -> Arrival:
    """The transfer that ends with the arrival: 72 hours from determination are kept 96 times of 100."""
    duration = rng.randint(14 * HOUR, 71 * HOUR) if rng.chance(0.96) else rng.randint(73 * HOUR, 190 * HOUR)
    determined = arrived - duration
    program, locality = rng.choice(PROGRAMS)
    return Arrival(
        arrived=arrived,
        apprehended=determined - rng.randint(10 * MINUTE, 12 * HOUR),
        determined=determined,
        notified=determined + rng.randint(10 * MINUTE, 12 * HOUR),
        agency="CBP_USBP" if rng.chance(0.9) else "CBP_OFO",
        area=rng.choice(TRANSFERRING_AREAS),
        program=program,
        program_locality=locality,
    )


def care_length(rng: Rng, fiscal_year: int) -> int:
    """Length of care in ms, lognormal with the year's mean, by linear steps through a table."""
    at = rng.random() * (len(cal.CARE_SHAPE) - 1)
    step = int(at)
    shape = cal.CARE_SHAPE[step] + (cal.CARE_SHAPE[step + 1] - cal.CARE_SHAPE[step]) * (at - step)
    days = cal.CARE_DAYS[fiscal_year] * shape / 1000
    return int(min(max(days, 2.0), float(cal.LONGEST_CARE_DAYS)) * DAY)


def draw_placement(
    rng: Rng, placed: int, locality: Locality, finding: TrueFinding, program: str, key: str
) -> PlacementPlan:
    """A placement whose release address has `finding` once every correction is in."""
    discharge = rng.weighted_choice(cal.SPONSOR_CATEGORIES)
    final = write_address(rng, locality, finding)
    written = [final]
    if placed < cal.LAST_MS - 2 * LONGEST_DELAY:
        first = _first_written(rng, finding)
        if first is not None:
            written.insert(0, write_address(rng, _miswritten(rng, locality), first))
            if rng.chance(cal.CORRECTED_TWICE):
                between = write_address(rng, locality, other_finding(rng, first))
                written.insert(1, between)
    return PlacementPlan(
        placed=placed,
        discharge=discharge,
        program=program,
        sponsor_ref=token(key, "sponsor", placed),
        relationship=rng.weighted_choice(cal.RELATIONSHIPS[discharge]),
        address=written[0],
        corrections=tuple(written[1:]),
        chained=rng.chance(0.7),
    )


def _first_written(rng: Rng, finding: TrueFinding) -> TrueFinding | None:
    """The finding of the address as first written, where it is corrected later; else None."""
    if finding is not TrueFinding.NONE:
        return other_finding(rng, finding) if rng.chance(cal.CORRECTED_TO_DEFECTIVE) else None
    if rng.chance(cal.CORRECTED_TO_GOOD):
        return other_finding(rng, finding)
    return TrueFinding.NONE if rng.chance(cal.CORRECTED_GOOD_TO_GOOD) else None


def _miswritten(rng: Rng, locality: Locality) -> Locality:
    return move_destination(rng, locality) if rng.chance(0.3) else locality


def draw_moves(rng: Rng, origin: Locality, since: int, until: int) -> list[AddressMove]:
    """The family's moves from `since` to `until`, at the assumed rate, quarter by quarter."""
    moves = []
    locality = origin
    for start in range(since, until, QUARTER):
        if rng.chance(_MOVES_A_QUARTER):
            at = start + rng.randint(DAY, QUARTER)
            if at >= until:
                break
            locality = move_destination(rng, locality)
            finding = any_finding(rng)
            address = write_address(rng, locality, finding)
            wrong = rng.chance(cal.MOVES_CORRECTED)
            correction = write_address(rng, locality, other_finding(rng, finding)) if wrong else None
            moves.append(AddressMove(at, address, correction, "FAMILY_MOVED" if rng.chance(0.93) else "OTHER"))
    return moves


def draw_birth_day(
    rng: Rng, assignment: Assignment, arrived: int, placed: int | None, elder: int | None = None
) -> int:
    """The birth day of a child who arrives on day `arrived`.

    Under 18 on arrival and, where there is one, on the day of placement. Beside an `elder` brother's or
    sister's birth day it is a twin's or at least eleven months away.
    """
    if assignment.cell.exit is Exit.AGED_OUT:
        return years_before(arrived + rng.randint(3, 100), 18)
    if assignment.ran_away_and_returned or assignment.cell.exit is Exit.RAN_AWAY:
        ages = _RUNAWAY_AGES
    else:
        ages = _PLACED_AGES if assignment.cell.exit is Exit.PLACED else _AGES
    age = rng.randint(*rng.weighted_choice(ages))
    latest = min(years_before(arrived, age), arrived - _YOUNGEST_DAYS)
    earliest = years_before(arrived, age + 1) + 1
    if placed is not None:
        earliest = max(earliest, years_before(placed + 1, 18) + 1)
    birth = rng.randint(earliest, latest)
    if elder is not None and abs(birth - elder) < 330:
        younger = elder + rng.randint(330, 900)
        birth = elder if rng.chance(0.2) or younger > arrived - _YOUNGEST_DAYS else younger
    return birth


def years_before(day: int, years: int) -> int:
    """The same date `years` earlier; 28 February for a 29th that was not."""
    then = calendar(day)
    year = then.year - years
    try:
        return day_of(then.replace(year=year))
    except ValueError:
        return day_of(then.replace(year=year, day=28))
