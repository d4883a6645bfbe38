"""`casefeed ice parked redrive|close`: parked records end by a decision that has a name and a reason."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import click

from casefeed.cli.options import child_key, together
from casefeed.contract.catalogue import load
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import PARKED
from casefeed.kafka.registry import Registry
from casefeed.read.classify import Event
from casefeed.read.decisions import Decision, Made
from casefeed.read.parked import Choice, State, parked_records
from casefeed.read.redrive import Trial, Verdict, judge_again
from casefeed.read.redrive import close as close_records
from casefeed.read.redrive import redrive as take_in_again
from casefeed.read.store import BesideReader
from casefeed.runtime import settings
from casefeed.runtime.errors import AnswerIsNo, WrongUse
from ice_caseload import words
from ice_caseload.cases import take_in
from ice_caseload.commands import answers, deciding
from ice_caseload.difference import Seen, looking_at
from ice_caseload.tied import keys_of_child

Attempt = deciding.Attempt[Verdict]


_choice_options = together(
    click.argument("number", metavar="[ID]", required=False, callback=answers.record_number),
    click.option(
        "--child",
        "key",
        callback=child_key,
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
    deciding.with_options,
)
"""Which records: one, or those that pass every filter; all of them only where that is said."""


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


LookingAt = Callable[[Iterable[str]], Callable[[sqlite3.Connection], Seen]]
"""A look at the children of the records, and at those of further keys."""


def _redriven(store: BesideReader, decision: Decision[Choice], looking: LookingAt, _: int) -> Attempt:
    in_force = settings.load()
    trial = asyncio.run(_judged(store, decision.choice, in_force.registry_url))
    events = [each.examined for each in trial.judged if isinstance(each.examined, Event)]
    look = looking([key for event in events if (key := event.body.get("merged_child_key"))])
    return partial(take_in_again, store, trial, decision, take_in, look)


async def _judged(store: BesideReader, choice: Choice, registry_url: str) -> Trial:
    async with Registry(registry_url) as registry:
        return await judge_again(store, choice, load(), registry_url, registry.schema_by_id)


def _closed(store: BesideReader, decision: Decision[Choice], looking: LookingAt, up_to: int) -> Attempt:
    return partial(close_records, store, decision, looking(()), up_to=up_to)


def _decide(
    given: dict[str, Any], prepare: Callable[[BesideReader, Decision[Choice], LookingAt, int], Attempt]
) -> None:
    choice = _choice(given)
    by, why = deciding.who_and_why(given)
    with answers.asked() as db:
        choice = replace(choice, child_keys=keys_of_child(db, given["key"]))
        found, count = parked_records(db, choice)
    if choice.id is not None and not found:
        raise AnswerIsNo(
            f"No record {choice.id} is parked here; `casefeed ice parked list` shows those that are."
        )
    decision = Decision(by, why, choice)
    looking = partial(looking_at, found, deciding.today())
    up_to = max((each.id for each in found), default=0)
    made = deciding.carried_out(
        lambda store: prepare(store, decision, looking, up_to),
        given,
        decision,
        lambda tried: _show(tried, count),
        _records,
    )
    if stayed := made.counts["parked"]:
        which = words.plural(stayed, "record")
        raise AnswerIsNo(
            f"{which} {'would stay' if given['dry_run'] else 'stayed'} parked; docs/operate/parked.md says what to "
            "do about each reason."
        )


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


def _show(tried: Made[Verdict, Seen], count: int) -> None:
    if not tried.verdicts:
        done = f"all {count:,} that pass are done" if count else "no record passes"
        click.echo(f"There is nothing to decide: {done}.")
        return
    children = {key for each in tried.verdicts for key in each.parked.children}
    click.echo(
        f"{words.plural(len(tried.verdicts), 'record')} of {words.plural(len(children), 'child', 'children')}: "
        f"{deciding.counted(tried)}. What changes:"
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
    deciding.show_changes(tried)


def _records(made: Made[Verdict, Seen]) -> dict[str, Any]:
    return {"records": [_verdict(each) for each in made.verdicts]}


def _becomes(verdict: Verdict) -> tuple[str, str]:
    event = verdict.event
    if event is not None:
        head = event.header
        return "applied", f"{event.event_type.short}, {head['source']} no. {head['sequence']}"
    if verdict.became is State.OPEN and isinstance(verdict.outcome, Parked):
        detail = f": {verdict.outcome.detail}" if verdict.outcome.detail else ""
        return "parked still", f"{verdict.outcome.reason.value}{detail}"
    return verdict.became.value, ""


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
