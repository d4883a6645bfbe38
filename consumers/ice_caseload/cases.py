"""The handler of ICE's intake: new events into cases, counters and lists, in the transaction that holds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from casefeed.case.address import Finding
from casefeed.case.casefile import CaseFile, absences, failures, release_address, step
from casefeed.case.facts import Fact, Kind, fact_of
from casefeed.case.figures import COUNTED_KINDS, post
from casefeed.read.log import Held
from casefeed.sqlite import among, statements
from ice_caseload.words import plain

SQL = statements("ice_caseload", "ledger.sql")
LISTING_KINDS = frozenset(
    (Kind.RUNAWAY, Kind.LEFT_SPONSOR, Kind.LOCATED, Kind.FAILURE, Kind.PLACEMENT, Kind.CORRECTION)
)
"""The facts that the lists are made of; a case whose other facts change keeps its rows."""
MOVING_KINDS = LISTING_KINDS | COUNTED_KINDS
"""The facts that move a figure or a list; the others are only kept."""

Row = tuple[str, str, int, int, str, str, int, int | None]


@dataclass(slots=True)
class Change:
    """What new facts change: counters by (figure, day true, day known), children to list anew, and their rows."""

    steps: dict[tuple[str, int, int], int] = field(default_factory=dict)
    unlisted: list[tuple[int]] = field(default_factory=list)
    listed: list[Row] = field(default_factory=list)


def take_in(db: sqlite3.Connection, held: Sequence[Held]) -> None:
    """Bring cases, counters and lists up to date with new events; any order, each event once."""
    new: dict[int, list[Fact]] = {}
    for each in held:
        fact = fact_of(each.event.event_type.short, each.event.body)
        new.setdefault(each.child, []).append(fact)
    change = changed(cases_of(db, moved_by(new)), new)
    db.executemany(
        SQL["keep_fact"], [(child, *fact.to_row()) for child, facts in new.items() for fact in facts]
    )
    db.executemany(SQL["unlist"], change.unlisted)
    db.executemany(SQL["list_row"], change.listed)
    db.executemany(SQL["post_step"], sorted((*key, n) for key, n in change.steps.items() if n))


def moved_by(new: Mapping[int, Sequence[Fact]]) -> list[int]:
    """The children of whom a new fact may move a figure or a list."""
    return [child for child, facts in new.items() if any(fact.kind in MOVING_KINDS for fact in facts)]


def cases_of(db: sqlite3.Connection, children: Sequence[int]) -> dict[int, CaseFile]:
    """The cases of these children as they are held."""
    facts: dict[int, list[Fact]] = {child: [] for child in children}
    for child, *row in among(db, SQL["facts_of"], children):
        facts[child].append(Fact.from_row(row))
    return {child: CaseFile(tuple(held)) for child, held in facts.items()}


def changed(cases: Mapping[int, CaseFile], new: Mapping[int, Sequence[Fact]]) -> Change:
    """What the `new` facts of children change in figures and lists, given the `cases` of those they move; pure."""
    change = Change()
    for child, before in cases.items():
        after = before
        for fact in new[child]:
            after = step(after, fact)
        kinds = frozenset(fact.kind for fact in new[child])
        post(change.steps, after, kinds)
        post(change.steps, before, kinds, -1)
        if not kinds.isdisjoint(LISTING_KINDS):
            rows, were = list(rows_of(child, after)), list(rows_of(child, before))
            if rows != were:
                change.unlisted += [(child,)] if were else []
                change.listed += rows
    return change


def rows_of(child: int, case: CaseFile) -> Iterator[Row]:
    """What the lists show of a child."""
    return chain(_absences(child, case), _failures(child, case), _addresses(child, case))


def _absences(child: int, case: CaseFile) -> Iterator[Row]:
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
            left.recorded_at,
            ended,
        )


def _failures(child: int, case: CaseFile) -> Iterator[Row]:
    for failure in failures(case):
        first = failure.first
        yield (
            "failures", first.area, first.occurred_at, child, failure.hearing_id, plain(first.detail),
            first.recorded_at, None,
        )  # fmt: skip


def _addresses(child: int, case: CaseFile) -> Iterator[Row]:
    held = release_address(case)
    if held is not None and held.finding is not Finding.NONE:
        placed, stated = held.placed, held.stated
        yield (
            "addresses", stated.area, placed.occurred_at, child, placed.event_id, held.finding.words,
            stated.recorded_at, None,
        )  # fmt: skip
