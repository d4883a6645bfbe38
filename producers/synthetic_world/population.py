"""Drawing lives: a child's life follows from seed, scale and the child's number alone.

No life needs another (a brother or sister draws the shared part again), so any number of lives can be made
one by one in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from synthetic_world import calibration as cal
from synthetic_world.addresses import BY_STATE, any_finding
from synthetic_world.allocation import Allocation, Assignment, Exit, FailurePeriod, ServicePeriod
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
    PlacementPlan,
    draw_arrival,
    draw_birth_day,
    draw_family,
    draw_moves,
    draw_placement,
)
from synthetic_world.life_builder import FOREVER, JAN_2025, PROMPT, LifeBuilder, draw_recorded, within_world
from synthetic_world.lives import ChildIdentity, Life, TurnedEighteen
from synthetic_world.names import Identifiers, given_name, surname, token
from synthetic_world.placements import (
    draw_sponsor_absences,
    write_arrival,
    write_move,
    write_placement,
    write_returned_runaways,
    write_runaway,
    write_sponsor_absence,
)
from synthetic_world.rng import Rng, Weighted

_AT_18_IN_CARE = Weighted((("SPONSOR", 10), ("LICENSED_PROGRAM", 20), ("SUPPORT_ORG", 40), ("ICE_CUSTODY", 30)))
_RECORDED_AT_18 = 0.3  # of children with a sponsor: ORR learns of the birthday only while it gives services
_RENEWED = 0.03


class World:
    """All lives of a seed and a scale."""

    def __init__(self, seed: int, scale: int) -> None:
        self.seed = seed
        self.scale = scale
        self.allocation = Allocation(seed, scale)
        self._identifiers = Identifiers(seed)

    def lives(self) -> Iterator[Life]:
        """Every life, one at a time."""
        return map(self.life, range(self.allocation.children))

    def life(self, index: int) -> Life:
        """The life of child `index`."""
        assignment = self.allocation.assignment(index)
        rng = Rng(self.seed, self.scale, "child", index)
        family, back = self._family_and_return(rng, index, assignment)
        birth = self._birth(index, assignment, family)
        failing = assignment.cell.failure is not FailurePeriod.NEVER
        builder = LifeBuilder(
            rng=rng,
            index=index,
            birth=birth,
            language=family.language,
            program_locality=family.arrival.program_locality,
            represented=rng.chance(cal.REPRESENTED_OF_FAILING if failing else cal.REPRESENTED),
        )
        write_arrival(builder, family.arrival)
        self._write_care(builder, assignment, family)
        if family.placement is not None:
            self._write_placements(builder, assignment, family.placement, back)
        _write_case(builder, assignment, family)
        unknown = frozenset(fact.n for fact in builder.facts if rng.chance(0.04))
        facts = sorted(builder.with_nta_status(unknown), key=lambda fact: (fact.recorded, fact.n))
        return Life(index=index, child=self._child(rng, index, assignment, family, birth), facts=tuple(facts))

    def _child(self, rng: Rng, index: int, assignment: Assignment, family: Family, birth: int) -> ChildIdentity:
        male = rng.chance(cal.MALE)
        alias = f"{given_name(rng, female=not male)} {surname(rng)}"
        return ChildIdentity(
            key=token(self.seed, self.scale, "child", index),
            a_number=self._identifiers.a_number(index) if rng.chance(0.96) else None,
            portal_id=self._identifiers.portal_id(index),
            given_name=given_name(rng, female=not male),
            surname=family.surname,
            aliases=(alias,) if rng.chance(0.05) else (),
            birth=birth,
            birth_basis=("SELF_REPORTED", "DOCUMENT")[rng.chance(0.7)] if rng.chance(0.97) else "ESTIMATED",
            sex="MALE" if male else "FEMALE",
            country=family.country,
            language=family.language,
            sibling_group=token(family.key, "siblings") if assignment.sibling else None,
        )

    def _birth(self, index: int, assignment: Assignment, family: Family) -> int:
        placed = None if family.placement is None else family.placement.placed // DAY
        arrived = family.arrival.arrived // DAY
        elder = None
        if assignment.sibling and index % 2:
            elder = draw_birth_day(Rng(self.seed, self.scale, "birth", index - 1), assignment, arrived, placed)
        return draw_birth_day(Rng(self.seed, self.scale, "birth", index), assignment, arrived, placed, elder)

    def _family_and_return(
        self, rng: Rng, index: int, assignment: Assignment
    ) -> tuple[Family, tuple[int, PlacementPlan] | None]:
        """The family, and for a few the return into care with the placement after it.

        The release address that counts on 2025-01-31 is that of the latest placement, so one that
        ended before has a finding of its own.
        """
        family = draw_family(self.seed, self.scale, assignment, assignment.cell.finding)
        may_return = (
            not assignment.sibling
            and assignment.cell.failure is FailurePeriod.NEVER
            and not assignment.ran_away_and_returned
        )
        if family.placement is None or not may_return or not rng.chance(cal.BACK_IN_CARE):
            return family, None
        back = family.placement.placed + rng.randint(60 * DAY, 600 * DAY)
        again = back + rng.randint(15 * DAY, 80 * DAY)
        if again // DAY >= birthday(self._birth(index, assignment, family), 18) or not within_world(again):
            return family, None
        counts = again < JAN_2025
        finding = assignment.cell.finding if counts else any_finding(rng)
        locality = rng.choice(BY_STATE[family.placement.address.locality.state])
        plan = draw_placement(rng, again, locality, finding, family.placement.program, f"{family.key}-{back}")
        if counts:
            family = draw_family(self.seed, self.scale, assignment, any_finding(rng))
        return family, (back, plan)

    def _write_care(self, builder: LifeBuilder, assignment: Assignment, family: Family) -> None:
        """The first stay in care: until the placement, the birthday or the absence, or for good."""
        arrived = family.arrival.arrived
        match assignment.cell.exit:
            case Exit.PLACED if family.placement is not None:
                builder.care.append((arrived, family.placement.placed))
                if assignment.ran_away_and_returned:
                    write_returned_runaways(builder, arrived, family.placement.placed)
            case Exit.AGED_OUT:
                builder.care.append((arrived, _write_eighteen(builder, in_care_since=arrived)))
            case Exit.RAN_AWAY:
                absent = arrived + builder.rng.randint(DAY, 40 * DAY)
                builder.care.append((arrived, absent))
                write_runaway(builder, absent)
            case _:
                builder.care.append((arrived, FOREVER))

    def _write_placements(
        self,
        builder: LifeBuilder,
        assignment: Assignment,
        plan: PlacementPlan,
        back: tuple[int, PlacementPlan] | None,
    ) -> None:
        left = FOREVER if back is None else back[0]
        self._write_stay(builder, assignment, plan, left)
        if back is not None:
            builder.care.append((left, back[1].placed))
            if builder.rng.chance(0.5):
                arrival = replace(draw_arrival(builder.rng, left), agency="ICE_ERO")
                write_arrival(builder, arrival)
            self._write_stay(builder, assignment, back[1], FOREVER)
        eighteen = birthday(builder.birth, 18) * DAY
        if within_world(eighteen + DAY) and builder.rng.chance(_RECORDED_AT_18):
            _write_eighteen(builder, in_care_since=None)

    def _write_stay(self, builder: LifeBuilder, assignment: Assignment, plan: PlacementPlan, left: int) -> None:
        """A placement and what follows until `left`; a child who moves away alone follows no family move."""
        placement = write_placement(builder, plan)
        until = min(left, cal.LAST_MS)
        eighteen = birthday(builder.birth, 18) * DAY
        absences = draw_sponsor_absences(builder.rng, plan.placed, min(until, eighteen))
        alone = next((planned.occurred for planned in absences if planned.alone), FOREVER)
        shared = Rng(self.seed, self.scale, "moves", assignment.family, plan.placed)
        for move in draw_moves(shared, plan.address.locality, plan.placed, until):
            if move.occurred < alone:
                write_move(builder, move, placement)
        for planned in absences:
            write_sponsor_absence(builder, planned, placement)


def _write_eighteen(builder: LifeBuilder, in_care_since: int | None) -> int:
    """The eighteenth birthday; returns when it was, or the discharge on it."""
    rng = builder.rng
    day = birthday(builder.birth, 18)
    occurred = day * DAY + rng.randint(5 * HOUR, 23 * HOUR)
    in_care = in_care_since is not None
    made = max(in_care_since or 0, occurred - rng.randint(10 * DAY, 30 * DAY))
    recorded = draw_recorded(rng, occurred, PROMPT)
    notified = occurred + rng.randint(0, 30 * HOUR)
    builder.add(
        TurnedEighteen(
            n=builder.next_n,
            occurred=occurred,
            recorded=recorded,
            birthday=day,
            discharged_to=rng.weighted_choice(_AT_18_IN_CARE) if in_care else "SPONSOR",
            plan_made=made if in_care else None,
            plan_updated=max(made, occurred - rng.randint(HOUR, 30 * HOUR)) if in_care else None,
            least_restrictive=in_care and rng.chance(0.7),
            notified=notified if in_care and notified <= recorded else None,
        )
    )
    return occurred


def _write_case(builder: LifeBuilder, assignment: Assignment, family: Family) -> None:
    """The Notice to Appear and, once it is filed, the hearings."""
    cell, rng = assignment.cell, builder.rng
    apprehended, arrived = family.arrival.apprehended, family.arrival.arrived
    if cell.service is ServicePeriod.NEVER:
        if rng.chance(cal.ISSUED_NOT_SERVED):
            write_unserved(builder, apprehended, arrived)
        return
    served = draw_service(builder, cell, apprehended, arrived)
    nta = write_issued_and_served(builder, served, apprehended, arrived)
    since = max(served, arrived)  # a Notice served at the border is filed once the child has arrived
    if cell.failure is not FailurePeriod.NEVER and family.placement is not None:
        missed = draw_missed(builder, cell.failure, max(served + 34 * DAY, family.placement.placed + 21 * DAY))
        filed = write_accepted(builder, nta, since, latest_filing(missed))
        if filed is not None:
            Docket(builder, filed).miss(missed)
    elif rng.chance(cal.SERVED_AND_FILED):
        renewed = write_renewed(builder, nta, since) if rng.chance(_RENEWED) else None
        nta, since = renewed or (nta, since)
        filed = write_accepted(builder, nta, since, cal.LAST_MS)
        if filed is not None:
            Docket(builder, filed).attend()
