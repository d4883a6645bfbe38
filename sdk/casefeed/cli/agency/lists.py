"""`casefeed ice list`: children who are absent, who failed to appear, whose address mail cannot reach."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from casefeed.cli.agency import output
from casefeed.ledger import display
from casefeed.ledger.database import SQL
from casefeed.ledger.freshness import load_freshness
from casefeed.read.queries import uncertain_children
from casefeed.store import json_array

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
    "--area", callback=output.parse_area, metavar="CODE", help="Only this ERO area, by its three letters."
)
@click.option("--since", type=output.DAY, help="Only what came about on this UTC day or later.")
@click.option("--until", type=output.DAY, help="Only what came about on this UTC day or before.")
@click.option("--open", "lasting", is_flag=True, help="Only what still lasts.")
@output.limit_option()
@output.format_option("table", "json", "csv")
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
    now = output.now_ms()
    filters = (which, area, output.start_of_day(since), output.start_of_day(until, days_later=1), lasting)
    at_most = output.effective_limit(limit, form)
    with output.ledger_snapshot() as db:
        found = db.execute(SQL["list_rows"], (*filters, -1 if at_most is None else at_most)).fetchall()
        count = int(db.execute(SQL["list_row_count"], filters).fetchone()[0])
        uncertain = _uncertain_keys(db, [row["child_key"] for row in found])
        complete = load_freshness(db, now)
    rows = [_row_dict(row, row["child_key"] in uncertain) for row in found]
    chosen = {
        "area": area,
        "since": None if since is None else since.date().isoformat(),
        "until": None if until is None else until.date().isoformat(),
        "open": lasting,
    }
    if form == "json":
        output.print_json(
            {"list": which, "filters": chosen, "count": count, "complete": complete.as_dict(), "rows": rows}
        )
    elif form == "csv":
        output.print_csv(FIELDS, ([row[name] for name in FIELDS] for row in rows))
    else:
        _print_rows(which, chosen, count, rows, now)
        output.print_freshness(complete)
    complete.raise_if_stale()


def _uncertain_keys(db: sqlite3.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys shown of which something, under whichever key it was told, is uncertain."""
    merged = db.execute(SQL["keys_shown_under"], (json_array(keys),)).fetchall()
    lacking = uncertain_children(db, {*keys, *(row["child_key"] for row in merged)})
    also = {row["shown"] for row in merged if row["disagree"] or row["child_key"] in lacking}
    return lacking | also


def _row_dict(row: Any, uncertain: bool) -> dict[str, Any]:
    return {
        "child_key": row["child_key"],
        "area": row["area"],
        "since": display.iso(row["since"]),
        "since_ms": row["since"],
        "what": row["what"],
        "known_since": display.iso(row["recorded_at"]),
        "ended": display.iso(row["ended"]),
        "uncertain": uncertain,
        "about": row["about"],
    }


def _print_rows(
    which: str, filters: dict[str, Any], count: int, rows: list[dict[str, Any]], now: int
) -> None:
    named = {
        "area": f"in {display.area_name(filters['area'])}" if filters["area"] else "in every area",
        "since": f"since {filters['since']}" if filters["since"] else "",
        "until": f"until {filters['until']}" if filters["until"] else "",
        "open": "that still last" if filters["open"] else "",
    }
    scope = ", ".join(filter(None, named.values()))
    if not rows:
        click.echo(
            f"{TITLES[which]}, {scope}: none. Leave out a filter to see more; where nothing has been read yet, "
            "`casefeed ice intake` reads the feed."
        )
        return
    output.print_table(
        f"{TITLES[which]}, {scope}: {output.count_text(len(rows), count)}; days are UTC",
        COLUMNS,
        (
            (
                row["child_key"],
                display.area_name(row["area"]),
                f"{row['since'][:10]} ({display.days_ago(row['since_ms'], now)})",
                row["what"],
                row["known_since"][:10],
                row["ended"][:10] if row["ended"] else "lasts" if which == "absences" else "",
                "uncertain" if row["uncertain"] else "",
            )
            for row in rows
        ),
    )
