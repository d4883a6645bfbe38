"""What decisions on the command line share: who and why, and what it changes, shown before it is done."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import click

from casefeed.cli.agency import output
from casefeed.cli.agency.decisions import counts_text
from casefeed.cli.options import combined_options
from casefeed.ledger.database import PACKAGE
from casefeed.ledger.decisions import LedgerDecision, impact_of, result_dict
from casefeed.publish.agency import Agency
from casefeed.read.decisions import DecidedItem
from casefeed.read.store import SharedStore
from casefeed.runtime import settings
from casefeed.runtime.errors import UsageError

_ItemT = TypeVar("_ItemT", bound=DecidedItem)
MAX_NAME, MAX_REASON = 100, 500
# As people write one: A000123456, A000-123-456, A 000 123 456, A# 12345678.
_A_NUMBER = re.compile(r"\bA\W{0,3}[0-9](?:[\s-]?[0-9]){6,8}\b", re.IGNORECASE)

decision_options = combined_options(
    click.option("--reason", "why", metavar="TEXT", help="Why: it is kept, so name no child in it."),
    click.option("--by", metavar="NAME", help="Who decides."),
    click.option("--dry-run", is_flag=True, help="Show what it would change, and change nothing."),
    click.option("--yes", is_flag=True, help="Ask for no confirmation on a terminal."),
    output.format_option("table", "json"),
)
"""Who decides, why, and whether it is only tried."""


def decider_and_reason(options: dict[str, Any]) -> tuple[str, str]:
    """Who decides and why, as they are kept; raises UsageError where one is missing, too long or names a child."""
    by, why = options["by"] or "", options["why"] or ""
    if not options["dry_run"] and not (by.strip() and why.strip()):
        raise UsageError("A decision needs --reason TEXT and --by NAME; --dry-run shows what it would change.")
    for flag, text, max_length in (("--by", by, MAX_NAME), ("--reason", why, MAX_REASON)):
        if len(text) > max_length or not text.isprintable():
            raise UsageError(f"{flag} is one line of at most {max_length} characters.")
        if _A_NUMBER.search(text):
            raise UsageError(f"{flag} is kept in clear and shown: name no child in it, by an A-number least of all.")
    return by, why


def today() -> date:
    """The UTC day on which it is decided, for the figures that it changes."""
    return datetime.fromtimestamp(output.now_ms() / 1000, UTC).date()


def shared_ledger(agency: Agency) -> SharedStore:
    """The agency's ledger for writing while its intake may be at work on it; open it as a context.

    After a snapshot of it: only the intake brings a ledger up to date.
    """
    return SharedStore(agency.database_path(settings.load()), now=output.now_ms, packages=(PACKAGE,))


def run(
    attempt: Callable[..., LedgerDecision[_ItemT]],
    options: dict[str, Any],
    print_trial: Callable[[LedgerDecision[_ItemT]], None],
) -> LedgerDecision[_ItemT]:
    """Show what a decision changes, and make it unless it is a dry run or a person on a terminal says no.

    `attempt` makes the decision with commit=True, and tries it with commit=False.
    """
    dry_run, form = options["dry_run"], options["form"]
    made = attempt(commit=False)
    if form == "table":
        print_trial(made)
    if not dry_run and made.results:
        if form == "table" and sys.stdin.isatty() and not options["yes"]:
            click.confirm("Do it?", abort=True)
        made = attempt(commit=True)
    if form == "json":
        output.print_json(result_dict(made, dry_run=dry_run))
    elif made.decision_id is None:
        click.echo("Nothing was changed.")
    else:
        counts = counts_text(made.counts)
        click.echo(f"Done, as decision {made.decision_id} of {made.decision.by}: {counts}.")
    return made


def print_impact(trial: LedgerDecision[Any]) -> None:
    """Which figures and rows of lists a decision changes."""
    impact = impact_of(trial)
    output.print_table(
        "Figures, as of today",
        ("figure", "before", "after"),
        ((name, f"{before:,}", f"{after:,}") for name, before, after in impact.figures),
        if_empty="No figure changes.",
    )
    for row in impact.list_rows[: output.DEFAULT_TABLE_ROWS]:
        click.echo(f"{'+' if row['added'] else '-'} list {row['list']}: {row['child_key']}, {row['what']}")
