"""Which keys a child goes by, and who said so, from the events under all keys that merges tie together; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casefeed.case.amendments import recording_order
from casefeed.case.facts import FactKind, fact_of
from casefeed.case.merges import MergedChild, merged_children
from casefeed.read.queries import StoredEvent


@dataclass(frozen=True, slots=True)
class KeyMerge:
    """A merge that names a key of the child: `goes` into `stays`, as `event` says; in force or undone since."""

    surviving_key: str
    merged_key: str
    event: StoredEvent
    in_force: bool


@dataclass(frozen=True, slots=True)
class ChildKeys:
    """The keys of a child, the one it was asked for by, and every merge that ever named one of them."""

    requested: str
    child: MergedChild
    merges: tuple[KeyMerge, ...] = ()


def resolve_keys(requested: str, events_by_key: Mapping[str, Sequence[StoredEvent]]) -> ChildKeys:
    """The keys of the child that `asked` stands for; `told` are the events under each key that is tied to it."""
    facts = {
        key: [fact_of(each.event_type.short_name, each.body) for each in events]
        for key, events in events_by_key.items()
    }
    child = next(each for each in merged_children(facts) if requested in each.keys)
    in_force = {fact.event_id for fact in child.merges}
    events = {each.event_id: each for under in events_by_key.values() for each in under}
    merges = [(key, fact) for key, under in facts.items() for fact in under if fact.kind is FactKind.MERGE]
    mergings = [
        KeyMerge(key, fact.about, events[fact.event_id], fact.event_id in in_force)
        for key, fact in sorted(merges, key=lambda each: recording_order(each[1]))
        if key in child.keys or fact.about in child.keys
    ]
    return ChildKeys(requested, child, tuple(mergings))
