"""The bundles of a batch: children who are read, judged and kept together, since merges tie their keys.

A child of whom something was amended is a bundle of its own. All of it happens in the one transaction of the intake,
begun with the write lock: that is the lock on both keys, and there is no second writer to wait for in any order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from casefeed.case.facts import Fact, Kind
from casefeed.case.merges import tied
from casefeed.read.event_log import numbered
from casefeed.store import among
from ice_caseload.ledger import SQL

Keys = dict[str, int]
"""The children of a bundle: their numbers by key, in order of number."""


def bundles_of(
    db: sqlite3.Connection, new: Mapping[int, Sequence[Fact]], amended: Collection[int]
) -> list[Keys]:
    """The bundles that the `new` facts of children concern; `amended` are those who have such that amend or merge.

    A key that a merge names and nobody has told of yet gets its number here.
    """
    known: dict[int, int] = dict(among(db, SQL["bundled_among"], list(new)))
    if not known and not amended:
        return []
    merges = [(child, fact.about) for child in amended for fact in new[child] if fact.kind is Kind.MERGE]
    numbers = numbered(db, [about for _, about in merges])
    known |= dict(among(db, SQL["bundled_among"], list(numbers.values())))
    pairs = [(child, numbers[about]) for child, about in merges]
    pairs += [tuple(row) for row in among(db, SQL["members_among"], sorted(set(known.values())))]
    groups = tied([*known, *amended], pairs)
    keys = dict(among(db, SQL["keys_among"], [child for group in groups for child in group]))
    return [{keys[child]: child for child in group} for group in groups]
