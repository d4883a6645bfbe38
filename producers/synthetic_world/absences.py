"""Absences from custody and from the sponsor, and how they end."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic_world import calibration as cal
from synthetic_world.addresses import any_finding, move_from, write_address
from synthetic_world.days import DAY, HOUR, MINUTE
from synthetic_world.dice import Dice, Weighted
from synthetic_world.draft import Draft
from synthetic_world.families import QUARTER, Move
from synthetic_world.homes import write_move
from synthetic_world.lives import LeftSponsor, Located, Placed, RanAway
from synthetic_world.recording import PROMPT, USUAL, record, room

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
