"""`decisions`: who decided what about records, gaps and sources."""

from __future__ import annotations

from collections.abc import Mapping

import click

from casefeed.cli.agency import output
from casefeed.ledger.decision_log import DecisionsPage, load_decisions_page
from casefeed.ledger.event_text import Locale
from casefeed.publish.agency import Agency
from casefeed.read.decisions import DECISION_OUTCOMES, DecisionOutcome, DecisionRecord

_COUNT_LABELS = {"held": "held already", "parked": "parked still"}


@click.command("decisions")
@output.limit_option
@output.format_option("table", "json", "csv")
@click.pass_obj
def decisions_command(agency: Agency, limit: int | None, form: str) -> None:
    """Who decided what about records, gaps and sources.

    With the reason and what came of it, the last first.
    """
    with output.ledger_snapshot(agency) as db:
        page = load_decisions_page(db, limit=output.effective_limit(limit, form))
    output.print_page(page, form, lambda: _print_decisions(page))


def _print_decisions(page: DecisionsPage) -> None:
    locale = Locale()
    for each in page.items:
        click.echo(f"{each.id:>4}. {decision_line(each, locale)}")
    if not page.items:
        click.echo("Nothing was decided yet.")


def decision_line(decision: DecisionRecord, locale: Locale) -> str:
    """A decision in a line."""
    counts = counts_text({name: getattr(decision, name) for name in DECISION_OUTCOMES})
    filters = {
        name.replace("_", " "): " and ".join(value) if isinstance(value, list) else value
        for name, value in decision.filter.items()
    }
    which = ", ".join(f"{name} {value}" for name, value in filters.items()) or "all"
    at = locale.format_time(decision.at)
    return f"{decision.what} ({which}) {at} by {decision.by}: {decision.reason} [{counts}]"


def counts_text(counts: Mapping[DecisionOutcome, int]) -> str:
    """How many became what, in words."""
    return ", ".join(
        f"{counts[name]:,} {_COUNT_LABELS.get(name, name)}" for name in DECISION_OUTCOMES if counts[name]
    )
