"""Histories hang together, for thousands of lives and for seeds nobody chose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic_world import calibration as cal
from synthetic_world.days import DAY
from synthetic_world.life_builder import JAN_2025, MAY_2024, OCT_2024
from synthetic_world.lives import (
    AddressChanged,
    HearingMissed,
    HearingSet,
    LeftSponsor,
    Life,
    Located,
    NtaFiling,
    NtaIssuance,
    NtaService,
    OrderedInAbsentia,
    Placed,
    RanAway,
    Transferred,
    TrueFinding,
    TurnedEighteen,
)
from synthetic_world.population import World
from tests.unit.world.histories import RULES, of


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_life_obeys(rule: Callable[[Life], None], lives: list[Life]) -> None:
    """The rule (its docstring says which) holds for all 4,480 lives."""
    for life in lives:
        rule(life)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from((1, 3, 10, 50, 1000, 4999)), st.data())
def test_lives_of_any_seed_and_scale_obey(seed: int, scale: int, data: st.DataObject) -> None:
    """The same rules hold at any seed and scale, for lives drawn alone."""
    world = World(seed, scale)
    start = data.draw(st.integers(0, world.allocation.children - 60))
    for index in range(start, start + 60):
        life = world.life(index)
        for rule in RULES:
            rule(life)


def test_a_life_needs_no_other_life(world: World, lives: list[Life]) -> None:
    """Drawn alone and out of order, a life is the same."""
    for index in (4321, 0, 777, 448):
        assert World(11, 100).life(index) == lives[index]


def test_no_two_children_share_an_identifier(lives: list[Life]) -> None:
    """Keys, A-numbers, portal ids, Notices and hearings are each one child's."""
    for name in ("key", "a_number", "portal_id"):
        values = [value for life in lives if (value := getattr(life.child, name)) is not None]
        assert len(values) == len(set(values))
    for kind, name in ((NtaIssuance, "nta"), (HearingSet, "hearing")):
        values = [getattr(fact, name) for life in lives for fact in life.facts if isinstance(fact, kind)]
        assert len(values) == len(set(values))


def test_brothers_and_sisters_share_arrival_surname_and_sponsor(lives: list[Life]) -> None:
    """About a tenth of children came with one other; ages are a twin's or eleven months apart."""
    groups = defaultdict(list)
    for life in lives:
        if life.child.sibling_group is not None:
            groups[life.child.sibling_group].append(life)
    assert 0.08 < 2 * len(groups) / len(lives) < 0.12
    for first, second in groups.values():
        assert first.child.surname == second.child.surname
        assert (first.child.country, first.child.language) == (second.child.country, second.child.language)
        assert of(first, Transferred)[0].occurred == of(second, Transferred)[0].occurred
        homes = [of(life, Placed)[0] for life in (first, second)]
        assert homes[0].sponsor.ref == homes[1].sponsor.ref
        assert (homes[0].occurred, homes[0].address) == (homes[1].occurred, homes[1].address)
        apart = abs(first.child.birth - second.child.birth)
        assert apart == 0 or apart >= 330


