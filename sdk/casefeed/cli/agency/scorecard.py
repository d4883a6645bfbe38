"""`casefeed ice scorecard`: the Inspector General's figures, for any day and any state of knowledge."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from datetime import UTC, date, datetime

import click
from rich.console import Console
from rich.table import Table

from casefeed.case.figures import FIGURES
from casefeed.cli.agency import output
from casefeed.cli.agency.output import DAY
from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.kafka import reachability
from casefeed.ledger import display
from casefeed.ledger import scorecard as cards
from casefeed.ledger.database import open_read_only
from casefeed.ledger.published_figures import published_figures
from casefeed.ledger.scorecard import Scorecard
from casefeed.runtime import settings
from casefeed.runtime.clock import utc_now
from casefeed.runtime.errors import Unavailable

FORMATS = click.Choice(["table", "json", "csv"])
FIGURE_LABELS = {
    "transfers": "Children transferred to ORR",
    "placements": "Placed with a sponsor",
    "release_address_blank": "Release address blank",
    "release_address_undeliverable": "Release address undeliverable",
    "release_address_missing_unit": "Release address without unit number",
    "release_address_defective": "Release address that mail cannot reach",
    "nta_issued": "NTA issued",
    "nta_served": "NTA served",
    "nta_filed": "NTA filed and accepted by the court",
    "nta_not_served": "NTA not served",
    "failed_to_appear": "Failed to appear at a hearing",
    "in_absentia_orders": "Ordered removed in absentia",
    "runaway_from_custody": "Absent from ORR custody, ever",
    "runaway_from_custody_open": "Absent from ORR custody, not located",
    "absent_from_sponsor_open": "Absent from sponsor, not located",
}


def to_date(moment: datetime | None) -> date | None:
    """The day of a --as-of or --known-by value."""
    return None if moment is None else moment.date()


@click.command("scorecard")
@click.option("--as-of", type=DAY, help="What was true on this day (UTC); default today.")
@click.option(
    "--known-by", type=DAY, help="By what the senders had recorded by this day; default all that is held."
)
@click.option("--format", "form", type=FORMATS, default="table", show_default=True)
def scorecard(as_of: datetime | None, known_by: datetime | None, form: str) -> None:
    """The Inspector General's figures from the ledger, beside what the reports published."""
    day = to_date(as_of) or utc_now().astimezone(UTC).date()
    in_force = settings.load()
    db = open_read_only(in_force.ledger_url)
    try:
        reached = asyncio.run(reachability.check_broker(in_force, CASE_TOPICS))
        ends = None if isinstance(reached, Unavailable) else reached[1]
        card = cards.load_scorecard(db, day, to_date(known_by), output.now_ms(), ends)
    finally:
        db.close()
    if form == "json":
        click.echo(json.dumps(card.as_dict(), indent=2))
    elif form == "csv":
        out = csv.writer(sys.stdout)
        out.writerow(("as_of", "known_by", "figure", "children"))
        out.writerows((card.as_of, card.known_by or "", name, card.figures[name]) for name in FIGURES)
    else:
        _print_scorecard(card, broker_reached=ends is not None)
    card.freshness.raise_if_stale()


def percentage(part: int, whole: int) -> str:
    """A part of a whole in per cent, or a dash where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _print_scorecard(card: Scorecard, *, broker_reached: bool) -> None:
    figures, whole = card.figures, card.figures["transfers"]
    known = f"by what was recorded by {card.known_by}" if card.known_by else "by all that is held"
    table = Table(title=f"Scorecard as of {card.as_of}, {known}", title_justify="left")
    table.add_column("Children")
    table.add_column("Ledger", justify="right")
    table.add_column("of transferred", justify="right")
    table.add_column("Published (more than)")
    for name in FIGURES:
        told = "\n".join(
            f"{each.value:,} = {percentage(each.value, 448_000)}  {each.report}, {each.note}"
            for each in published_figures(name)
        )
        table.add_row(FIGURE_LABELS[name], f"{figures[name]:,}", percentage(figures[name], whole), told)
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    whole_feed = not any(card.uncertain.values())
    whole_words = "complete but for what was given up" if card.given_up["numbers"] else "complete"
    for topic, partitions in card.freshness.topics.items():
        at, end, parked = (sum(p[key] for p in partitions.values()) for key in ("position", "end", "parked"))
        state = whole_words if whole_feed else "read to its end, and not whole"
        state = state if at >= end else f"{end - at:,} records behind"
        seen = "" if broker_reached else " (broker not reached; end as the intake saw it last)"
        console.print(
            f"{topic}: {state}, read to {at:,} of {end:,}{seen}; {parked:,} parked", highlight=False
        )
    if not whole_feed:
        console.print(f"Uncertain: {display.uncertain_text(card.uncertain)}", highlight=False)
    if card.given_up["numbers"]:
        console.print(f"Given up: {display.given_up_text(card.given_up)}", highlight=False)
    for sentence in card.freshness.overdue_sentences():
        console.print(sentence, highlight=False)
    if not card.freshness.topics:
        console.print("Nothing has been read yet: start `casefeed ice intake`.")


@click.command("series")
@click.argument("figure", type=click.Choice(FIGURES), metavar="FIGURE")
@click.option(
    "--known-by", type=DAY, help="By what the senders had recorded by this day; default all that is held."
)
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="csv", show_default=True)
def series(figure: str, known_by: datetime | None, form: str) -> None:
    """A figure on every day it moved; `casefeed ice scorecard --format json` has the names of all."""
    db = open_read_only(settings.load().ledger_url)
    try:
        points = cards.load_series(db, figure, to_date(known_by))
    finally:
        db.close()
    if form == "json":
        click.echo(json.dumps([[day.isoformat(), value] for day, value in points]))
    else:
        out = csv.writer(sys.stdout)
        out.writerow(("day", figure))
        out.writerows((day.isoformat(), value) for day, value in points)
