"""`scorecard` and `series`: the Inspector General's figures, for any day and any state of knowledge."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date

import click
from rich.console import Console
from rich.table import Table

from casefeed.case.figures import FIGURES
from casefeed.cli.agency import output
from casefeed.contract.catalogue import CASE_TOPICS
from casefeed.kafka import reachability
from casefeed.ledger import display
from casefeed.ledger.scorecard import COHORT, FIGURE_LABELS, Scorecard, load_scorecard, load_series, published_figures
from casefeed.publish.agency import Agency
from casefeed.runtime import settings
from casefeed.runtime.clock import utc_now

_known_by_option = click.option(
    "--known-by", type=output.DAY, help="By what the senders had recorded by this day; default all that is held."
)


@click.command("scorecard")
@click.option("--as-of", type=output.DAY, help="What was true on this day (UTC); default today.")
@_known_by_option
@output.format_option("table", "json", "csv")
@click.pass_obj
def scorecard_command(agency: Agency, as_of: date | None, known_by: date | None, form: str) -> None:
    """The Inspector General's figures from the ledger, beside what the reports published."""
    day = as_of or utc_now().astimezone(UTC).date()
    output.require_ledger(agency)
    ends = reachability.end_offsets(settings.load(), CASE_TOPICS)
    with output.ledger_snapshot(agency) as db:
        card = load_scorecard(db, day, known_by, output.now_ms(), ends)
    output.print_page(card, form, lambda: _print_scorecard(card, agency.command, broker_reached=ends is not None))
    output.exit_by_freshness(card.freshness, agency)


def _percentage(part: int, whole: int) -> str:
    """A part of a whole in per cent, or a dash where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _print_scorecard(card: Scorecard, command: str, *, broker_reached: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(_figures_table(card))
    whole_feed = not any(card.uncertain.values())
    whole_words = "complete but for what was given up" if card.given_up["numbers"] else "complete"
    for topic, partitions in card.freshness.topics.items():
        at, end, parked = (sum(p[key] for p in partitions.values()) for key in ("position", "end", "parked"))
        state = whole_words if whole_feed else "read to its end, and not whole"
        state = state if at >= end else f"{end - at:,} records behind"
        seen = "" if broker_reached else " (broker not reached; end as the intake saw it last)"
        console.print(f"{topic}: {state}, read to {at:,} of {end:,}{seen}; {parked:,} parked", highlight=False)
    if not whole_feed:
        console.print(f"Uncertain: {display.uncertain_text(card.uncertain, command)}", highlight=False)
    if card.given_up["numbers"]:
        console.print(f"Given up: {display.given_up_text(card.given_up, command)}", highlight=False)
    for sentence in card.freshness.overdue_sentences():
        console.print(sentence, highlight=False)
    if not card.freshness.topics:
        console.print(f"Nothing has been read yet: start `{command} intake`.")


def _figures_table(card: Scorecard) -> Table:
    known = f"by what was recorded by {card.known_by}" if card.known_by else "by all that is held"
    table = Table(title=f"Scorecard as of {card.as_of}, {known}", title_justify="left")
    table.add_column("Children")
    table.add_column("Ledger", justify="right")
    table.add_column("of transferred", justify="right")
    table.add_column("Published (more than)")
    figures = card.figures
    for name in FIGURES:
        published = "\n".join(
            f"{each.value:,} = {_percentage(each.value, COHORT)}  {each.report}, {each.note}"
            for each in published_figures(name)
        )
        share = _percentage(figures[name], figures["transfers"])
        table.add_row(FIGURE_LABELS[name], f"{figures[name]:,}", share, published)
    return table


@click.command("series")
@click.argument("figure", type=click.Choice(FIGURES), metavar="FIGURE")
@_known_by_option
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="csv", show_default=True)
@click.pass_obj
def series_command(agency: Agency, figure: str, known_by: date | None, form: str) -> None:
    """A figure on every day it moved; `{agency.command} scorecard --format json` has the names of all."""
    with output.ledger_snapshot(agency) as db:
        points = load_series(db, figure, known_by)
    if form == "json":
        click.echo(json.dumps([[day.isoformat(), value] for day, value in points]))
    else:
        output.print_csv(("day", figure), points)