def test_everything_that_can_happen_happens(lives: list[Life]) -> None:
    """Each kind of fact, and each odd course of events, is there among 4,480 children."""
    kinds = Counter(type(fact) for life in lives for fact in life.facts)
    assert all(
        kinds[kind] > 0 for kind in (RanAway, LeftSponsor, Located, TurnedEighteen, OrderedInAbsentia, HearingMissed)
    )
    seen = Counter[str]()
    for life in lives:
        seen["placed again"] += len(of(life, Placed)) > 1
        seen["handed over again"] += len(of(life, Transferred)) > 1
        seen["aged out in care"] += bool(of(life, TurnedEighteen)) and not of(life, Placed)
        seen["turned 18 with the sponsor"] += bool(of(life, TurnedEighteen)) and bool(of(life, Placed))
        seen["notice written anew"] += len(of(life, NtaIssuance)) > 1
        seen["served twice"] += len(of(life, NtaService)) > 1
        seen["filing rejected, then accepted"] += len(of(life, NtaFiling)) > 1
        seen["missed twice"] += len({fact.hearing for fact in of(life, HearingMissed)}) > 1
        tellers = Counter(fact.recorded_by for fact in of(life, HearingMissed))
        seen["failure told by ORR"] += tellers["ORR"] > 0 and tellers["EOIR_ADAPTER"] > 0
        seen["failure told by ORR alone"] += set(tellers) == {"ORR"}
        seen["told as missed, but present"] += any(not f.not_present for f in of(life, HearingMissed))
        corrections = [fact for fact in of(life, AddressChanged) if fact.release is not None]
        seen["corrected twice"] += len(corrections) > 1
        seen["correction of a correction"] += any(fact.previous != fact.release for fact in corrections)
        seen["correction of a move"] += any(
            fact.reason == "CORRECTION" and fact.release is None for fact in of(life, AddressChanged)
        )
        seen["located, naming"] += any(fact.closes is not None for fact in of(life, Located))
        seen["located, naming none"] += any(fact.closes is None for fact in of(life, Located))
        seen["ran away and placed later"] += bool(of(life, RanAway)) and bool(of(life, Placed))
        seen["ran away for good"] += bool(of(life, RanAway)) and not of(life, Placed)
        seen["hearing moved"] += any(fact.supersedes for fact in of(life, HearingSet))
    courses = (
        "placed again",
        "handed over again",
        "aged out in care",
        "turned 18 with the sponsor",
        "notice written anew",
        "served twice",
        "filing rejected, then accepted",
        "missed twice",
        "failure told by ORR",
        "failure told by ORR alone",
        "told as missed, but present",
        "corrected twice",
        "correction of a correction",
        "correction of a move",
        "located, naming",
        "located, naming none",
        "ran away and placed later",
        "ran away for good",
        "hearing moved",
    )
    assert [course for course in courses if not seen[course]] == []
    assert 0.02 < seen["placed again"] / len(lives) < 0.05


def test_corrections_go_both_ways(lives: list[Life]) -> None:
    """Defective addresses are mended, good ones turn out defective."""
    ways = Counter[tuple[bool, bool]]()
    for life in lives:
        for placement in of(life, Placed):
            mended = [f for f in of(life, AddressChanged) if f.release == placement.n]
            if mended:
                last = max(mended, key=lambda fact: fact.recorded)
                ways[
                    placement.address.finding is not TrueFinding.NONE, last.address.finding is not TrueFinding.NONE
                ] += 1
    assert ways[True, False] > 20
    assert ways[False, True] > 5
    assert ways[False, False] > 20


def test_facts_are_recorded_minutes_days_and_months_late(lives: list[Life]) -> None:
    """Most within days, a tenth or so after two weeks, some after months."""
    late = [fact.recorded - fact.occurred for life in lives for fact in life.facts]
    assert 0.2 < sum(each < DAY for each in late) / len(late) < 0.8
    assert sum(each > 14 * DAY for each in late) / len(late) > 0.05
    assert sum(each > 120 * DAY for each in late) > 50


@pytest.mark.parametrize("night", [MAY_2024, OCT_2024, JAN_2025])
def test_facts_lie_close_to_midnight_on_both_sides_of_a_report_date(night: int, lives: list[Life]) -> None:
    """So that a day taken in any local time shows: within an hour before and after, in both clocks."""
    hour = DAY // 24
    for clock in ("occurred", "recorded"):
        moments = [getattr(fact, clock) for life in lives for fact in life.facts]
        assert any(night - hour <= moment < night for moment in moments)
        assert any(night <= moment < night + hour for moment in moments)


def test_moves_come_at_their_yearly_rate(lives: list[Life]) -> None:
    """About one move in five years with the sponsor."""
    years, moves = 0.0, 0
    for life in lives:
        placements = of(life, Placed)
        if len(placements) == 1:
            years += (cal.LAST_MS - placements[0].occurred) / (365 * DAY)
            moves += sum(fact.reason in ("FAMILY_MOVED", "OTHER") for fact in of(life, AddressChanged))
    assert 0.16 < moves / years < 0.22


def test_numbers_of_facts_in_recorded_order(lives: list[Life]) -> None:
    """A life's facts come in the order of recording."""
    for life in lives:
        assert all(before.recorded <= after.recorded for before, after in pairwise(life.facts))
