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

from casefeed.cli.options import together
from casefeed.read.decisions import COUNTS, Count, Counted, Decided, Decision, Made
from casefeed.read.decisions import decisions as decisions_of
from casefeed.read.parked import ParkedRecord
from casefeed.read.store import BesideReader
from casefeed.runtime import settings
from casefeed.runtime.errors import WrongUse
from ice_caseload import words
from ice_caseload.commands import answers
from ice_caseload.difference import Seen, differences
from ice_caseload.ledger import beside_intake
from ice_caseload.says import Speech

V = TypeVar("V", bound=Counted)
Attempt = Callable[..., Made[V, Seen]]
"""Makes a decision, or with keep=False tries it and undoes it."""
MAX_NAME, MAX_REASON = 100, 500
FIELDS = ("id", "what", "at", "by", "reason", "filter", *COUNTS)
# As people write one: A000123456, A000-123-456, A 000 123 456, A# 12345678.
_A_NUMBER = re.compile(r"\bA\W{0,3}[0-9](?:[\s-]?[0-9]){6,8}\b", re.IGNORECASE)
_KEPT = (("by", MAX_NAME, "--by"), ("why", MAX_REASON, "--reason"))
_SAID = {"held": "held already", "parked": "parked still"}


with_options = together(
    click.option("--reason", "why", metavar="TEXT", help="Why: it is kept, so name no child in it."),
    click.option("--by", metavar="NAME", help="Who decides."),
    click.option("--dry-run", is_flag=True, help="Show what it would change, and change nothing."),
    click.option("--yes", is_flag=True, help="Ask for no confirmation on a terminal."),
    answers.form_option("table", "json"),
)
"""Who decides, why, and whether it is only tried."""


def who_and_why(given: dict[str, Any]) -> tuple[str, str]:
    """Who decides and why, as they are kept; raises WrongUse where one is missing, too long or names a child."""
    said = all((given[name] or "").strip() for name in ("why", "by"))
    if not given["dry_run"] and not said:
        raise WrongUse("A decision needs --reason TEXT and --by NAME; --dry-run shows what it would change.")
    by, why = (_kept(given[name] or "", most, flag) for name, most, flag in _KEPT)
    return by, why


def _kept(text: str, most: int, flag: str) -> str:
    """What is kept for ever in clear: one line of so many characters, without an A-number."""
    if len(text) > most or not text.isprintable():
        raise WrongUse(f"{flag} is one line of at most {most} characters.")
    if _A_NUMBER.search(text):
        raise WrongUse(
            f"{flag} is kept in clear and shown: name no child in it, by an A-number least of all."
        )
    return text


def today() -> date:
    """The UTC day on which it is decided, for the figures that it changes."""
    return datetime.fromtimestamp(answers.now_ms() / 1000, UTC).date()


def carried_out(
    prepare: Callable[[BesideReader], Attempt[V]], given: dict[str, Any], decision: Decision[Any],
    show: Callable[[Made[V, Seen]], None], as_json: Callable[[Made[V, Seen]], dict[str, Any]],
) -> Made[V, Seen]:  # fmt: skip
    """Show what a decision changes, and make it unless it is a dry run or a person on a terminal says no.

    `prepare` gives the attempt on the ledger, which is written beside the intake.
    """
    dry_run, form = given["dry_run"], given["form"]
    with beside_intake(settings.load().ledger_url, answers.now_ms) as store:
        attempt = prepare(store)
        made = tried = attempt(keep=False)
        if form == "table":
            show(tried)
        if not dry_run and tried.verdicts:
            if form == "table" and sys.stdin.isatty() and not given["yes"]:
                click.confirm("Do it?", abort=True)
            made = attempt(keep=True)
    if form == "json":
        counts = made.counts
        changes = differences(made.before, made.after)
        figures = {name: {"before": was, "after": now} for name, was, now in changes.figures}
        answers.say_json(
            {
                "dry_run": dry_run, "filter": decision.filters, "decision": made.number,
                "counts": {name: counts[name] for name in COUNTS}, **as_json(made),
                "lists": changes.listed, "figures": figures,
            }
        )  # fmt: skip
    elif made.number is None:
        click.echo("Nothing was changed.")
    else:
        click.echo(f"Done, as decision {made.number} of {decision.by}: {counted(made)}.")
    return made


def counted(made: Made[Any, Any]) -> str:
    """How many became what, in words."""
    return _in_words(made.counts)


def _in_words(counts: Mapping[Count, int]) -> str:
    return ", ".join(f"{counts[name]:,} {_SAID.get(name, name)}" for name in COUNTS if counts[name])


def show_changes(made: Made[Any, Seen]) -> None:
    """Which figures and rows of lists a decision changes."""
    changes = differences(made.before, made.after)
    if changes.figures:
        answers.say_table(
            "Figures, as of today",
            ("figure", "before", "after"),
            ((name, f"{was:,}", f"{now:,}") for name, was, now in changes.figures),
        )
    else:
        click.echo("No figure changes.")
    for row in changes.listed[: answers.ROWS_IN_A_TABLE]:
        click.echo(f"{'+' if row['added'] else '-'} list {row['list']}: {row['child_key']}, {row['what']}")


@click.command("decisions")
@answers.limit_option()
@answers.form_option("table", "json", "csv")
def decisions(limit: int | None, form: str) -> None:
    """Who decided what about records, gaps and sources.

    With the reason and what came of it, the last first.
    """
    with answers.asked() as db:
        found = decisions_of(db, limit=answers.limit_of(limit, form))
    if form == "json":
        answers.say_json({"decisions": [decided_json(each) for each in found]})
    elif form == "csv":
        answers.say_csv(FIELDS, map(_cells, found))
    elif found:
        speech = Speech()
        for each in found:
            click.echo(f"{each.id:>4}. {in_words(each, speech)}")
    else:
        click.echo("Nothing was decided yet.")


def _cells(decided: Decided) -> list[Any]:
    row = {**decided_json(decided), "filter": json.dumps(decided.filter)}
    return [row[name] for name in FIELDS]


def about(db: sqlite3.Connection, record: ParkedRecord) -> list[Decided]:
    """The decisions that a record was last tried by, and ended by."""
    numbers = dict.fromkeys(each for each in (record.tried_by, record.ended_by) if each is not None)
    return [decided for number in numbers for decided in decisions_of(db, number=number)]


def in_words(decided: Decided, speech: Speech) -> str:
    """A decision in a line."""
    said = _in_words({name: getattr(decided, name) for name in COUNTS})
    filters = {
        name.replace("_", " "): " and ".join(value) if isinstance(value, list) else value
        for name, value in decided.filter.items()
    }
    which = ", ".join(f"{name} {value}" for name, value in filters.items()) or "all"
    return f"{decided.what} ({which}) {speech.time(decided.at)} by {decided.by}: {decided.reason} [{said}]"


def decided_json(decided: Decided) -> dict[str, Any]:
    """A decision as programs get it."""
    return {**{name: getattr(decided, name) for name in FIELDS}, "at": words.iso(decided.at)}
