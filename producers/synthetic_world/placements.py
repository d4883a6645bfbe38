"""Writing arrivals, placements, address corrections, moves, and absences with how they end, into a life."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_world import calibration as cal
from synthetic_world.addresses import any_finding, move_destination, write_address
from synthetic_world.days import DAY, HOUR, MINUTE, age_on
from synthetic_world.families import QUARTER, AddressMove, Arrival, PlacementPlan
from synthetic_world.life_builder import LONGEST_DELAY, PROMPT, SLOW, USUAL, LifeBuilder, draw_recorded, within_world
from synthetic_world.lives import (
    Address,
    AddressChanged,
    AddressFact,
    LeftSponsor,
    Located,
    Placed,
    RanAway,
    SponsorIdentity,
    Transferred,
)
from synthetic_world.names import given_name, phone, surname
from synthetic_world.rng import Rng, Weighted

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
_EOIR33_FILED = Weighted((("YES", 30), ("NO", 45), ("UNKNOWN", 25)))
_SETTINGS = Weighted((("CURRENT_CARE_PROVIDER", 70), ("COMMUNITY", 20), ("FOSTER_HOME", 6), ("GROUP_HOME", 4)))
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
_AFTER_SPONSOR = Weighted((("SPONSOR", 55), ("OTHER_FAMILY", 25), ("STATE_CARE", 10), ("DHS", 8), ("HOSPITAL", 2)))
_FOUND = 0.55
_LEFT_A_QUARTER = cal.LEFT_SPONSOR_A_YEAR * QUARTER / (365 * DAY)


def write_arrival(builder: LifeBuilder, arrival: Arrival) -> Transferred:
    """The transfer; how far the Notice had come is filled in when the life is whole."""
    rng = builder.rng
    return builder.add(
        Transferred(
            n=builder.next_n,
            occurred=arrival.arrived,
            recorded=draw_recorded(rng, arrival.arrived, PROMPT),
            apprehended=arrival.apprehended,
            determined=arrival.determined,
            notified=arrival.notified,
            apprehending_agency=arrival.agency,
            area=arrival.area,
            program=arrival.program,
            nta_status="UNKNOWN",
            medical_handoff=rng.chance(0.7),
        )
    )


def write_placement(builder: LifeBuilder, plan: PlacementPlan) -> Placed:
    """The placement and the corrections of its release address."""
    rng = builder.rng
    latest = cal.LAST_MS - LONGEST_DELAY if plan.corrections else cal.LAST_MS
    recorded = draw_recorded(rng, plan.placed, PROMPT, latest=latest)
    placement = builder.add(
        Placed(
            n=builder.next_n,
            occurred=plan.placed,
            recorded=recorded,
            address=plan.address,
            checked=_checked(rng, plan.address, plan.placed - 3 * DAY, recorded),
            discharge=plan.discharge,
            program=plan.program,
            sponsor=_sponsor(rng, plan, age_on(builder.birth, plan.placed // DAY)),
            services_ordered=rng.chance(0.3),
            home_study=rng.chance(0.08),
        )
    )
    corrected: AddressFact = placement
    for left, address in enumerate(plan.corrections, start=1 - len(plan.corrections)):
        latest = cal.LAST_MS + left * LONGEST_DELAY // 2
        before = corrected if plan.chained else placement
        corrected = write_correction(builder, before, address, placement, corrected.recorded, latest)
    return placement


def _sponsor(rng: Rng, plan: PlacementPlan, age: int) -> SponsorIdentity:
    """The sponsor; a name travels only for a child under 14 (8 CFR 103.8(c)(2)(ii)) or a safety visit."""
    female = plan.relationship == "MOTHER" or (plan.relationship != "FATHER" and rng.chance(0.5))
    named = age < 14 or rng.chance(0.1)
    return SponsorIdentity(
        ref=plan.sponsor_ref,
        relationship=plan.relationship,
        given_name=given_name(rng, female=female) if named else None,
        surname=surname(rng) if named else None,
        phone=phone(rng) if named else None,
    )


def _checked(rng: Rng, address: Address, earliest: int, recorded: int) -> int | None:
    return None if address.method == "NONE" else rng.randint(earliest, recorded)


def write_correction(
    builder: LifeBuilder,
    previous: AddressFact,
    address: Address,
    release: Placed | None,
    after: int,
    latest: int = cal.LAST_MS,
) -> AddressChanged:
    """A correction of `previous`, recorded later than `after`; `release` is the placement it mends, if any."""
    rng = builder.rng
    recorded = draw_recorded(rng, previous.occurred, SLOW, not_before=after + HOUR, latest=latest)
    return builder.add(
        AddressChanged(
            n=builder.next_n,
            occurred=previous.occurred,
            recorded=recorded,
            address=address,
            checked=_checked(rng, address, after, recorded),
            previous=previous.n,
            release=None if release is None else release.n,
            reason="CORRECTION",
            reporter=rng.weighted_choice(_REPORTERS),
            reported=rng.randint(after, recorded),
            eoir33_filed="UNKNOWN",
            eoir33_filed_day=None,
        )
    )


def write_move(
    builder: LifeBuilder, move: AddressMove, placement: Placed, not_before: int = 0
) -> AddressChanged | None:
    """A move and its correction; None where nobody had time to write it down by the last day."""
    rng = builder.rng
    earliest = max(move.occurred, not_before, placement.recorded + HOUR)
    if not within_world(earliest):
        return None
    recorded = draw_recorded(rng, move.occurred, USUAL if move.reason == "CHILD_MOVED_ALONE" else SLOW, earliest)
    earlier = [fact for fact in builder.addresses if fact.recorded < recorded and fact.occurred <= move.occurred]
    previous = max(earlier, key=lambda fact: (fact.occurred, fact.recorded))
    filed = rng.weighted_choice(_EOIR33_FILED)
    reported = rng.randint(move.occurred, recorded)
    fact = builder.add(
        AddressChanged(
            n=builder.next_n,
            occurred=move.occurred,
            recorded=recorded,
            address=move.address,
            checked=_checked(rng, move.address, move.occurred, recorded),
            previous=previous.n,
            release=None,
            reason=move.reason,
            reporter=rng.weighted_choice(_REPORTERS),
            reported=reported,
            eoir33_filed=filed,
            eoir33_filed_day=rng.randint(move.occurred // DAY, recorded // DAY) if filed == "YES" else None,
        )
    )
    if move.correction is not None and within_world(recorded + HOUR):
        write_correction(builder, fact, move.correction, None, recorded)
    return fact


def write_runaway(builder: LifeBuilder, occurred: int) -> RanAway:
    """An absence from custody, reported to police, ICE and NCMEC within hours."""
    rng = builder.rng
    recorded = draw_recorded(rng, occurred, PROMPT)

    def notified(chance: float, within: int) -> int | None:
        moment = occurred + rng.randint(5 * MINUTE, within)
        return moment if rng.chance(chance) and moment <= recorded else None

    police, ncmec = notified(0.95, 4 * HOUR), notified(0.85, 12 * HOUR)
    return builder.add(
        RanAway(
            n=builder.next_n,
            occurred=occurred,
            recorded=recorded,
            area=builder.program_locality.area,
            last_seen=occurred - rng.randint(10 * MINUTE, 9 * HOUR) if rng.chance(0.9) else None,
            setting=rng.weighted_choice(_SETTINGS),
            kind=rng.weighted_choice(_KINDS),
            police=police,
            ncmec=ncmec,
            fojc=notified(0.8, 24 * HOUR),
            attorney=notified(0.5, 48 * HOUR),
            advocate=notified(0.2, 48 * HOUR),
            incident=f"EVT-SYN-{rng.randint(1, 9_999_999):07}" if rng.chance(0.9) else None,
        )
    )


def write_located(builder: LifeBuilder, absence: RanAway | LeftSponsor, occurred: int, setting: str) -> Located:
    """The end of an absence; three in five name it, which needs it written down first."""
    rng = builder.rng
    names = rng.chance(0.6) and within_world(absence.recorded + MINUTE)
    return builder.add(
        Located(
            n=builder.next_n,
            occurred=occurred,
            recorded=draw_recorded(rng, occurred, USUAL, absence.recorded + MINUTE if names else 0),
            closes=absence.n if names else None,
            by=rng.weighted_choice(_LOCATED_BY),
            condition=rng.weighted_choice(_CONDITIONS),
            setting=setting,
        )
    )


def write_returned_runaways(builder: LifeBuilder, arrived: int, placed: int) -> None:
    """One or two absences from custody, each ended before the placement."""
    rng = builder.rng
    step = (placed - arrived) // 10
    for start in (1, 6) if rng.chance(0.2) else (1,):
        absence = write_runaway(builder, arrived + start * step + rng.randint(0, step))
        found = absence.occurred + rng.randint(HOUR, 2 * step)
        write_located(builder, absence, found, "ORR_CUSTODY")


@dataclass(frozen=True, slots=True)
class SponsorAbsence:
    """An absence from the sponsor; `found` is None where it has not ended.

    `alone`: it became known where the child went, who had moved away alone.
    """

    occurred: int
    reported: int
    alone: bool
    found: int | None


def draw_sponsor_absences(rng: Rng, since: int, until: int) -> list[SponsorAbsence]:
    """Absences from the sponsor between two moments, none before the one before it has ended."""
    absences: list[SponsorAbsence] = []
    free_from = since
    for start in range(since, until, QUARTER):
        if not rng.chance(_LEFT_A_QUARTER):
            continue
        occurred = start + rng.randint(DAY, QUARTER)
        reported = occurred + rng.randint(HOUR, 60 * DAY)
        found = occurred + rng.randint(6 * HOUR, 150 * DAY)
        alone, ends = rng.chance(0.12), rng.chance(_FOUND)
        if occurred >= until or occurred < free_from or not within_world(reported):
            continue
        ended = not alone and ends and within_world(found) and found < until
        absences.append(SponsorAbsence(occurred, reported, alone, found if ended else None))
        if not ended:
            break
        free_from = found
    return absences


def write_sponsor_absence(builder: LifeBuilder, planned: SponsorAbsence, placement: Placed) -> None:
    """An absence from the sponsor, and what ended it or where the child went."""
    rng = builder.rng
    alone = planned.alone and within_world(placement.recorded + HOUR)
    absence = builder.add(
        LeftSponsor(
            n=builder.next_n,
            occurred=planned.occurred,
            recorded=draw_recorded(rng, planned.reported, USUAL),
            area=builder.locality_at(planned.occurred).area,
            last_known_day=planned.occurred // DAY - rng.randint(0, 10) if rng.chance(0.8) else None,
            learned_from=rng.weighted_choice(_LEARNED),
            reported=planned.reported,
            reported_to_police=rng.weighted_choice(_ANSWERS),
            cps_report=rng.weighted_choice(_ANSWERS),
            whereabouts_known=alone,
            concern=f"NOC-SYN-{rng.randint(1, 9_999_999):07}" if rng.chance(0.6) else None,
        )
    )
    if alone:
        locality = move_destination(rng, builder.locality_at(planned.occurred))
        address = write_address(rng, locality, any_finding(rng))
        write_move(
            builder, AddressMove(planned.occurred, address, None, "CHILD_MOVED_ALONE"), placement, planned.reported
        )
    if planned.found is not None:
        write_located(builder, absence, planned.found, rng.weighted_choice(_AFTER_SPONSOR))
