"""`parked redrive` and `parked close`: parked records end by a decision that has a name and a reason."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import click

from casefeed.cli.agency import decide, output
from casefeed.cli.agency.decisions import counts_text
from casefeed.cli.agency.parked import no_such_record
from casefeed.cli.options import combined_options
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.outcomes import Parked
from casefeed.contract.reasons import PARKED_REASONS
from casefeed.kafka.registry import SchemaRegistry
from casefeed.ledger import display
from casefeed.ledger.decisions import LedgerDecision, impact_observer
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.ledger.projection import apply_events
from casefeed.publish.agency import Agency
from casefeed.read.decisions import Decision
from casefeed.read.parked import ParkedFilter, ParkedRecord, ParkedState, parked_records
from casefeed.read.redrive import ParkedRecordResult, RedrivePlan, close_parked, plan_redrive, redrive
from casefeed.read.store import SharedStore
from casefeed.runtime import settings
from casefeed.runtime.errors import CheckFailed, UsageError

_record_options = combined_options(
    click.argument("number", metavar="[ID]", required=False, callback=output.parse_record_id),
    output.child_option("Those of this child, under any of its keys."),
    click.option(
        "--cause", type=click.Choice(list(PARKED_REASONS)), metavar="REASON", help="Those parked for this reason."
    ),
    click.option("--topic", type=click.Choice(load_catalogue().topics), help="Those that lay on this topic."),
    click.option("--all", "every", is_flag=True, help="Every one that waits."),
    decide.decision_options,
)
"""Which records: one, or those that pass every filter; all of them only where that is said."""


@click.command("redrive")
@_record_options
@click.pass_obj
def redrive_command(agency: Agency, /, **options: Any) -> None:
    """Judge parked records again with today's schemas, and take in what applies; what does not stays parked.

    Name one by its ID, or a child, a cause, a topic, or --all. First shows what it changes. Exit 1 where some
    stay parked. It may be done while the intake runs.
    """
    decision, records = _decision(agency, options)
    with decide.shared_ledger(agency) as store:
        plan = asyncio.run(_plan(store, decision.selection))
        look = impact_observer(decide.today(), records, plan)
        attempt = partial(redrive, store, plan, decision, apply_events, look)
        made = decide.run(attempt, options, lambda tried: _print_trial(tried, len(records)))
    if stayed := made.counts["parked"]:
        which, verb = display.plural(stayed, "record"), "would stay" if options["dry_run"] else "stayed"
        raise CheckFailed(f"{which} {verb} parked; docs/operate/parked.md says what to do about each reason.")


@click.command("close")
@_record_options
@click.pass_obj
def close_command(agency: Agency, /, **options: Any) -> None:
    """Close parked records as they are: nothing is applied, their bytes stay, and no child is uncertain by them.

    For what the sender has corrected or withdrawn otherwise. One that was closed can still be redriven by its ID.
    """
    decision, records = _decision(agency, options)
    look, up_to = impact_observer(decide.today(), records), max((each.id for each in records), default=0)
    with decide.shared_ledger(agency) as store:
        attempt = partial(close_parked, store, decision, look, up_to_id=up_to)
        decide.run(attempt, options, lambda tried: _print_trial(tried, len(records)))


def _decision(agency: Agency, options: dict[str, Any]) -> tuple[Decision[ParkedFilter], list[ParkedRecord]]:
    """What is decided about which records, and those that pass now, done or open."""
    record_id, key, cause, topic = (options[name] for name in ("number", "key", "cause", "topic"))
    filtered = any(each is not None for each in (key, cause, topic))
    if (record_id is not None) + filtered + options["every"] != 1:
        raise UsageError(
            "Name which: the ID of one record, or --child, --cause, --topic (any of them together), or --all alone."
        )
    by, why = decide.decider_and_reason(options)
    with output.ledger_snapshot(agency) as db:
        reason = None if cause is None else PARKED_REASONS[cause]
        choice = ParkedFilter(id=record_id, cause=reason, topic=topic, child_keys=keys_of_child(db, key))
        records, _ = parked_records(db, choice)
    if record_id is not None and not records:
        raise no_such_record(agency, record_id)
    return Decision(by, why, choice), records


async def _plan(store: SharedStore, choice: ParkedFilter) -> RedrivePlan:
    registry_url = settings.load().registry_url
    async with SchemaRegistry(registry_url) as registry:
        return await plan_redrive(store, choice, load_catalogue(), registry_url, registry.schema_by_id)


def _print_trial(trial: LedgerDecision[ParkedRecordResult], count: int) -> None:
    if not trial.results:
        done = f"all {count:,} that pass are done" if count else "no record passes"
        click.echo(f"There is nothing to decide: {done}.")
        return
    children = {key for each in trial.results for key in each.parked.child_keys}
    click.echo(
        f"{display.plural(len(trial.results), 'record')} of {display.plural(len(children), 'child', 'children')}: "
        f"{counts_text(trial.counts)}. What changes:"
    )
    shown = trial.results[: output.DEFAULT_TABLE_ROWS]
    output.print_table(
        "Records" + (f", the first {len(shown):,}" if len(shown) < len(trial.results) else ""),
        ("id", "child", "reason", "becomes", "event"),
        (
            (str(each.parked.id), each.parked.child_key or "", each.parked.current_reason.value, *_result_text(each))
            for each in shown
        ),
    )
    decide.print_impact(trial)


def _result_text(result: ParkedRecordResult) -> tuple[str, str]:
    event = result.event
    if event is not None:
        head = event.header
        return "applied", f"{event.event_type.short_name}, {head['source']} no. {head['sequence']}"
    if result.state is ParkedState.OPEN and isinstance(result.outcome, Parked):
        detail = f": {result.outcome.detail}" if result.outcome.detail else ""
        return "parked still", f"{result.outcome.reason.value}{detail}"
    return result.state.value, ""
