"""`casefeed ice parked redrive|close`: parked records end by a decision that has a name and a reason."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import click

from casefeed.cli.agency import decisions, output
from casefeed.cli.options import combined_options, parse_child_key
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.outcomes import Parked, Refused
from casefeed.contract.reasons import PARKED_REASONS
from casefeed.kafka.registry import SchemaRegistry
from casefeed.ledger import display
from casefeed.ledger.impact import LedgerSnapshot, impact_observer
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.ledger.projection import apply_events
from casefeed.read.classify import DecodedEvent
from casefeed.read.decisions import Decision, DecisionResult
from casefeed.read.parked import ParkedFilter, ParkedState, parked_records
from casefeed.read.redrive import ParkedRecordResult, RedrivePlan, plan_redrive
from casefeed.read.redrive import close_parked as close_records
from casefeed.read.redrive import redrive as take_in_again
from casefeed.read.store import SharedStore
from casefeed.runtime import settings
from casefeed.runtime.errors import CheckFailed, UsageError

RedriveAttempt = decisions.DecisionAttempt[ParkedRecordResult]


_record_options = combined_options(
    click.argument("number", metavar="[ID]", required=False, callback=output.parse_record_id),
    click.option(
        "--child",
        "key",
        callback=parse_child_key,
        metavar="KEY",
        help="Those of this child, under any of its keys.",
    ),
    click.option(
        "--cause",
        type=click.Choice(list(PARKED_REASONS)),
        metavar="REASON",
        help="Those parked for this reason.",
    ),
    click.option("--topic", type=click.Choice(load_catalogue().topics), help="Those that lay on this topic."),
    click.option("--all", "every", is_flag=True, help="Every one that waits."),
    decisions.decision_options,
)
"""Which records: one, or those that pass every filter; all of them only where that is said."""


@click.command("redrive")
@_record_options
def redrive(**options: Any) -> None:
    """Judge parked records again with today's schemas, and take in what applies; what does not stays parked.

    Name one by its ID, or a child, a cause, a topic, or --all. First shows what it changes. Exit 1 where some stay
    parked. It may be done while the intake runs.
    """
    _decide(options, _prepare_redrive)


@click.command("close")
@_record_options
def close(**options: Any) -> None:
    """Close parked records as they are: nothing is applied, their bytes stay, and no child is uncertain by them.

    For what the sender has corrected or withdrawn otherwise. One that was closed can still be redriven by its ID.
    """
    _decide(options, _prepare_close)


ObserverFactory = Callable[[Iterable[str]], Callable[[sqlite3.Connection], LedgerSnapshot]]
"""A look at the children of the records, and at those of further keys."""


def _prepare_redrive(
    store: SharedStore, decision: Decision[ParkedFilter], observer_for: ObserverFactory, _: int
) -> RedriveAttempt:
    in_force = settings.load()
    trial = asyncio.run(_plan(store, decision.selection, in_force.registry_url))
    events = [each.classified for each in trial.records if isinstance(each.classified, DecodedEvent)]
    look = observer_for([key for event in events if (key := event.body.get("merged_child_key"))])
    return partial(take_in_again, store, trial, decision, apply_events, look)


async def _plan(store: SharedStore, choice: ParkedFilter, registry_url: str) -> RedrivePlan:
    async with SchemaRegistry(registry_url) as registry:
        return await plan_redrive(store, choice, load_catalogue(), registry_url, registry.schema_by_id)


def _prepare_close(
    store: SharedStore, decision: Decision[ParkedFilter], observer_for: ObserverFactory, up_to: int
) -> RedriveAttempt:
    return partial(close_records, store, decision, observer_for(()), up_to_id=up_to)


def _decide(
    options: dict[str, Any],
    prepare: Callable[[SharedStore, Decision[ParkedFilter], ObserverFactory, int], RedriveAttempt],
) -> None:
    choice = _parse_filter(options)
    by, why = decisions.decider_and_reason(options)
    with output.ledger_snapshot() as db:
        choice = replace(choice, child_keys=keys_of_child(db, options["key"]))
        found, count = parked_records(db, choice)
    if choice.id is not None and not found:
        raise CheckFailed(
            f"No record {choice.id} is parked here; `casefeed ice parked list` shows those that are."
        )
    decision = Decision(by, why, choice)
    looking = partial(impact_observer, found, decisions.today())
    up_to = max((each.id for each in found), default=0)
    made = decisions.run_decision(
        lambda store: prepare(store, decision, looking, up_to),
        options,
        decision,
        lambda tried: _print_trial(tried, count),
        _records_dict,
    )
    if stayed := made.counts["parked"]:
        which = display.plural(stayed, "record")
        raise CheckFailed(
            f"{which} {'would stay' if options['dry_run'] else 'stayed'} parked; docs/operate/parked.md says what to "
            "do about each reason."
        )


def _parse_filter(options: dict[str, Any]) -> ParkedFilter:
    filters = [options["key"], options["cause"], options["topic"]]
    named = any(each is not None for each in filters)
    if (options["number"] is not None) + named + options["every"] != 1:
        raise UsageError(
            "Name which: the ID of one record, or --child, --cause, --topic (any of them together), or --all alone."
        )
    cause = options["cause"]
    return ParkedFilter(
        id=options["number"],
        cause=None if cause is None else PARKED_REASONS[cause],
        topic=options["topic"],
    )


def _print_trial(trial: DecisionResult[ParkedRecordResult, LedgerSnapshot], count: int) -> None:
    if not trial.results:
        done = f"all {count:,} that pass are done" if count else "no record passes"
        click.echo(f"There is nothing to decide: {done}.")
        return
    children = {key for each in trial.results for key in each.parked.child_keys}
    click.echo(
        f"{display.plural(len(trial.results), 'record')} of {display.plural(len(children), 'child', 'children')}: "
        f"{decisions.result_counts(trial)}. What changes:"
    )
    shown = trial.results[: output.DEFAULT_TABLE_ROWS]
    output.print_table(
        "Records" + (f", the first {len(shown):,}" if len(shown) < len(trial.results) else ""),
        ("id", "child", "reason", "becomes", "event"),
        (
            (
                str(each.parked.id), each.parked.child_key or "", each.parked.current_reason.value,
                *_result_text(each),
            )
            for each in shown
        ),
    )  # fmt: skip
    decisions.print_impact(trial)


def _records_dict(result: DecisionResult[ParkedRecordResult, LedgerSnapshot]) -> dict[str, Any]:
    return {"records": [_result_dict(each) for each in result.results]}


def _result_text(result: ParkedRecordResult) -> tuple[str, str]:
    event = result.event
    if event is not None:
        head = event.header
        return "applied", f"{event.event_type.short_name}, {head['source']} no. {head['sequence']}"
    if result.state is ParkedState.OPEN and isinstance(result.outcome, Parked):
        detail = f": {result.outcome.detail}" if result.outcome.detail else ""
        return "parked still", f"{result.outcome.reason.value}{detail}"
    return result.state.value, ""


def _result_dict(result: ParkedRecordResult) -> dict[str, Any]:
    outcome, event = result.outcome, result.event
    why = outcome if isinstance(outcome, (Parked, Refused)) else None
    return {
        "id": result.parked.id,
        "child_key": result.parked.child_key,
        "reason": result.parked.reason.value,
        "became": result.state.value,
        "reason_now": None if why is None else why.reason.value,
        "detail_now": None if why is None else why.detail,
        "event": None
        if event is None
        else {
            "type": event.event_type.name,
            **{name: event.header[name] for name in ("event_id", "child_key", "source", "sequence")},
            "occurred_at": display.iso(event.header["occurred_at"]),
        },
    }
