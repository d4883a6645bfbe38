"""Which child keys stand for one child, by the merges in force.

Merges have no order and no direction here: keys that they join are one child, whichever stays. The direction only
says under which key the child is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from casefeed.case.amendments import in_force, when_recorded
from casefeed.case.facts import Fact, Kind


@dataclass(frozen=True, slots=True)
class OneChild:
    """The keys that stand for one child, and the key that it is shown under.

    `merges`: those in force that join them, the last recorded last. `disagree`: they do not say which one key stays.
    """

    keys: tuple[str, ...]
    shown: str
    merges: tuple[Fact, ...] = ()
    disagree: bool = False


def children(facts_by_key: Mapping[str, Sequence[Fact]]) -> list[OneChild]:
    """The children that keys stand for, given the facts told under each; a key that only a merge names is one too.

    Whether a merge is in force is settled among the keys that merges, in force or not, tie together: what is told
    under another key takes none back.
    """
    stays = {
        fact.event_id: key for key, facts in facts_by_key.items() for fact in facts if fact.kind is Kind.MERGE
    }
    if not stays:
        return [OneChild((key,), key) for key in sorted(facts_by_key)]
    named = [
        (key, fact.about) for key, facts in facts_by_key.items() for fact in facts if fact.event_id in stays
    ]
    found = []
    for bundle in tied(facts_by_key, named):
        every = in_force([fact for key in bundle for fact in facts_by_key.get(key, ())])
        merges = sorted((fact for fact in every if fact.kind is Kind.MERGE), key=when_recorded)
        pairs = ((stays[each.event_id], each.about) for each in merges)
        found += [
            _one(keys, [each for each in merges if each.about in keys], stays) for keys in tied(bundle, pairs)
        ]
    return sorted(found, key=lambda each: each.keys)


Name = TypeVar("Name", int, str)
"""How keys are named: by themselves, or by their number in a store."""


def tied(names: Iterable[Name], pairs: Iterable[tuple[Name, Name]]) -> list[tuple[Name, ...]]:
    """`names`, and those of `pairs`, in groups that the pairs tie together; each group, and all of them, in order."""
    groups = {name: {name} for name in names}
    for one, other in pairs:
        both = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(both, both))
    return sorted({tuple(sorted(group)) for group in groups.values()})


def _one(keys: tuple[str, ...], merges: Sequence[Fact], stays: Mapping[str, str]) -> OneChild:
    if not merges:
        return OneChild(keys, keys[0])
    left = set(keys) - {each.about for each in merges}
    agreed = len(left) == 1
    shown = left.pop() if agreed else stays[merges[-1].event_id]
    return OneChild(keys, shown, tuple(merges), disagree=not agreed)
