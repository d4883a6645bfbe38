"""What of a child's facts is in force, once corrections and retractions are counted in.

An amendment is a fact among the others, so late, twice, or before the event that it speaks of are all the same set
(docs/decisions/amendments-are-facts.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from casefeed.case.facts import Fact, Kind

TAKING_BACK = frozenset((Kind.RETRACTION, Kind.UNMERGE))


def when_recorded(fact: Fact) -> tuple[int, str]:
    """What decides which of two facts was recorded last."""
    return fact.recorded_at, fact.event_id


def leads_to(event_id: str, names: Mapping[str, str]) -> list[str]:
    """The events that one leads to by what it `names`, and so on, itself first; a circle is followed once round."""
    way = [event_id]
    while way[-1] in names and names[way[-1]] not in way:
        way.append(names[way[-1]])
    return way


def in_force(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts that count, in order: none that is taken back, each as its last correction has it.

    A corrected fact keeps its event's id, which others refer to, and where the event is held its `recorded_at`.
    """
    held = {fact.event_id: fact.recorded_at for fact in facts}
    return tuple(
        sorted(
            fact._replace(event_id=event_id, recorded_at=held.get(event_id, fact.recorded_at), amends="")
            for event_id, fact in stated(facts).items()
        )
    )


def stated(facts: Iterable[Fact]) -> dict[str, Fact]:
    """By event id, the fact that states each event in force: the event's own, or that of its last correction.

    What takes an event back takes back all that restates it. A correction whose event is not held stands alone.
    """
    facts = list(facts)
    back = taken_back(facts)
    counting = [fact for fact in facts if fact.event_id not in back and fact.kind not in TAKING_BACK]
    standing = {fact.event_id: fact for fact in counting if not fact.amends}
    names = _restating(facts)
    for fact in sorted((fact for fact in counting if fact.amends), key=when_recorded):
        standing[leads_to(fact.event_id, names)[-1]] = fact
    return standing


def _restating(facts: Iterable[Fact]) -> dict[str, str]:
    """What each correction restates."""
    return {fact.event_id: fact.amends for fact in facts if fact.amends and fact.kind not in TAKING_BACK}


def taken_back(facts: Sequence[Fact]) -> frozenset[str]:
    """The ids of those facts that are taken back: retracted, undone, or restating what is."""
    gone, undone = _taken_back([fact for fact in facts if fact.kind in TAKING_BACK])
    names = _restating(facts)
    return frozenset(
        fact.event_id
        for fact in facts
        if not gone.isdisjoint(leads_to(fact.event_id, names))
        or (fact.kind is Kind.MERGE and fact.event_id in undone)
    )


def _taken_back(takers: Sequence[Fact]) -> tuple[set[str], set[str]]:
    """The events that are retracted, and the merges that are undone.

    A retraction counts unless one that counts takes it back, whatever their clocks say. Of retractions that take back
    each other in a circle the last recorded counts; one that names itself says nothing.
    """
    left = {fact.event_id: fact for fact in takers if fact.amends != fact.event_id}
    named = Counter(fact.amends for fact in left.values() if fact.kind is Kind.RETRACTION)
    ready = [fact for fact in left.values() if not named[fact.event_id]]
    gone: set[str] = set()
    undone: set[str] = set()
    while left:
        fact = ready.pop() if ready else max(left.values(), key=when_recorded)
        del left[fact.event_id]
        counts = fact.event_id not in gone
        if fact.kind is Kind.UNMERGE:
            undone.update([fact.amends] if counts else [])
            continue
        gone.update([fact.amends] if counts else [])
        named[fact.amends] -= 1
        if fact.amends in left and not named[fact.amends]:
            ready.append(left[fact.amends])
    return gone, undone
