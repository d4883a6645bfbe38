"""The handler of the intake: new events into cases, counters and lists, in the transaction that stores them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from casefeed.case.address import AddressFinding
from casefeed.case.casefile import (
    CaseFile,
    absences,
    add_fact,
    current_area,
    fold_facts,
    missed_hearings,
    release_address,
)
from casefeed.case.facts import Fact, FactKind, fact_of, kinds_of
from casefeed.case.figures import COUNTED_KINDS, post_changes, post_merged_changes
from casefeed.case.merges import merged_children
from casefeed.ledger.database import SQL
from casefeed.ledger.display import humanize
from casefeed.ledger.merged_keys import affected_key_groups
from casefeed.read.event_log import NewEvent
from casefeed.store import execute_in_chunks

ChildRef = TypeVar("ChildRef", int, str)
"""How a store names a child: the ledger by its number; one that has no numbers by the key."""


ListRow = tuple[str, str, int, ChildRef, str, str, int, int | None]


@dataclass(slots=True)
class ProjectionChange(Generic[ChildRef]):
    """What new facts change: counters by (figure, day true, day known), children to list anew, and their rows.

    `bundled`: child, bundle, the child that it is shown under, and whether merges disagree.
    """

    steps: dict[tuple[str, int, int], int] = field(default_factory=dict)
    deleted_rows: list[tuple[str, ChildRef]] = field(default_factory=list)
    inserted_rows: list[ListRow[ChildRef]] = field(default_factory=list)
    key_groups: list[tuple[ChildRef, ChildRef, ChildRef, bool]] = field(default_factory=list)

    def replace_rows(self, name: str, before: list[ListRow[ChildRef]], after: list[ListRow[ChildRef]]) -> None:
        """Put the rows `after` in the place of those `before` in a list."""
        if after != before:
            self.deleted_rows += [(name, child) for child in dict.fromkeys(row[3] for row in before)]
            self.inserted_rows += after


def apply_events(db: sqlite3.Connection, events: Sequence[NewEvent]) -> None:
    """Bring cases, counters and lists up to date with new events; any order, each event once."""
    new: dict[int, list[Fact]] = {}
    amended: set[int] = set()
    for each in events:
        fact = fact_of(each.event.event_type.short_name, each.event.body)
        new.setdefault(each.child, []).append(fact)
        if fact.amends or fact.kind is FactKind.MERGE:
            amended.add(each.child)
    bundles = affected_key_groups(db, new, amended)
    in_bundles = {child for keys in bundles for child in keys.values()}
    alone = {child: facts for child, facts in new.items() if child not in in_bundles} if bundles else new
    change = compute_changes(load_cases(db, affected_children(alone)), alone)
    for keys in bundles:
        add_merged_changes(change, keys, load_cases(db, sorted(keys.values())), new)
    db.executemany(SQL["insert_fact"], [(child, *fact.to_row()) for child, facts in new.items() for fact in facts])
    db.executemany(SQL["upsert_key_group"], change.key_groups)
    db.executemany(SQL["delete_list_rows"], change.deleted_rows)
    db.executemany(SQL["insert_list_row"], change.inserted_rows)
    db.executemany(SQL["add_figure_step"], sorted((*key, n) for key, n in change.steps.items() if n))


def affected_children(new: Mapping[ChildRef, Sequence[Fact]]) -> list[ChildRef]:
    """The children of whom a new fact may move a figure or a list."""
    return [child for child, facts in new.items() if any(fact.kind in PROJECTED_KINDS for fact in facts)]


def load_cases(db: sqlite3.Connection, children: Sequence[int]) -> dict[int, CaseFile]:
    """The cases of these children as they are stored."""
    facts: dict[int, list[Fact]] = {child: [] for child in children}
    for child, *row in execute_in_chunks(db, SQL["facts_of_children"], children):
        facts[child].append(Fact.from_row(row))
    return {child: CaseFile(tuple(each)) for child, each in facts.items()}


def compute_changes(
    cases: Mapping[ChildRef, CaseFile], new: Mapping[ChildRef, Sequence[Fact]]
) -> ProjectionChange[ChildRef]:
    """What the `new` facts of children change in figures and lists, given the `cases` of those they move; pure.

    Of children who are in no bundle: nothing of them is amended.
    """
    change: ProjectionChange[ChildRef] = ProjectionChange()
    for child, before in cases.items():
        facts = new[child]
        after = before
        for fact in facts:
            after = add_fact(after, fact)
        post_changes(change.steps, before, after, facts)
        for name in _lists_for(kinds_of(facts)):
            rows = LISTS[name].rows
            change.replace_rows(name, list(rows(child, before)), list(rows(child, after)))
    return change


def add_merged_changes(
    change: ProjectionChange[ChildRef],
    keys: Mapping[str, ChildRef],
    cases: Mapping[ChildRef, CaseFile],
    new: Mapping[ChildRef, Sequence[Fact]],
) -> None:
    """Add to `change` what the `new` facts change of a bundle: of the children of `keys`, given all their `cases`.

    Rows stand under the key that a child is shown under; pure.
    """
    before: dict[str, tuple[Fact, ...]] = {key: cases[child].facts for key, child in keys.items()}
    after = {key: stored + tuple(new.get(keys[key], ())) for key, stored in before.items()}
    fresh = [fact for child in keys.values() for fact in new.get(child, ())]
    post_merged_changes(change.steps, before, after, fresh)
    were, rows = _merged_rows(keys, before), _merged_rows(keys, after)
    for name in rows:
        change.replace_rows(name, were[name], rows[name])
    bundle = min(keys.values())
    for one in merged_children(after):
        change.key_groups += [(keys[key], bundle, keys[one.display_key], one.conflicting) for key in one.keys]


def _merged_rows(
    keys: Mapping[str, ChildRef], facts: Mapping[str, Sequence[Fact]]
) -> dict[str, list[ListRow[ChildRef]]]:
    rows: dict[str, list[ListRow[ChildRef]]] = {name: [] for name in (*LISTS, "disagreements")}
    for one in merged_children(facts):
        child, case = keys[one.display_key], fold_facts(fact for key in one.keys for fact in facts[key])
        for name, each in LISTS.items():
            rows[name] += each.rows(child, case)
        if one.conflicting:
            name, area, last = "disagreements", current_area(case), one.merges[-1]
            what = f"{len(one.merges)} merges of {len(one.keys)} keys do not say which one stays"
            rows[name].append((name, area, last.occurred_at, child, last.event_id, what, last.recorded_at, None))
    return rows


def _absences(child: ChildRef, case: CaseFile) -> Iterator[ListRow[ChildRef]]:
    for absence in absences(case):
        left, back = absence.departure, absence.ended_by
        what = "from ORR custody" if absence.from_custody else "from sponsor"
        ended = None if back is None else back.occurred_at
        recorded_at = case.source_fact(left).recorded_at
        yield "absences", left.area, left.occurred_at, child, left.event_id, what, recorded_at, ended


def _failures(child: ChildRef, case: CaseFile) -> Iterator[ListRow[ChildRef]]:
    for failure in missed_hearings(case):
        first, about = failure.first_report, failure.hearing_id
        what, recorded_at = humanize(first.detail), case.source_fact(first).recorded_at
        yield "failures", first.area, first.occurred_at, child, about, what, recorded_at, None


def _addresses(child: ChildRef, case: CaseFile) -> Iterator[ListRow[ChildRef]]:
    release = release_address(case)
    if release is not None and release.finding is not AddressFinding.NONE:
        placed, stated = release.placement, release.address_fact
        what, recorded_at = release.finding.label, case.source_fact(stated).recorded_at
        yield "addresses", stated.area, placed.occurred_at, child, placed.event_id, what, recorded_at, None


class ListDefinition(NamedTuple):
    """One list: the kinds of fact that it is made of, and a child's rows in it."""

    kinds: frozenset[FactKind]
    rows: Callable[[Any, CaseFile], Iterator[ListRow[Any]]]


LISTS = {
    "absences": ListDefinition(
        frozenset((FactKind.RUNAWAY_FROM_CUSTODY, FactKind.ABSENT_FROM_SPONSOR, FactKind.LOCATED)), _absences
    ),
    "failures": ListDefinition(frozenset((FactKind.FAILURE_TO_APPEAR,)), _failures),
    "addresses": ListDefinition(frozenset((FactKind.PLACEMENT, FactKind.ADDRESS_CORRECTION)), _addresses),
}
PROJECTED_KINDS = COUNTED_KINDS.union(*(each.kinds for each in LISTS.values()))
"""The facts that move a figure or a list; the others are only kept."""


@cache
def _lists_for(kinds: frozenset[FactKind]) -> tuple[str, ...]:
    return tuple(name for name, each in LISTS.items() if each.kinds & kinds)
