"""Writing arrivals, placements, address corrections, moves, and absences with how they end, into a life."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_world import calibration as cal
from synthetic_world.addresses import any_finding, move_from, write_address
from synthetic_world.days import DAY, HOUR, MINUTE, age_on
from synthetic_world.families import QUARTER, Arrival, Home, Move
from synthetic_world.life_builder import LONGEST_DELAY, PROMPT, SLOW, USUAL, Draft, record, room
from synthetic_world.lives import (
    Address,
    AddressChanged,
    AddressFact,
    LeftSponsor,
    Located,
    Placed,
    RanAway,
    Sponsor,
    Transferred,
)
from synthetic_world.names import given_name, phone, surname
from synthetic_world.rng import Dice, Weighted

_REPORTERS = Weighted(
    (
        ("SPONSOR", 40),
        ("PRS", 15),
        ("NCC", 13),
        ("LEGAL_REP", 12),
        ("CHILD", 10),
        ("COURT_EOIR33", 7),
        ("ICE_VISIT", 3),
    )
)
_COURT_TOLD = Weighted((("YES", 30), ("NO", 45), ("UNKNOWN", 25)))


def write_arrival(draft: Draft, arrival: Arrival) -> Transferred:
    """The transfer; how far the Notice had come is filled in when the life is whole."""
    dice = draft.dice
    return draft.add(
        Transferred(
            n=draft.n,
            occurred=arrival.arrived,
            recorded=record(dice, arrival.arrived, PROMPT),
            apprehended=arrival.apprehended,
            determined=arrival.determined,
            notified=arrival.notified,
            apprehending_agency=arrival.agency,
            area=arrival.area,
            program=arrival.program,
            nta_status="UNKNOWN",
            medical_handoff=dice.chance(0.7),
        )
    )


def write_home(draft: Draft, home: Home) -> Placed:
    """The placement and the corrections of its release address."""
    dice = draft.dice
    latest = cal.LAST_MS - LONGEST_DELAY if home.corrections else cal.LAST_MS
    recorded = record(dice, home.placed, PROMPT, latest=latest)
    placement = draft.add(
        Placed(
            n=draft.n,
            occurred=home.placed,
            recorded=recorded,
            address=home.address,
            checked=_checked(dice, home.address, home.placed - 3 * DAY, recorded),
            discharge=home.discharge,
            program=home.program,
            sponsor=_sponsor(dice, home, age_on(draft.birth, home.placed // DAY)),
            services_ordered=dice.chance(0.3),
            home_study=dice.chance(0.08),
        )
    )
    corrected: AddressFact = placement
    for left, address in enumerate(home.corrections, start=1 - len(home.corrections)):
        latest = cal.LAST_MS + left * LONGEST_DELAY // 2
        before = corrected if home.chained else placement
        corrected = write_correction(draft, before, address, placement, corrected.recorded, latest)
    return placement


def _sponsor(dice: Dice, home: Home, age: int) -> Sponsor:
    """The sponsor; a name travels only for a child under 14 (8 CFR 103.8(c)(2)(ii)) or a safety visit."""
    female = home.relationship == "MOTHER" or (home.relationship != "FATHER" and dice.chance(0.5))
    named = age < 14 or dice.chance(0.1)
    return Sponsor(
        ref=home.sponsor_ref,
        relationship=home.relationship,
        given_name=given_name(dice, female=female) if named else None,
        surname=surname(dice) if named else None,
        phone=phone(dice) if named else None,
    )


def _checked(dice: Dice, address: Address, earliest: int, recorded: int) -> int | None:
    return None if address.method == "NONE" else dice.between(earliest, recorded)


def write_correction(
    draft: Draft,
    previous: AddressFact,
    address: Address,
    release: Placed | None,
    after: int,
    latest: int = cal.LAST_MS,
) -> AddressChanged:
    """A correction of `previous`, recorded later than `after`; `release` is the placement it mends, if any."""
    dice = draft.dice
    recorded = record(dice, previous.occurred, SLOW, not_before=after + HOUR, latest=latest)
    return draft.add(
        AddressChanged(
            n=draft.n,
            occurred=previous.occurred,
            recorded=recorded,
            address=address,
            checked=_checked(dice, address, after, recorded),
            previous=previous.n,
            release=None if release is None else release.n,
            reason="CORRECTION",
            reporter=dice.draw(_REPORTERS),
            reported=dice.between(after, recorded),
            court_told="UNKNOWN",
            court_told_day=None,
        )
    )


def write_move(draft: Draft, move: Move, placement: Placed, not_before: int = 0) -> AddressChanged | None:
    """A move and its correction; None where nobody had time to write it down by the last day."""
    dice = draft.dice
    earliest = max(move.occurred, not_before, placement.recorded + HOUR)
    if not room(earliest):
        return None
    recorded = record(dice, move.occurred, USUAL if move.reason == "CHILD_MOVED_ALONE" else SLOW, earliest)
    held = [fact for fact in draft.addresses if fact.recorded < recorded and fact.occurred <= move.occurred]
    previous = max(held, key=lambda fact: (fact.occurred, fact.recorded))
    told = dice.draw(_COURT_TOLD)
    reported = dice.between(move.occurred, recorded)
    fact = draft.add(
        AddressChanged(
            n=draft.n,
            occurred=move.occurred,
            recorded=recorded,
            address=move.address,
            checked=_checked(dice, move.address, move.occurred, recorded),
            previous=previous.n,
            release=None,
            reason=move.reason,
            reporter=dice.draw(_REPORTERS),
            reported=reported,
            court_told=told,
            court_told_day=dice.between(move.occurred // DAY, recorded // DAY) if told == "YES" else None,
        )
    )
    if move.correction is not None and room(recorded + HOUR):
        write_correction(draft, fact, move.correction, None, recorded)
    return fact


_SETTINGS = Weighted(
    (("CURRENT_CARE_PROVIDER", 70), ("COMMUNITY", 20), ("FOSTER_HOME", 6), ("GROUP_HOME", 4))
)
_KINDS = Weighted(
    (("LEFT_FACILITY", 50), ("LEFT_DURING_OUTING", 32), ("NOT_RETURNED", 16), ("SUSPECTED_ABDUCTION", 2))
)
_LEARNED = Weighted(
    (
        ("WELL_BEING_CALL", 45),
        ("NOTIFICATION_OF_CONCERN", 25),
        ("CPS", 9),
        ("SCHOOL", 8),
        ("POLICE", 8),
        ("ICE_VISIT", 5),
    )
)
_ANSWERS = Weighted((("YES", 35), ("NO", 30), ("UNKNOWN", 35)))
_LOCATED_BY = Weighted((("POLICE", 35), ("ORR", 15), ("ICE", 8), ("NCMEC", 7), ("FAMILY", 20), ("SELF", 15)))
_CONDITIONS = Weighted((("SAFE", 75), ("NEEDS_CARE", 15), ("UNKNOWN", 10)))
_AFTER_SPONSOR = Weighted(
    (("SPONSOR", 55), ("OTHER_FAMILY", 25), ("STATE_CARE", 10), ("DHS", 8), ("HOSPITAL", 2))
)
_FOUND = 0.55
_LEFT_A_QUARTER = cal.LEFT_SPONSOR_A_YEAR * QUARTER / (365 * DAY)


def write_runaway(draft: Draft, occurred: int) -> RanAway:
    """An absence from custody, told to police, ICE and NCMEC within hours."""
    dice = draft.dice
    recorded = record(dice, occurred, PROMPT)

    def told(chance: float, within: int) -> int | None:
        moment = occurred + dice.between(5 * MINUTE, within)
        return moment if dice.chance(chance) and moment <= recorded else None

    police, ncmec = told(0.95, 4 * HOUR), told(0.85, 12 * HOUR)
    return draft.add(
        RanAway(
            n=draft.n,
            occurred=occurred,
            recorded=recorded,
            area=draft.program_place.area,
            last_seen=occurred - dice.between(10 * MINUTE, 9 * HOUR) if dice.chance(0.9) else None,
            setting=dice.draw(_SETTINGS),
            kind=dice.draw(_KINDS),
            police=police,
            ncmec=ncmec,
            fojc=told(0.8, 24 * HOUR),
            attorney=told(0.5, 48 * HOUR),
            advocate=told(0.2, 48 * HOUR),
            incident=f"EVT-SYN-{dice.between(1, 9_999_999):07}" if dice.chance(0.9) else None,
        )
    )


def write_located(draft: Draft, absence: RanAway | LeftSponsor, occurred: int, setting: str) -> Located:
    """The end of an absence; three in five name it, which needs it written down first."""
    dice = draft.dice
    names = dice.chance(0.6) and room(absence.recorded + MINUTE)
    return draft.add(
        Located(
            n=draft.n,
            occurred=occurred,
            recorded=record(dice, occurred, USUAL, absence.recorded + MINUTE if names else 0),
            closes=absence.n if names else None,
            by=dice.draw(_LOCATED_BY),
            condition=dice.draw(_CONDITIONS),
            setting=setting,
        )
    )


def write_returned_runaways(draft: Draft, arrived: int, placed: int) -> None:
    """One or two absences from custody, each ended before the placement."""
    dice = draft.dice
    step = (placed - arrived) // 10
    for start in (1, 6) if dice.chance(0.2) else (1,):
        absence = write_runaway(draft, arrived + start * step + dice.between(0, step))
        found = absence.occurred + dice.between(HOUR, 2 * step)
        write_located(draft, absence, found, "ORR_CUSTODY")


@dataclass(frozen=True, slots=True)
class Leaving:
    """An absence from the sponsor; `found` is None where it has not ended.

    `alone`: it became known where the child went, who had moved away alone.
    """

    occurred: int
    reported: int
    alone: bool
    found: int | None


def draw_leavings(dice: Dice, since: int, until: int) -> list[Leaving]:
    """Absences from the sponsor between two moments, none before the one before it has ended."""
    leavings: list[Leaving] = []
    free_from = since
    for start in range(since, until, QUARTER):
        if not dice.chance(_LEFT_A_QUARTER):
            continue
        occurred = start + dice.between(DAY, QUARTER)
        reported = occurred + dice.between(HOUR, 60 * DAY)
        found = occurred + dice.between(6 * HOUR, 150 * DAY)
        alone, ends = dice.chance(0.12), dice.chance(_FOUND)
        if occurred >= until or occurred < free_from or not room(reported):
            continue
        ended = not alone and ends and room(found) and found < until
        leavings.append(Leaving(occurred, reported, alone, found if ended else None))
        if not ended:
            break
        free_from = found
    return leavings


def write_leaving(draft: Draft, leaving: Leaving, placement: Placed) -> None:
    """An absence from the sponsor, and what ended it or where the child went."""
    dice = draft.dice
    alone = leaving.alone and room(placement.recorded + HOUR)
    absence = draft.add(
        LeftSponsor(
            n=draft.n,
            occurred=leaving.occurred,
            recorded=record(dice, leaving.reported, USUAL),
            area=draft.place_at(leaving.occurred).area,
            last_known_day=leaving.occurred // DAY - dice.between(0, 10) if dice.chance(0.8) else None,
            learned_from=dice.draw(_LEARNED),
            reported=leaving.reported,
            police_told=dice.draw(_ANSWERS),
            cps_report=dice.draw(_ANSWERS),
            whereabouts_known=alone,
            concern=f"NOC-SYN-{dice.between(1, 9_999_999):07}" if dice.chance(0.6) else None,
        )
    )
    if alone:
        place = move_from(dice, draft.place_at(leaving.occurred))
        address = write_address(dice, place, any_finding(dice))
        write_move(
            draft, Move(leaving.occurred, address, None, "CHILD_MOVED_ALONE"), placement, leaving.reported
        )
    if leaving.found is not None:
        write_located(draft, absence, leaving.found, dice.draw(_AFTER_SPONSOR))
