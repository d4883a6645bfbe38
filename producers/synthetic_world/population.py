"""Drawing lives: a child's life follows from seed, scale and the child's number alone.

No life needs another (a brother or sister draws the shared part again), so any number of lives can be made
one by one in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from synthetic_world import calibration as cal
from synthetic_world.addresses import BY_STATE, any_finding
from synthetic_world.allocation import Exit, Failure, Lot, Plan, Service
from synthetic_world.court_case import (
    Docket,
    draw_missed,
    draw_service,
    latest_filing,
    write_accepted,
    write_issued_and_served,
    write_renewed,
    write_unserved,
)
from synthetic_world.days import DAY, HOUR, birthday
from synthetic_world.families import (
    Family,
    Home,
    draw_arrival,
    draw_birth,
    draw_family,
    draw_home,
    draw_moves,
)
from synthetic_world.life_builder import FOR_EVER, JAN_2025, PROMPT, Draft, record, room
from synthetic_world.lives import Child, Life, TurnedEighteen
from synthetic_world.names import Numbers, given_name, surname, token
from synthetic_world.placements import (
    draw_leavings,
    write_arrival,
    write_home,
    write_leaving,
    write_move,
    write_returned_runaways,
    write_runaway,
)
from synthetic_world.rng import Dice, Weighted

_AT_18_IN_CARE = Weighted(
    (("SPONSOR", 10), ("LICENSED_PROGRAM", 20), ("SUPPORT_ORG", 40), ("ICE_CUSTODY", 30))
)
_TOLD_AT_18 = 0.3  # of children with a sponsor: ORR hears of the birthday only while it gives services
_RENEWED = 0.03


class World:
    """All lives of a seed and a scale."""

    def __init__(self, seed: int, scale: int) -> None:
        self.seed = seed
        self.scale = scale
        self.plan = Plan(seed, scale)
        self._numbers = Numbers(seed)

    def lives(self) -> Iterator[Life]:
        """Every life, one at a time."""
        return map(self.life, range(self.plan.children))

    def life(self, index: int) -> Life:
        """The life of child `index`."""
        lot = self.plan.of(index)
        dice = Dice(self.seed, self.scale, "child", index)
        family, back = self._family_and_return(dice, index, lot)
        birth = self._birth(index, lot, family)
        failing = lot.cell.failure is not Failure.NEVER
        draft = Draft(
            dice=dice,
            index=index,
            birth=birth,
            language=family.language,
            program_place=family.arrival.program_place,
            represented=dice.chance(cal.REPRESENTED_OF_FAILING if failing else cal.REPRESENTED),
        )
        write_arrival(draft, family.arrival)
        self._write_care(draft, lot, family)
        if family.home is not None:
            self._write_homes(draft, lot, family.home, back)
        _write_case(draft, lot, family)
        unknown = frozenset(fact.n for fact in draft.facts if dice.chance(0.04))
        facts = sorted(draft.with_notice_status(unknown), key=lambda fact: (fact.recorded, fact.n))
        return Life(index=index, child=self._child(dice, index, lot, family, birth), facts=tuple(facts))

    def _child(self, dice: Dice, index: int, lot: Lot, family: Family, birth: int) -> Child:
        male = dice.chance(cal.MALE)
        alias = f"{given_name(dice, female=not male)} {surname(dice)}"
        return Child(
            key=token(self.seed, self.scale, "child", index),
            a_number=self._numbers.a_number(index) if dice.chance(0.96) else None,
            portal_id=self._numbers.portal_id(index),
            given_name=given_name(dice, female=not male),
            surname=family.surname,
            aliases=(alias,) if dice.chance(0.05) else (),
            birth=birth,
            birth_basis=("SELF_REPORTED", "DOCUMENT")[dice.chance(0.7)] if dice.chance(0.97) else "ESTIMATED",
            sex="MALE" if male else "FEMALE",
            country=family.country,
            language=family.language,
            sibling_group=token(family.key, "siblings") if lot.sibling else None,
        )

    def _birth(self, index: int, lot: Lot, family: Family) -> int:
        placed = None if family.home is None else family.home.placed // DAY
        arrived = family.arrival.arrived // DAY
        elder = None
        if lot.sibling and index % 2:
            elder = draw_birth(Dice(self.seed, self.scale, "birth", index - 1), lot, arrived, placed)
        return draw_birth(Dice(self.seed, self.scale, "birth", index), lot, arrived, placed, elder)

    def _family_and_return(self, dice: Dice, index: int, lot: Lot) -> tuple[Family, tuple[int, Home] | None]:
        """The family, and for a few the return into care with the home after it.

        The release address that counts on 2025-01-31 is that of the latest placement, so a home that was
        left again before has a finding of its own.
        """
        family = draw_family(self.seed, self.scale, lot, lot.cell.finding)
        may_return = not lot.sibling and lot.cell.failure is Failure.NEVER and not lot.ran_away_and_returned
        if family.home is None or not may_return or not dice.chance(cal.BACK_IN_CARE):
            return family, None
        back = family.home.placed + dice.between(60 * DAY, 600 * DAY)
        again = back + dice.between(15 * DAY, 80 * DAY)
        if again // DAY >= birthday(self._birth(index, lot, family), 18) or not room(again):
            return family, None
        counts = again < JAN_2025
        finding = lot.cell.finding if counts else any_finding(dice)
        place = dice.pick(BY_STATE[family.home.address.place.state])
        home = draw_home(dice, again, place, finding, family.home.program, f"{family.key}-{back}")
        if counts:
            family = draw_family(self.seed, self.scale, lot, any_finding(dice))
        return family, (back, home)

    def _write_care(self, draft: Draft, lot: Lot, family: Family) -> None:
        """The first stay in care: until the placement, the birthday or the absence, or for good."""
        arrived = family.arrival.arrived
        match lot.cell.exit:
            case Exit.PLACED if family.home is not None:
                draft.care.append((arrived, family.home.placed))
                if lot.ran_away_and_returned:
                    write_returned_runaways(draft, arrived, family.home.placed)
            case Exit.AGED_OUT:
                draft.care.append((arrived, _write_eighteen(draft, in_care_since=arrived)))
            case Exit.RAN_AWAY:
                absent = arrived + draft.dice.between(DAY, 40 * DAY)
                draft.care.append((arrived, absent))
                write_runaway(draft, absent)
            case _:
                draft.care.append((arrived, FOR_EVER))

    def _write_homes(self, draft: Draft, lot: Lot, home: Home, back: tuple[int, Home] | None) -> None:
        left = FOR_EVER if back is None else back[0]
        self._write_stay(draft, lot, home, left)
        if back is not None:
            draft.care.append((left, back[1].placed))
            if draft.dice.chance(0.5):
                arrival = replace(draw_arrival(draft.dice, left), agency="ICE_ERO")
                write_arrival(draft, arrival)
            self._write_stay(draft, lot, back[1], FOR_EVER)
        eighteen = birthday(draft.birth, 18) * DAY
        if room(eighteen + DAY) and draft.dice.chance(_TOLD_AT_18):
            _write_eighteen(draft, in_care_since=None)

    def _write_stay(self, draft: Draft, lot: Lot, home: Home, left: int) -> None:
        """A placement and what follows until `left`; a child who moves away alone follows no family move."""
        placement = write_home(draft, home)
        until = min(left, cal.LAST_MS)
        eighteen = birthday(draft.birth, 18) * DAY
        leavings = draw_leavings(draft.dice, home.placed, min(until, eighteen))
        alone = next((leaving.occurred for leaving in leavings if leaving.alone), FOR_EVER)
        shared = Dice(self.seed, self.scale, "moves", lot.family, home.placed)
        for move in draw_moves(shared, home.address.place, home.placed, until):
            if move.occurred < alone:
                write_move(draft, move, placement)
        for leaving in leavings:
            write_leaving(draft, leaving, placement)


def _write_eighteen(draft: Draft, in_care_since: int | None) -> int:
    """The eighteenth birthday; returns when it was, or the discharge on it."""
    dice = draft.dice
    day = birthday(draft.birth, 18)
    occurred = day * DAY + dice.between(5 * HOUR, 23 * HOUR)
    in_care = in_care_since is not None
    made = max(in_care_since or 0, occurred - dice.between(10 * DAY, 30 * DAY))
    recorded = record(dice, occurred, PROMPT)
    notified = occurred + dice.between(0, 30 * HOUR)
    draft.add(
        TurnedEighteen(
            n=draft.n,
            occurred=occurred,
            recorded=recorded,
            birthday=day,
            discharged_to=dice.draw(_AT_18_IN_CARE) if in_care else "SPONSOR",
            plan_made=made if in_care else None,
            plan_updated=max(made, occurred - dice.between(HOUR, 30 * HOUR)) if in_care else None,
            least_restrictive=in_care and dice.chance(0.7),
            notified=notified if in_care and notified <= recorded else None,
        )
    )
    return occurred


def _write_case(draft: Draft, lot: Lot, family: Family) -> None:
    """The Notice to Appear and, once it is filed, the hearings."""
    cell, dice = lot.cell, draft.dice
    apprehended, arrived = family.arrival.apprehended, family.arrival.arrived
    if cell.service is Service.NEVER:
        if dice.chance(cal.ISSUED_NOT_SERVED):
            write_unserved(draft, apprehended, arrived)
        return
    served = draw_service(draft, cell, apprehended, arrived)
    nta = write_issued_and_served(draft, served, apprehended, arrived)
    since = max(served, arrived)  # a Notice served at the border is filed once the child has arrived
    if cell.failure is not Failure.NEVER and family.home is not None:
        missed = draw_missed(draft, cell.failure, max(served + 34 * DAY, family.home.placed + 21 * DAY))
        filed = write_accepted(draft, nta, since, latest_filing(missed))
        if filed is not None:
            Docket(draft, filed).miss(missed)
    elif dice.chance(cal.SERVED_AND_FILED):
        renewed = write_renewed(draft, nta, since) if dice.chance(_RENEWED) else None
        nta, since = renewed or (nta, since)
        filed = write_accepted(draft, nta, since, cal.LAST_MS)
        if filed is not None:
            Docket(draft, filed).attend()
