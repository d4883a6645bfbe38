"""What decisions on the command line share: who and why, shown before it is done, and what was decided so far."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import click

from casefeed.cli.agency import output
from casefeed.cli.options import combined_options
from casefeed.ledger import display
from casefeed.ledger.database import open_shared_ledger
from casefeed.ledger.event_text import Locale
from casefeed.ledger.impact import LedgerSnapshot, compute_impact
from casefeed.read.decisions import (
    DECISION_OUTCOMES,
    DecidedItem,
    Decision,
    DecisionOutcome,
    DecisionRecord,
    DecisionResult,
)
from casefeed.read.decisions import list_decisions as decisions_of
from casefeed.read.parked import ParkedRecord
from casefeed.read.store import SharedStore
from casefeed.runtime import settings
from casefeed.runtime.errors import UsageError

_ItemT = TypeVar("_ItemT", bound=DecidedItem)
DecisionAttempt = Callable[..., DecisionResult[_ItemT, LedgerSnapshot]]
"""Makes a decision, or with commit=False tries it and undoes it."""
MAX_NAME, MAX_REASON = 100, 500
FIELDS = ("id", "what", "at", "by", "reason", "filter", *DECISION_OUTCOMES)
# As people write one: A000123456, A000-123-456, A 000 123 456, A# 12345678.
_A_NUMBER = re.compile(r"\bA\W{0,3}[0-9](?:[\s-]?[0-9]){6,8}\b", re.IGNORECASE)
_TEXT_LIMITS = (("by", MAX_NAME, "--by"), ("why", MAX_REASON, "--reason"))
_COUNT_LABELS = {"held": "held already", "parked": "parked still"}


decision_options = combined_options(
    click.option("--reason", "why", metavar="TEXT", help="Why: it is kept, so name no child in it."),
    click.option("--by", metavar="NAME", help="Who decides."),
    click.option("--dry-run", is_flag=True, help="Show what it would change, and change nothing."),
    click.option("--yes", is_flag=True, help="Ask for no confirmation on a terminal."),
    output.format_option("table", "json"),
)
"""Who decides, why, and whether it is only tried."""


def decider_and_reason(options: dict[str, Any]) -> tuple[str, str]:
    """Who decides and why, as they are kept; raises WrongUse where one is missing, too long or names a child."""
    said = all((options[name] or "").strip() for name in ("why", "by"))
    if not options["dry_run"] and not said:
        raise UsageError(
            "A decision needs --reason TEXT and --by NAME; --dry-run shows what it would change."
        )
    by, why = (_checked_text(options[name] or "", most, flag) for name, most, flag in _TEXT_LIMITS)
    return by, why


def _checked_text(text: str, max_length: int, flag: str) -> str:
    """What is kept for ever in clear: one line of so many characters, without an A-number."""
    if len(text) > max_length or not text.isprintable():
        raise UsageError(f"{flag} is one line of at most {max_length} characters.")
    if _A_NUMBER.search(text):
        raise UsageError(
            f"{flag} is kept in clear and shown: name no child in it, by an A-number least of all."
        )
    return text


def today() -> date:
    """The UTC day on which it is decided, for the figures that it changes."""
    return datetime.fromtimestamp(output.now_ms() / 1000, UTC).date()


def run_decision(
    prepare: Callable[[SharedStore], DecisionAttempt[_ItemT]], options: dict[str, Any], decision: Decision[Any],
    print_trial: Callable[[DecisionResult[_ItemT, LedgerSnapshot]], None],
    details: Callable[[DecisionResult[_ItemT, LedgerSnapshot]], dict[str, Any]],
) -> DecisionResult[_ItemT, LedgerSnapshot]:  # fmt: skip
    """Show what a decision changes, and make it unless it is a dry run or a person on a terminal says no.

    `prepare` gives the attempt on the ledger, which is written beside the intake.
    """
    dry_run, form = options["dry_run"], options["form"]
    with open_shared_ledger(settings.load().ledger_url, output.now_ms) as store:
        attempt = prepare(store)
        made = tried = attempt(commit=False)
        if form == "table":
            print_trial(tried)
        if not dry_run and tried.results:
            if form == "table" and sys.stdin.isatty() and not options["yes"]:
                click.confirm("Do it?", abort=True)
            made = attempt(commit=True)
    if form == "json":
        counts = made.counts
        changes = compute_impact(made.before, made.after)
        figures = {name: {"before": was, "after": now} for name, was, now in changes.figures}
        output.print_json(
            {
                "dry_run": dry_run, "filter": decision.filters, "decision": made.decision_id,
                "counts": {name: counts[name] for name in DECISION_OUTCOMES}, **details(made),
                "lists": changes.list_rows, "figures": figures,
            }
        )  # fmt: skip
    elif made.decision_id is None:
        click.echo("Nothing was changed.")
    else:
        click.echo(f"Done, as decision {made.decision_id} of {decision.by}: {result_counts(made)}.")
    return made


def result_counts(result: DecisionResult[Any, Any]) -> str:
    """How many became what, in words."""
    return _counts_text(result.counts)


def _counts_text(counts: Mapping[DecisionOutcome, int]) -> str:
    return ", ".join(
        f"{counts[name]:,} {_COUNT_LABELS.get(name, name)}" for name in DECISION_OUTCOMES if counts[name]
    )


def print_impact(result: DecisionResult[Any, LedgerSnapshot]) -> None:
    """Which figures and rows of lists a decision changes."""
    changes = compute_impact(result.before, result.after)
    if changes.figures:
        output.print_table(
            "Figures, as of today",
            ("figure", "before", "after"),
            ((name, f"{was:,}", f"{now:,}") for name, was, now in changes.figures),
        )
    else:
        click.echo("No figure changes.")
    for row in changes.list_rows[: output.DEFAULT_TABLE_ROWS]:
        click.echo(f"{'+' if row['added'] else '-'} list {row['list']}: {row['child_key']}, {row['what']}")


@click.command("decisions")
@output.limit_option()
@output.format_option("table", "json", "csv")
def decisions(limit: int | None, form: str) -> None:
    """Who decided what about records, gaps and sources.

    With the reason and what came of it, the last first.
    """
    with output.ledger_snapshot() as db:
        found = decisions_of(db, limit=output.effective_limit(limit, form))
    if form == "json":
        output.print_json({"decisions": [decision_dict(each) for each in found]})
    elif form == "csv":
        output.print_csv(FIELDS, map(_csv_row, found))
    elif found:
        speech = Locale()
        for each in found:
            click.echo(f"{each.id:>4}. {decision_line(each, speech)}")
    else:
        click.echo("Nothing was decided yet.")


def _csv_row(record: DecisionRecord) -> list[Any]:
    row = {**decision_dict(record), "filter": json.dumps(record.filter)}
    return [row[name] for name in FIELDS]


def decisions_about(db: sqlite3.Connection, parked: ParkedRecord) -> list[DecisionRecord]:
    """The decisions that a record was last tried by, and ended by."""
    numbers = dict.fromkeys(each for each in (parked.tried_by, parked.ended_by) if each is not None)
    return [decided for number in numbers for decided in decisions_of(db, decision_id=number)]


def decision_line(decision: DecisionRecord, locale: Locale) -> str:
    """A decision in a line."""
    said = _counts_text({name: getattr(decision, name) for name in DECISION_OUTCOMES})
    filters = {
        name.replace("_", " "): " and ".join(value) if isinstance(value, list) else value
        for name, value in decision.filter.items()
    }
    which = ", ".join(f"{name} {value}" for name, value in filters.items()) or "all"
    return f"{decision.what} ({which}) {locale.format_time(decision.at)} by {decision.by}: {decision.reason} [{said}]"


def decision_dict(decision: DecisionRecord) -> dict[str, Any]:
    """A decision as programs get it."""
    return {**{name: getattr(decision, name) for name in FIELDS}, "at": display.iso(decision.at)}
