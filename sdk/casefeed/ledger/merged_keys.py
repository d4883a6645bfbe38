"""The keys of a child that merges tie together: those of a batch, those of one child, and who said so.

Children whose keys merges tie are a bundle: read, judged and kept together. A child of whom something was amended is
a bundle of its own. All of it happens in the one transaction of the intake, begun with the write lock: that is the
lock on both keys, and there is no second writer to wait for in any order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from casefeed.case.amendments import recording_order
from casefeed.case.facts import Fact, FactKind, fact_of
from casefeed.case.merges import MergedChild, connected_components, merged_children
from casefeed.ledger.database import SQL
from casefeed.read import queries
from casefeed.read.queries import StoredEvent
from casefeed.store import execute_in_chunks


@dataclass(frozen=True, slots=True)
class KeyMerge:
    """A merge that names a key of the child: one key into another, as `event` says; in force or undone since."""

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
    """The keys of the child that `requested` stands for, given the events under each key that is tied to it."""
    facts = {
        key: [fact_of(each.event_type.short_name, each.body) for each in events]
        for key, events in events_by_key.items()
    }
    child = next(each for each in merged_children(facts) if requested in each.keys)
    in_force = {fact.event_id for fact in child.merges}
    events = {each.event_id: each for under in events_by_key.values() for each in under}
    merges = [(key, fact) for key, under in facts.items() for fact in under if fact.kind is FactKind.MERGE]
    key_merges = (
        KeyMerge(key, fact.about, events[fact.event_id], fact.event_id in in_force)
        for key, fact in sorted(merges, key=lambda each: recording_order(each[1]))
        if key in child.keys or fact.about in child.keys
    )
    return ChildKeys(requested, child, tuple(key_merges))


def affected_key_groups(
    db: sqlite3.Connection, new: Mapping[int, Sequence[Fact]], amended: Collection[int]
) -> list[dict[str, int]]:
    """The bundles that the `new` facts of children concern; `amended` are those who have such that amend or merge.

    Each is the numbers of its children by key, in order of number. A key that a merge names and of which nothing is
    recorded yet gets its number here.
    """
    known: dict[int, int] = dict(execute_in_chunks(db, SQL["key_groups_of_children"], list(new)))
    if not known and not amended:
        return []
    merges = [(child, fact.about) for child in amended for fact in new[child] if fact.kind is FactKind.MERGE]
    from casefeed.read.event_log import child_ids  # the intake writes; a question only reads

    numbers = child_ids(db, [about for _, about in merges])
    known |= dict(execute_in_chunks(db, SQL["key_groups_of_children"], list(numbers.values())))
    pairs = [(child, numbers[about]) for child, about in merges]
    pairs += [tuple(row) for row in execute_in_chunks(db, SQL["children_of_key_groups"], sorted(set(known.values())))]
    groups = connected_components([*known, *amended], pairs)
    keys = dict(execute_in_chunks(db, SQL["keys_of_children"], [child for group in groups for child in group]))
    return [{keys[child]: child for child in group} for group in groups]


def keys_of_child(db: sqlite3.Connection, child_key: str | None) -> tuple[str, ...] | None:
    """All keys of the child that goes by this one, in order; None where none is asked for."""
    if child_key is None:
        return None
    return tuple(row[0] for row in db.execute(SQL["keys_of_child"], (child_key,))) or (child_key,)


def uncertain_counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many `children` are uncertain, and how many records `parked` and `gaps` in a sequence make them so.

    A child that goes by several keys counts once, whichever of them are concerned.
    """
    counts = queries.uncertain_counts(db)
    merged = db.execute(SQL["merged_keys"]) if counts["children"] else ()
    child_of: dict[str, int] = dict(map(tuple, merged))
    lacking = queries.uncertain_children(db, child_of)
    again = len(lacking) - len({child_of[key] for key in lacking})
    return {**counts, "children": counts["children"] - again}
