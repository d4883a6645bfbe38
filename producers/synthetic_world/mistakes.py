"""A fact as somebody wrote it down wrongly: what a contradicting record says."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from synthetic_world.addresses import other_finding, write_address
from synthetic_world.days import DAY, MINUTE
from synthetic_world.dice import Dice
from synthetic_world.lives import AddressFact, Fact, HearingMissed, NoticeFiled

F = TypeVar("F", bound=Fact)


def mistaken(dice: Dice, fact: F) -> F:
    """`fact` with something wrong in it that a figure may count: its address, its answer, or its day."""
    match fact:
        case AddressFact():
            address = write_address(dice, fact.address.place, other_finding(dice, fact.address.finding))
            return replace(fact, address=address, checked=None if address.method == "NONE" else fact.recorded)
        case NoticeFiled():
            return replace(fact, accepted=not fact.accepted)
        case HearingMissed():
            return replace(fact, not_present=not fact.not_present)
        case _:
            return replace(fact, occurred=fact.occurred - dice.between(DAY, 90 * DAY))


def told_again(dice: Dice, fact: F, n: int, *, before: bool) -> F:
    """`fact` written down wrongly a second time, as fact `n`, a minute before or after the right one."""
    return replace(
        mistaken(dice, fact),
        n=n,
        occurred=fact.occurred - dice.between(2 * MINUTE, 90 * DAY),
        recorded=fact.recorded - MINUTE if before else fact.recorded + MINUTE,
    )
