"""The handler of ICE's intake: new events into cases, counters and lists, in the transaction that holds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain

from casefeed.case.address import Finding
from casefeed.case.casefile import CaseFile, absences, current_area, failures, release_address, step
from casefeed.case.facts import Fact, Kind, fact_of
from casefeed.case.figures import post
from casefeed.read.log import Held
from casefeed.sqlite import among, statements
from ice_caseload.words import plain

SQL = statements("ice_caseload", "ledger.sql")
NO_CASE = CaseFile()
LISTING_KINDS = frozenset(
    (
        Kind.RUNAWAY,
        Kind.LEFT_SPONSOR,
        Kind.LOCATED,
        Kind.FAILURE,
        Kind.PLACEMENT,
        Kind.CORRECTION,
    )
)
"""The facts that the lists are made of; a case whose other facts change keeps its rows."""

Row = tuple[str, str, int, int, str, str, int, int | None]


def take_in(db: sqlite3.Connection, held: Sequence[Held]) -> None:
    """Bring cases, counters and lists up to date with new events; any order, each event once."""
    new: dict[int, list[Fact]] = {}
    for each in held:
        fact = fact_of(each.event.event_type.short, each.event.body)
        new.setdefault(each.child, []).append(fact)
    cases = {row[0]: CaseFile.from_json(row[1]) for row in among(db, SQL["cases_of"], list(new))}
    steps: dict[tuple[str, int, int], int] = {}
    kept: list[tuple[int, str, str]] = []
    unlisted: list[tuple[int]] = []
    listed: list[Row] = []
    for child, facts in new.items():
        before = after = cases.get(child, NO_CASE)
        for fact in facts:
            after = step(after, fact)
        kinds = frozenset(fact.kind for fact in facts)
        post(steps, after, kinds)
        post(steps, before, kinds, -1)
        kept.append((child, current_area(after), after.to_json()))
        if not kinds.isdisjoint(LISTING_KINDS):
            rows, were = list(rows_of(child, after)), list(rows_of(child, before))
            if rows != were:
                unlisted += [(child,)] if were else []
                listed += rows
    db.executemany(SQL["unlist"], unlisted)
    db.executemany(SQL["list_row"], listed)
    db.executemany(SQL["keep_case"], sorted(kept))
    db.executemany(SQL["post_step"], sorted((*key, amount) for key, amount in steps.items() if amount))


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
