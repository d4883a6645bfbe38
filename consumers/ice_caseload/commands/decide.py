"""`casefeed ice parked redrive|close|decisions`: parked records end by a decision that has a name and a reason."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import click

from casefeed.contract.catalogue import load
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import PARKED
from casefeed.read.examine import Event
from casefeed.read.parked import Choice, Decided, ParkedRecord, State, parked_records
from casefeed.read.parked import decisions as decisions_of
from casefeed.read.redrive import Decision, Made, Trial, Verdict, judge_again
from casefeed.read.redrive import close as close_records
from casefeed.read.redrive import redrive as take_in_again
from casefeed.read.store import BesideReader
from casefeed.wire import settings
from casefeed.wire.errors import AnswerIsNo, WrongUse
from casefeed.wire.registry import Registry
from ice_caseload import words
from ice_caseload.cases import take_in
from ice_caseload.commands import answers
from ice_caseload.difference import Seen, differences, looking_at
from ice_caseload.ledger import beside_intake
from ice_caseload.says import Speech
from ice_caseload.tied import keys_of_child

F = TypeVar("F", bound=Callable[..., Any])
MAX_NAME, MAX_REASON = 100, 500
FIELDS = ("id", "what", "at", "by", "reason", "filter", "applied", "held", "closed", "refused", "parked")


def _choice_options(command: F) -> F:
    """Which records: one, or those that pass every filter; all of them only where that is said."""
    options = (
        click.argument("number", metavar="[ID]", required=False, callback=answers.record_number),
        click.option(
            "--child",
            "key",
            callback=answers.child_key,
            metavar="KEY",
            help="Those of this child, under any of its keys.",
        ),
        click.option(
            "--cause",
            type=click.Choice(list(PARKED)),
            metavar="REASON",
            help="Those parked for this reason.",
        ),
        click.option("--topic", type=click.Choice(load().topics), help="Those that lay on this topic."),
        click.option("--all", "every", is_flag=True, help="Every one that waits."),
        click.option("--reason", "why", metavar="TEXT", help="Why: it is kept, so name no child in it."),
        click.option("--by", metavar="NAME", help="Who decides."),
        click.option("--dry-run", is_flag=True, help="Show what it would change, and change nothing."),
        click.option("--yes", is_flag=True, help="Ask for no confirmation on a terminal."),
        answers.form_option("table", "json"),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("redrive")
@_choice_options
def redrive(**given: Any) -> None:
    """Judge parked records again with today's schemas, and take in what applies; what does not stays parked.

    Name one by its ID, or a child, a cause, a topic, or --all. First shows what it changes. Exit 1 where some stay
    parked. It may be done while the intake runs.
    """
    _decide(given, _redriven)


@click.command("close")
@_choice_options
def close(**given: Any) -> None:
    """Close parked records as they are: nothing is applied, their bytes stay, and no child is uncertain by them.

    For what the sender has corrected or withdrawn otherwise. One that was closed can still be redriven by its ID.
    """
    _decide(given, _closed)


Attempt = Callable[[bool], Made[Seen]]
"""Makes a decision, or with False tries it and undoes it."""
LookingAt = Callable[[Iterable[str]], Callable[[sqlite3.Connection], Seen]]
"""A look at the children of the records, and at those of further keys."""


def _redriven(store: BesideReader, decision: Decision, looking: LookingAt) -> Attempt:
    in_force = settings.load()
    trial = asyncio.run(_judged(store, decision.choice, in_force.registry_url))
    events = [each.examined for each in trial.judged if isinstance(each.examined, Event)]
    look = looking([key for event in events if (key := event.body.get("merged_child_key"))])
    return lambda keep: take_in_again(store, trial, decision, take_in, look, keep=keep)


async def _judged(store: BesideReader, choice: Choice, registry_url: str) -> Trial:
    async with Registry(registry_url) as registry:
        return await judge_again(store, choice, load(), registry_url, registry.schema_by_id)


def _closed(store: BesideReader, decision: Decision, looking: LookingAt) -> Attempt:
    look = looking(())
    return lambda keep: close_records(store, decision, look, keep=keep)


def _decide(given: dict[str, Any], prepare: Callable[[BesideReader, Decision, LookingAt], Attempt]) -> None:
    choice = _choice(given)
    dry_run, form = given["dry_run"], given["form"]
    if not dry_run and not (given["why"] and given["by"]):
        raise WrongUse("A decision needs --reason TEXT and --by NAME; --dry-run shows what it would change.")
    by, why = (_kept(given[name] or "", most, flag) for name, most, flag in _KEPT)
    with answers.asked() as db:
        choice = replace(choice, child_keys=keys_of_child(db, given["key"]))
        found, count = parked_records(db, choice)
    if choice.id is not None and not found:
        raise AnswerIsNo(
            f"No record {choice.id} is parked here; `casefeed ice parked list` shows those that are."
        )
    looking = partial(looking_at, found, datetime.fromtimestamp(answers.now_ms() / 1000, UTC).date())
    with beside_intake(settings.load().ledger_url, answers.now_ms) as store:
        attempt = prepare(store, Decision(by, why, choice), looking)
        tried = attempt(False)
        if form == "table":
            _show(tried, count)
        made = tried
        if not dry_run and tried.verdicts:
            if form == "table" and sys.stdin.isatty() and not given["yes"]:
                click.confirm("Do it?", abort=True)
            made = attempt(True)
    if form == "json":
        answers.say_json({"dry_run": dry_run, "filter": choice.as_json(), **_made(made)})
    elif made.number is None:
        click.echo("Nothing was changed.")
    else:
        click.echo(f"Done, as decision {made.number} of {by}: {_counts(made)}.")
    if made.counts[State.OPEN]:
        which = words.plural(made.counts[State.OPEN], "record")
        raise AnswerIsNo(
            f"{which} {'would stay' if dry_run else 'stayed'} parked; docs/operate/parked.md says what to do about "
            "each reason."
        )


# As people write one: A000123456, A000-123-456, A 000 123 456, A# 12345678.
_A_NUMBER = re.compile(r"\bA\W{0,3}[0-9](?:[\s-]?[0-9]){6,8}\b", re.IGNORECASE)
_KEPT = (("by", MAX_NAME, "--by"), ("why", MAX_REASON, "--reason"))


def _kept(text: str, most: int, flag: str) -> str:
    """What is kept for ever in clear: one line of so many characters, without an A-number."""
    if len(text) > most or not text.isprintable():
        raise WrongUse(f"{flag} is one line of at most {most} characters.")
    if _A_NUMBER.search(text):
        raise WrongUse(
            f"{flag} is kept in clear and shown: name no child in it, by an A-number least of all."
        )
    return text


def _choice(given: dict[str, Any]) -> Choice:
    filters = [given["key"], given["cause"], given["topic"]]
    named = any(each is not None for each in filters)
    if (given["number"] is not None) + named + given["every"] != 1:
        raise WrongUse(
            "Name which: the ID of one record, or --child, --cause, --topic (any of them together), or --all alone."
        )
    cause = given["cause"]
    return Choice(
        id=given["number"],
        cause=None if cause is None else PARKED[cause],
        topic=given["topic"],
    )


def _counts(made: Made[Seen]) -> str:
    said = {State.HELD: "held already", State.OPEN: "parked still"}
    return ", ".join(
        f"{made.counts[state]:,} {said.get(state, name)}"
        for name, state in _COUNTS.items()
        if made.counts[state]
    )


def _show(tried: Made[Seen], count: int) -> None:
    if not tried.verdicts:
        done = f"all {count:,} that pass are done" if count else "no record passes"
        click.echo(f"There is nothing to decide: {done}.")
        return
    children = {key for each in tried.verdicts for key in each.parked.children}
    click.echo(
        f"{words.plural(len(tried.verdicts), 'record')} of {words.plural(len(children), 'child', 'children')}: "
        f"{_counts(tried)}. What changes:"
    )
    shown = tried.verdicts[: answers.ROWS_IN_A_TABLE]
    answers.say_table(
        "Records" + (f", the first {len(shown):,}" if len(shown) < len(tried.verdicts) else ""),
        ("id", "child", "reason", "becomes", "event"),
        (
            (
                str(each.parked.id), each.parked.child_key or "", each.parked.why.value, *_becomes(each),
            )
            for each in shown
        ),
    )  # fmt: skip
    changes = differences(tried.before, tried.after)
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


def _becomes(verdict: Verdict) -> tuple[str, str]:
    event = verdict.event
    if event is not None:
        head = event.header
        return "applied", f"{event.event_type.short}, {head['source']} no. {head['sequence']}"
    if verdict.became is State.OPEN and isinstance(verdict.outcome, Parked):
        detail = f": {verdict.outcome.detail}" if verdict.outcome.detail else ""
        return "parked still", f"{verdict.outcome.reason.value}{detail}"
    return verdict.became.value, ""


def _made(made: Made[Seen]) -> dict[str, Any]:
    changes = differences(made.before, made.after)
    return {
        "decision": made.number,
        "counts": {name: made.counts[state] for name, state in _COUNTS.items()},
        "records": [_verdict(each) for each in made.verdicts],
        "lists": changes.listed,
        "figures": {name: {"before": was, "after": now} for name, was, now in changes.figures},
    }


_COUNTS = {
    "applied": State.REDRIVEN, "held": State.HELD, "closed": State.CLOSED, "refused": State.REFUSED,
    "parked": State.OPEN,
}  # fmt: skip


def _verdict(verdict: Verdict) -> dict[str, Any]:
    outcome, event = verdict.outcome, verdict.event
    why = outcome if isinstance(outcome, (Parked, Refused)) else None
    return {
        "id": verdict.parked.id,
        "child_key": verdict.parked.child_key,
        "reason": verdict.parked.reason.value,
        "became": verdict.became.value,
        "reason_now": None if why is None else why.reason.value,
        "detail_now": None if why is None else why.detail,
        "event": None
        if event is None
        else {
            "type": event.event_type.name,
            **{name: event.header[name] for name in ("event_id", "child_key", "source", "sequence")},
            "occurred_at": words.iso(event.header["occurred_at"]),
        },
    }


@click.command("decisions")
@answers.limit_option()
@answers.form_option("table", "json", "csv")
def decisions(limit: int | None, form: str) -> None:
    """What was decided about parked records, by whom and why, the last first."""
    with answers.asked() as db:
        found = decisions_of(db, limit=answers.limit_of(limit, form))
    if form == "json":
        answers.say_json({"decisions": [as_json(each) for each in found]})
    elif form == "csv":
        answers.say_csv(FIELDS, ([as_json(each)[name] for name in FIELDS] for each in found))
    elif found:
        speech = Speech()
        for each in found:
            click.echo(f"{each.id:>4}. {in_words(each, speech)}")
    else:
        click.echo("Nothing was decided about parked records yet.")


def of_record(db: sqlite3.Connection, record: ParkedRecord) -> list[Decided]:
    """The decisions that a record was last tried by, and ended by."""
    numbers = dict.fromkeys(each for each in (record.tried_by, record.ended_by) if each is not None)
    return [decided for number in numbers for decided in decisions_of(db, number=number)]


def in_words(decided: Decided, speech: Speech) -> str:
    """A decision in a line."""
    counts = {name: getattr(decided, name) for name in _COUNTS}
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    filters = {
        name.replace("_", " "): " and ".join(value) if isinstance(value, list) else value
        for name, value in decided.filter.items()
    }
    which = ", ".join(f"{name} {value}" for name, value in filters.items()) or "all"
    return f"{decided.what} ({which}) {speech.time(decided.at)} by {decided.by}: {decided.reason} [{said}]"


def as_json(decided: Decided) -> dict[str, Any]:
    """A decision as programs get it."""
    return {**{name: getattr(decided, name) for name in FIELDS}, "at": words.iso(decided.at)}
