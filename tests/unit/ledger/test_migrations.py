"""A ledger of release 0.1 opens, takes on the tables of this release, and goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from importlib.resources import files

from casefeed.case.casefile import fold_facts
from casefeed.case.facts import fact_of
from casefeed.case.figures import figure_steps
from casefeed.store import connect
from casefeed.store.statements import migrate
from tests.events import corrected, merged, raw
from tests.feedkit import child_key
from tests.unit.ledger.ledger_fixture import CommandResult, LedgerFixture

FIRST = "0001_facts_figures_and_lists.sql"


def test_a_ledger_of_the_first_release_goes_on(caseload: LedgerFixture, ask: Callable[..., CommandResult]) -> None:
    """What it derived stays, and a correction of what it holds, and a merge, move its figures and lists."""
    placed = raw("SponsorPlacement", 1, 2, address_quality="BLANK")
    facts = [
        fact_of(*each) for each in (("ChildTransferred", raw("ChildTransferred", 1, 1)), ("SponsorPlacement", placed))
    ]
    with closing(connect(caseload.path)) as db:
        migrate(db, "casefeed.read")
        db.executescript((files("casefeed.ledger") / "migrations" / FIRST).read_text(encoding="utf-8"))
        db.execute("INSERT INTO migration VALUES ('ice_caseload', 1, ?)", (FIRST,))
        db.execute("INSERT INTO child VALUES (1, ?)", (child_key(1),))
        db.executemany(
            "INSERT INTO fact VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [each.to_row()[:9] for each in facts]
        )
        steps = [(*key, amount) for key, amount in figure_steps(fold_facts(facts)).items()]
        db.executemany("INSERT INTO figure_step VALUES (?, ?, ?, ?)", steps)
        at = placed["header"]["occurred_at"]
        row = ("addresses", "SNA", at, 1, placed["header"]["event_id"], "blank", at, None)
        db.execute("INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert ask("list", "addresses").code == 3  # a question does not change the file
    caseload.apply(
        corrected(3, ("SponsorPlacement", placed), address_quality="UNDELIVERABLE"),
        ("ChildTransferred", raw("ChildTransferred", 2, 1)),
        merged(1, 2, 4, days=9),
    )
    (listed,) = ask("list", "addresses", "--format", "json").json["rows"]
    assert (listed["child_key"], listed["what"]) == (child_key(1), "undeliverable")
    card = ask("scorecard", "--as-of", "2021-01-01", "--format", "json").json["figures"]
    counted = [card[name] for name in ("transfers", "release_address_blank", "release_address_undeliverable")]
    assert counted == [1, 0, 1]
