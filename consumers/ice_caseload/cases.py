"""The handler of ICE's intake: new events into cases, counters and lists, in the transaction that holds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from casefeed.case.address import Finding
from casefeed.case.casefile import (
    CaseFile,
    absences,
    current_area,
    failures,
    fold,
    release_address,
    step,
)
from casefeed.case.facts import Fact, Kind, fact_of, kinds_of
from casefeed.case.figures import COUNTED_KINDS, post, post_together
from casefeed.case.merges import OneChild, children
from casefeed.read.event_log import Held
from casefeed.store import among
from ice_caseload.bundles import bundles_of
from ice_caseload.ledger import SQL
from ice_caseload.words import plain

Child = TypeVar("Child", int, str)
"""How a store names a child: the ledger by its number; one that has no numbers by the key."""


Row = tuple[str, str, int, Child, str, str, int, int | None]


@dataclass(slots=True)
class Change(Generic[Child]):
    """What new facts change: counters by (figure, day true, day known), children to list anew, and their rows.

    `bundled`: child, bundle, the child that it is shown under, and whether merges disagree.
    """

    steps: dict[tuple[str, int, int], int] = field(default_factory=dict)
    unlisted: list[tuple[str, Child]] = field(default_factory=list)
    listed: list[Row[Child]] = field(default_factory=list)
    bundled: list[tuple[Child, Child, Child, bool]] = field(default_factory=list)

    def list_anew(self, name: str, were: list[Row[Child]], rows: list[Row[Child]]) -> None:
        """Put `rows` in the place of those that were in a list."""
        if rows != were:
            self.unlisted += [(name, child) for child in dict.fromkeys(row[3] for row in were)]
            self.listed += rows


def take_in(db: sqlite3.Connection, held: Sequence[Held]) -> None:
    """Bring cases, counters and lists up to date with new events; any order, each event once."""
    new: dict[int, list[Fact]] = {}
    amended: set[int] = set()
    for each in held:
        fact = fact_of(each.event.event_type.short, each.event.body)
        new.setdefault(each.child, []).append(fact)
        if fact.amends or fact.kind is Kind.MERGE:
            amended.add(each.child)
    bundles = bundles_of(db, new, amended)
    in_bundles = {child for keys in bundles for child in keys.values()}
    alone = {child: facts for child, facts in new.items() if child not in in_bundles} if bundles else new
    change = changed(cases_of(db, moved_by(alone)), alone)
    for keys in bundles:
        changed_together(change, keys, cases_of(db, sorted(keys.values())), new)
    db.executemany(
        SQL["keep_fact"], [(child, *fact.to_row()) for child, facts in new.items() for fact in facts]
    )
    db.executemany(SQL["bundle"], change.bundled)
    db.executemany(SQL["unlist"], change.unlisted)
    db.executemany(SQL["list_row"], change.listed)
    db.executemany(SQL["post_step"], sorted((*key, n) for key, n in change.steps.items() if n))


def moved_by(new: Mapping[Child, Sequence[Fact]]) -> list[Child]:
    """The children of whom a new fact may move a figure or a list."""
    return [child for child, facts in new.items() if any(fact.kind in MOVING_KINDS for fact in facts)]


def cases_of(db: sqlite3.Connection, children: Sequence[int]) -> dict[int, CaseFile]:
    """The cases of these children as they are held."""
    facts: dict[int, list[Fact]] = {child: [] for child in children}
    for child, *row in among(db, SQL["facts_of"], children):
        facts[child].append(Fact.from_row(row))
    return {child: CaseFile(tuple(held)) for child, held in facts.items()}


def changed(cases: Mapping[Child, CaseFile], new: Mapping[Child, Sequence[Fact]]) -> Change[Child]:
    """What the `new` facts of children change in figures and lists, given the `cases` of those they move; pure.

    Of children who are in no bundle: nothing of them is amended.
    """
    change: Change[Child] = Change()
    for child, before in cases.items():
        facts = new[child]
        after = before
        for fact in facts:
            after = step(after, fact)
        post(change.steps, before, after, facts)
        for name in _lists_of(kinds_of(facts)):
            rows = LISTS[name].rows
            change.list_anew(name, list(rows(child, before)), list(rows(child, after)))
    return change


def changed_together(
    change: Change[Child],
    keys: Mapping[str, Child],
    cases: Mapping[Child, CaseFile],
    new: Mapping[Child, Sequence[Fact]],
) -> None:
    """Add to `change` what the `new` facts change of a bundle: of the children of `keys`, given all their `cases`.

    Rows stand under the key that a child is shown under; pure.
    """
    before: dict[str, tuple[Fact, ...]] = {key: cases[child].facts for key, child in keys.items()}
    after = {key: held + tuple(new.get(keys[key], ())) for key, held in before.items()}
    fresh = [fact for child in keys.values() for fact in new.get(child, ())]
    post_together(change.steps, before, after, fresh)
    were, rows = _rows_together(keys, before), _rows_together(keys, after)
    for name in rows:
        change.list_anew(name, were[name], rows[name])
    bundle = min(keys.values())
    for one in children(after):
        change.bundled += [(keys[key], bundle, keys[one.shown], one.disagree) for key in one.keys]


def _rows_together(
    keys: Mapping[str, Child], facts: Mapping[str, Sequence[Fact]]
) -> dict[str, list[Row[Child]]]:
    rows: dict[str, list[Row[Child]]] = {name: [] for name in (*LISTS, "disagreements")}
    for one in children(facts):
        child, case = keys[one.shown], fold(fact for key in one.keys for fact in facts[key])
        for name, each in LISTS.items():
            rows[name] += each.rows(child, case)
        if one.disagree:
            rows["disagreements"].append(_disagreement(child, one, case))
    return rows


def _disagreement(child: Child, one: OneChild, case: CaseFile) -> Row[Child]:
    last = one.merges[-1]
    what = f"{len(one.merges)} merges of {len(one.keys)} keys do not say which one stays"
    return (
        "disagreements", current_area(case), last.occurred_at, child, last.event_id, what, last.recorded_at, None,
    )  # fmt: skip


def _absences(child: Child, case: CaseFile) -> Iterator[Row[Child]]:
    for absence in absences(case):
        left, back = absence.left, absence.back
        what = "from ORR custody" if absence.from_custody else "from sponsor"
        ended = None if back is None else back.occurred_at
        yield (
            "absences",
            left.area,
            left.occurred_at,
            child,
            left.event_id,
            what,
            case.telling(left).recorded_at,
            ended,
        )


def _failures(child: Child, case: CaseFile) -> Iterator[Row[Child]]:
    for failure in failures(case):
        first = failure.first
        yield (
            "failures", first.area, first.occurred_at, child, failure.hearing_id, plain(first.detail),
            case.telling(first).recorded_at, None,
        )  # fmt: skip


def _addresses(child: Child, case: CaseFile) -> Iterator[Row[Child]]:
    held = release_address(case)
    if held is not None and held.finding is not Finding.NONE:
        placed, stated = held.placed, held.stated
        yield (
            "addresses", stated.area, placed.occurred_at, child, placed.event_id, held.finding.words,
            case.telling(stated).recorded_at, None,
        )  # fmt: skip


class Listing(NamedTuple):
    """One list: the kinds of fact that it is made of, and a child's rows in it."""

    reads: frozenset[Kind]
    rows: Callable[[Any, CaseFile], Iterator[Row[Any]]]


LISTS = {
    "absences": Listing(frozenset((Kind.RUNAWAY, Kind.LEFT_SPONSOR, Kind.LOCATED)), _absences),
    "failures": Listing(frozenset((Kind.FAILURE,)), _failures),
    "addresses": Listing(frozenset((Kind.PLACEMENT, Kind.CORRECTION)), _addresses),
}
MOVING_KINDS = COUNTED_KINDS.union(*(each.reads for each in LISTS.values()))
"""The facts that move a figure or a list; the others are only kept."""


@cache
def _lists_of(kinds: frozenset[Kind]) -> tuple[str, ...]:
    return tuple(name for name, each in LISTS.items() if each.reads & kinds)
