"""`casefeed ice list`: children who are absent, who failed to appear, whose address mail cannot reach."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from casefeed.read.queries import uncertain_among
from casefeed.store import as_list
from ice_caseload import words
from ice_caseload.commands import answers
from ice_caseload.completeness import complete_up_to
from ice_caseload.ledger import SQL

TITLES = {
    "absences": "Absences from ORR custody and from sponsors",
    "failures": "Hearings at which a child failed to appear",
    "addresses": "Release addresses that mail cannot reach",
    "disagreements": "Children of whom merges do not say which key stays",
}
COLUMNS = ("child", "area", "since", "what", "known since", "ended", "uncertain")
FIELDS = ("child_key", "area", "since", "what", "known_since", "ended", "uncertain", "about")


@click.command("list")
@click.argument("which", type=click.Choice(list(TITLES)))
@click.option(
    "--area", callback=answers.area_code, metavar="CODE", help="Only this ERO area, by its three letters."
)
@click.option("--since", type=answers.DAY, help="Only what came about on this UTC day or later.")
@click.option("--until", type=answers.DAY, help="Only what came about on this UTC day or before.")
@click.option("--open", "lasting", is_flag=True, help="Only what still lasts.")
@answers.limit_option()
@answers.form_option("table", "json", "csv")
def listing(
    which: str,
    area: str | None,
    since: datetime | None,
    until: datetime | None,
    lasting: bool,
    limit: int | None,
    form: str,
) -> None:
    """Children by what needs somebody, the longest ago first; days are UTC days.

    A missed hearing is one row however often it was told; an address is listed until a correction makes it good. Keys
    that were merged are one child, under the key that stays.
    """
    now = answers.now_ms()
    filters = (which, area, answers.start_of(since), answers.start_of(until, after=1), lasting)
    at_most = answers.limit_of(limit, form)
    with answers.asked() as db:
        found = db.execute(SQL["listed"], (*filters, -1 if at_most is None else at_most)).fetchall()
        count = int(db.execute(SQL["listed_count"], filters).fetchone()[0])
        uncertain = _uncertain(db, [row["child_key"] for row in found])
        complete = complete_up_to(db, now)
    rows = [_row(row, row["child_key"] in uncertain) for row in found]
    chosen = {
        "area": area,
        "since": None if since is None else since.date().isoformat(),
        "until": None if until is None else until.date().isoformat(),
        "open": lasting,
    }
    if form == "json":
        answers.say_json(
            {"list": which, "filters": chosen, "count": count, "complete": complete.as_json(), "rows": rows}
        )
    elif form == "csv":
        answers.say_csv(FIELDS, ([row[name] for name in FIELDS] for row in rows))
    else:
        _show(which, chosen, count, rows, now)
        answers.say_complete(complete)
    complete.hold()


def _uncertain(db: sqlite3.Connection, shown: Sequence[str]) -> frozenset[str]:
    """Those of the keys shown of which something, under whichever key it was told, is uncertain."""
    merged = db.execute(SQL["shown_under"], (as_list(shown),)).fetchall()
    lacking = uncertain_among(db, {*shown, *(row["child_key"] for row in merged)})
    also = {row["shown"] for row in merged if row["disagree"] or row["child_key"] in lacking}
    return lacking | also


def _row(row: Any, uncertain: bool) -> dict[str, Any]:
    return {
        "child_key": row["child_key"],
        "area": row["area"],
        "since": words.iso(row["since"]),
        "since_ms": row["since"],
        "what": row["what"],
        "known_since": words.iso(row["recorded_at"]),
        "ended": words.iso(row["ended"]),
        "uncertain": uncertain,
        "about": row["about"],
    }


def _show(which: str, chosen: dict[str, Any], count: int, rows: list[dict[str, Any]], now: int) -> None:
    named = {
        "area": f"in {words.area(chosen['area'])}" if chosen["area"] else "in every area",
        "since": f"since {chosen['since']}" if chosen["since"] else "",
        "until": f"until {chosen['until']}" if chosen["until"] else "",
        "open": "that still last" if chosen["open"] else "",
    }
    scope = ", ".join(filter(None, named.values()))
    if not rows:
        click.echo(
            f"{TITLES[which]}, {scope}: none. Leave out a filter to see more; where nothing has been read yet, "
            "`casefeed ice intake` reads the feed."
        )
        return
    answers.say_table(
        f"{TITLES[which]}, {scope}: {answers.how_many(len(rows), count)}; days are UTC",
        COLUMNS,
        (
            (
                row["child_key"],
                words.area(row["area"]),
                f"{row['since'][:10]} ({words.ago(row['since_ms'], now)})",
                row["what"],
                row["known_since"][:10],
                row["ended"][:10] if row["ended"] else "lasts" if which == "absences" else "",
                "uncertain" if row["uncertain"] else "",
            )
            for row in rows
        ),
    )
