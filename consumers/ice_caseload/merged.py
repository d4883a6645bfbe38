"""Which keys a child goes by, and who said so, from the events under all keys that merges tie together; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casefeed.case.amendments import when_recorded
from casefeed.case.facts import Kind, fact_of
from casefeed.case.merges import OneChild, children
from casefeed.read.queries import Recorded


@dataclass(frozen=True, slots=True)
class Merging:
    """A merge that names a key of the child: `goes` into `stays`, as `event` says; in force or undone since."""

    stays: str
    goes: str
    event: Recorded
    in_force: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a child, the one it was asked for by, and every merge that ever named one of them."""

    asked: str
    child: OneChild
    mergings: tuple[Merging, ...] = ()


def keys_of(asked: str, told: Mapping[str, Sequence[Recorded]]) -> Keys:
    """The keys of the child that `asked` stands for; `told` are the events under each key that is tied to it."""
    facts = {
        key: [fact_of(each.event_type.short, each.body) for each in events] for key, events in told.items()
    }
    child = next(each for each in children(facts) if asked in each.keys)
    in_force = {fact.event_id for fact in child.merges}
    events = {each.event_id: each for under in told.values() for each in under}
    merges = [(key, fact) for key, under in facts.items() for fact in under if fact.kind is Kind.MERGE]
    mergings = [
        Merging(key, fact.about, events[fact.event_id], fact.event_id in in_force)
        for key, fact in sorted(merges, key=lambda each: when_recorded(each[1]))
        if key in child.keys or fact.about in child.keys
    ]
    return Keys(asked, child, tuple(mergings))
