"""What children of whom something was amended add to the figures: counted anew for each day on which more was known.

Slow and plainly right: a correction may change any fact into any other, so that nothing of the quick way holds. Such
children are few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from casefeed.case.amendments import facts_in_force, recording_order
from casefeed.case.casefile import CaseFile
from casefeed.case.facts import Fact
from casefeed.case.merges import merged_children

FigureSteps = Counter[tuple[str, int, int]]


def recount_figures(
    facts_by_key: Mapping[str, Sequence[Fact]], count: Callable[[CaseFile], FigureSteps], since: int
) -> FigureSteps:
    """The steps of the children that these keys stand for, as if nothing had been known before the day `since`.

    The keys are all that merges, in force or not, tie together. `count` gives the steps of a child of whom nothing is
    amended. What is believed on a day follows from what was recorded by then, and from nothing later.
    """
    steps: FigureSteps = Counter()
    believed: Counter[tuple[str, int]] = Counter()
    days = {max(fact.day_known, since) for facts in facts_by_key.values() for fact in facts}
    for known in sorted(days):
        now: Counter[tuple[str, int]] = Counter()
        for case in cases_known_on(facts_by_key, known):
            for (figure, true, _), amount in count(case).items():
                now[figure, true] += amount
        for figure, true in now.keys() | believed.keys():
            steps[figure, true, known] = now[figure, true] - believed[figure, true]
        believed = now
    return steps


def cases_known_on(facts_by_key: Mapping[str, Sequence[Fact]], known: int) -> list[CaseFile]:
    """The cases of the children as they were known on a day; all facts as if recorded on one day, in their order."""
    seen = {key: [fact for fact in facts if fact.day_known <= known] for key, facts in facts_by_key.items()}
    cases = []
    for child in merged_children(seen):
        facts = facts_in_force([fact for key in child.keys for fact in seen.get(key, ())])
        rank = {fact.event_id: number for number, fact in enumerate(sorted(facts, key=recording_order))}
        cases.append(CaseFile(tuple(sorted(fact._replace(recorded_at=rank[fact.event_id]) for fact in facts))))
    return cases
