"""What of a child's facts is in force, once corrections and retractions are counted in.

An amendment is a fact among the others, so late, twice, or before the event that it speaks of are all the same set
(docs/decisions/amendments-are-facts.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from casefeed.case.facts import Fact, FactKind

RETRACTING_KINDS = frozenset((FactKind.RETRACTION, FactKind.UNMERGE))


def recording_order(fact: Fact) -> tuple[int, str]:
    """What decides which of two facts was recorded last."""
    return fact.recorded_at, fact.event_id


def chain(event_id: str, targets: Mapping[str, str]) -> list[str]:
    """The events that one leads to by its `targets`, and so on, itself first; a circle is followed once round."""
    path = [event_id]
    while path[-1] in targets and targets[path[-1]] not in path:
        path.append(targets[path[-1]])
    return path


def facts_in_force(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts that count, in order: none that is taken back, each as its last correction has it.

    A corrected fact keeps its event's id, which others refer to, and where the event is held its `recorded_at`.
    """
    recorded_at = {fact.event_id: fact.recorded_at for fact in facts}
    return tuple(
        sorted(
            fact._replace(event_id=event_id, recorded_at=recorded_at.get(event_id, fact.recorded_at), amends="")
            for event_id, fact in current_facts(facts).items()
        )
    )


def current_facts(facts: Iterable[Fact]) -> dict[str, Fact]:
    """By event id, the fact that states each event in force: the event's own, or that of its last correction.

    What takes an event back takes back all that restates it. A correction whose event is not held stands alone.
    """
    facts = list(facts)
    retracted_ids = retracted(facts)
    counted = [fact for fact in facts if fact.event_id not in retracted_ids and fact.kind not in RETRACTING_KINDS]
    current = {fact.event_id: fact for fact in counted if not fact.amends}
    targets = _correction_targets(facts)
    for fact in sorted((fact for fact in counted if fact.amends), key=recording_order):
        current[chain(fact.event_id, targets)[-1]] = fact
    return current


def _correction_targets(facts: Iterable[Fact]) -> dict[str, str]:
    """What each correction restates."""
    return {fact.event_id: fact.amends for fact in facts if fact.amends and fact.kind not in RETRACTING_KINDS}


def retracted(facts: Sequence[Fact]) -> frozenset[str]:
    """The ids of those facts that are taken back: retracted, undone, or restating what is."""
    retracted_ids, unmerged_ids = _retracted_and_unmerged([fact for fact in facts if fact.kind in RETRACTING_KINDS])
    targets = _correction_targets(facts)
    return frozenset(
        fact.event_id
        for fact in facts
        if not retracted_ids.isdisjoint(chain(fact.event_id, targets))
        or (fact.kind is FactKind.MERGE and fact.event_id in unmerged_ids)
    )


def _retracted_and_unmerged(retractions: Sequence[Fact]) -> tuple[set[str], set[str]]:
    """The events that are retracted, and the merges that are undone.

    A retraction counts unless one that counts takes it back, whatever their clocks say. Of retractions that take back
    each other in a circle the last recorded counts; one that names itself says nothing.
    """
    remaining = {fact.event_id: fact for fact in retractions if fact.amends != fact.event_id}
    references = Counter(fact.amends for fact in remaining.values() if fact.kind is FactKind.RETRACTION)
    ready = [fact for fact in remaining.values() if not references[fact.event_id]]
    retracted_ids: set[str] = set()
    unmerged_ids: set[str] = set()
    while remaining:
        fact = ready.pop() if ready else max(remaining.values(), key=recording_order)
        del remaining[fact.event_id]
        counts = fact.event_id not in retracted_ids
        if fact.kind is FactKind.UNMERGE:
            unmerged_ids.update([fact.amends] if counts else [])
            continue
        retracted_ids.update([fact.amends] if counts else [])
        references[fact.amends] -= 1
        if fact.amends in remaining and not references[fact.amends]:
            ready.append(remaining[fact.amends])
    return retracted_ids, unmerged_ids
