"""Writing placements, corrections and moves into a life."""

from __future__ import annotations

from synthetic_world import calibration as cal
from synthetic_world.days import DAY, HOUR, age_on
from synthetic_world.dice import Dice, Weighted
from synthetic_world.draft import Draft
from synthetic_world.families import Arrival, Home, Move
from synthetic_world.lives import Address, AddressChanged, AddressFact, Placed, Sponsor, Transferred
from synthetic_world.names import given_name, phone, surname
from synthetic_world.recording import LONGEST_DELAY, PROMPT, SLOW, USUAL, record, room

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
