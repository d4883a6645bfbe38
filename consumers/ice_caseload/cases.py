"""The handler of ICE's intake: new events into cases, counters and lists, in the transaction that holds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain

from casefeed.case.address import Finding
from casefeed.case.casefile import CaseFile, absences, current_area, failures, release_address, step
from casefeed.case.facts import Fact, Kind, fact_of
from casefeed.case.figures import Steps, difference
from casefeed.read.store import Held
from casefeed.sqlite import statements
from ice_caseload.words import plain

SQL = statements("ice_caseload", "ledger.sql")
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

Row = tuple[str, str, int, str, str, str, int, int | None]


def take_in(db: sqlite3.Connection, held: Sequence[Held]) -> None:
    """Bring cases, counters and lists up to date with new events; any order, each event once."""
    new: dict[str, list[Fact]] = {}
    for each in held:
        fact = fact_of(each.event.event_type.short, each.event.body)
        new.setdefault(each.event.header["child_key"], []).append(fact)
    steps: Steps = Steps()
    kept: list[tuple[str, str, str]] = []
    for child_key, facts in new.items():
        row = db.execute(SQL["case_of"], (child_key,)).fetchone()
        before = after = CaseFile() if row is None else CaseFile.from_json(row[0])
        for fact in facts:
            after = step(after, fact)
        kinds = frozenset(fact.kind for fact in facts)
        steps.update(difference(before, after, kinds))
        kept.append((child_key, current_area(after), after.to_json()))
        if kinds & LISTING_KINDS:
            db.execute(SQL["unlist"], (child_key,))
            db.executemany(SQL["list_row"], list(rows_of(child_key, after)))
    db.executemany(SQL["keep_case"], kept)
    db.executemany(SQL["post_step"], [(*key, amount) for key, amount in steps.items() if amount])


def rows_of(child_key: str, case: CaseFile) -> Iterator[Row]:
    """What the lists show of a child."""
    return chain(_absences(child_key, case), _failures(child_key, case), _addresses(child_key, case))


def _absences(child_key: str, case: CaseFile) -> Iterator[Row]:
    for absence in absences(case):
        left, back = absence.left, absence.back
        what = "from ORR custody" if absence.from_custody else "from sponsor"
        ended = None if back is None else back.occurred_at
        yield (
            "absences",
            left.area,
            left.occurred_at,
            child_key,
            left.event_id,
            what,
            left.recorded_at,
            ended,
        )


def _failures(child_key: str, case: CaseFile) -> Iterator[Row]:
    for failure in failures(case):
        first = failure.first
        yield (
            "failures", first.area, first.occurred_at, child_key, failure.hearing_id, plain(first.detail),
            first.recorded_at, None,
        )  # fmt: skip


def _addresses(child_key: str, case: CaseFile) -> Iterator[Row]:
    held = release_address(case)
    if held is not None and held.finding is not Finding.NONE:
        placed, stated = held.placed, held.stated
        yield (
            "addresses", stated.area, placed.occurred_at, child_key, placed.event_id, held.finding.words,
            stated.recorded_at, None,
        )  # fmt: skip
