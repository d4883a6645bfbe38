"""Which child keys stand for one child, by the merges in force.

Merges have no order and no direction here: keys that they join are one child, whichever stays. The direction only
says under which key the child is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from casefeed.case.amendments import facts_in_force, recording_order
from casefeed.case.facts import Fact, FactKind


@dataclass(frozen=True, slots=True)
class MergedChild:
    """The keys that stand for one child, and the key that it is shown under.

    `merges`: those in force that join them, the last recorded last. `conflicting`: they do not say which one key
    stays.
    """

    keys: tuple[str, ...]
    display_key: str
    merges: tuple[Fact, ...] = ()
    conflicting: bool = False


def merged_children(facts_by_key: Mapping[str, Sequence[Fact]]) -> list[MergedChild]:
    """The children that keys stand for, given the facts told under each; a key that only a merge names is one too.

    Whether a merge is in force is settled among the keys that merges, in force or not, tie together: what is told
    under another key takes none back.
    """
    surviving_keys = {
        fact.event_id: key for key, facts in facts_by_key.items() for fact in facts if fact.kind is FactKind.MERGE
    }
    if not surviving_keys:
        return [MergedChild((key,), key) for key in sorted(facts_by_key)]
    named = [
        (key, fact.about) for key, facts in facts_by_key.items() for fact in facts if fact.event_id in surviving_keys
    ]
    found = []
    for component in connected_components(facts_by_key, named):
        every = facts_in_force([fact for key in component for fact in facts_by_key.get(key, ())])
        merges = sorted((fact for fact in every if fact.kind is FactKind.MERGE), key=recording_order)
        pairs = ((surviving_keys[each.event_id], each.about) for each in merges)
        found += [
            _merged_child(keys, [each for each in merges if each.about in keys], surviving_keys)
            for keys in connected_components(component, pairs)
        ]
    return sorted(found, key=lambda each: each.keys)


KeyName = TypeVar("KeyName", int, str)
"""How keys are named: by themselves, or by their number in a store."""


def connected_components(
    names: Iterable[KeyName], pairs: Iterable[tuple[KeyName, KeyName]]
) -> list[tuple[KeyName, ...]]:
    """`names`, and those of `pairs`, in groups that the pairs tie together; each group, and all of them, in order."""
    groups = {name: {name} for name in names}
    for one, other in pairs:
        both = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(both, both))
    return sorted({tuple(sorted(group)) for group in groups.values()})


def _merged_child(keys: tuple[str, ...], merges: Sequence[Fact], surviving_keys: Mapping[str, str]) -> MergedChild:
    if not merges:
        return MergedChild(keys, keys[0])
    left = set(keys) - {each.about for each in merges}
    agreed = len(left) == 1
    shown = left.pop() if agreed else surviving_keys[merges[-1].event_id]
    return MergedChild(keys, shown, tuple(merges), conflicting=not agreed)
