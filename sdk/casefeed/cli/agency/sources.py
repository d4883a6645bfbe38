"""`casefeed ice sources`: the recording stores that were heard, how they keep their promises, and the end of one."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from casefeed.cli.agency import decisions, output
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.freshness import source_state
from casefeed.ledger.impact import LedgerSnapshot, impact_observer
from casefeed.read.decisions import Decision, DecisionResult, EndedSource, SourceFilter, end_source
from casefeed.read.heartbeats import SourceStatus, Timeliness, source_statuses
from casefeed.runtime.errors import CheckFailed

FIELDS = (
    "source", "agency", "topic", "punctuality", "sent", "waiting", "ended_by", "stated_at", "due_at", "waiting_since",
)  # fmt: skip


@click.group("sources")
def sources() -> None:
    """The stores that were heard, and whether they keep their word."""


@sources.command("list")
@output.format_option("table", "json", "csv")
def list_(form: str) -> None:
    """Each source: last heard, due again, sent and waiting."""
    now = output.now_ms()
    with output.ledger_snapshot() as db:
        found = source_statuses(db)
    rows = [each.as_dict(now) for each in found]
    if form == "json":
        output.print_json({"sources": rows})
    elif form == "csv":
        output.print_csv(FIELDS, ([row[name] for name in FIELDS] for row in rows))
    elif not found:
        click.echo("No source was ever heard: only relays speak, not replays of archives.")
    else:
        output.print_table(
            "Sources", ("source", "agency", "stands", "last heard", "due", "sent", "waiting"),
            (_table_row(each, now) for each in found),
        )  # fmt: skip


def _table_row(source: SourceStatus, now: int) -> tuple[str, ...]:
    speech = Locale()
    due = "" if source.due_at is None else speech.format_time(source.due_at)
    heard_at = speech.format_time(source.published_at)
    return (
        source.source, display.humanize(source.agency), source_state(source, now), heard_at, due, f"{source.sent:,}",
        f"{source.waiting:,}",
    )  # fmt: skip


@sources.command("end")
@click.argument("source", metavar="SOURCE", callback=output.parse_source)
@decisions.decision_options
def end(source: str, **options: Any) -> None:
    """Expect nothing more of a source that is gone for good.

    No answer is late or silent by it then. Where it is heard again, promises count again. What it recorded and never
    sent is not here: say in the reason what became of it.
    """
    by, why = decisions.decider_and_reason(options)
    with output.ledger_snapshot() as db:
        known = {each.source: each for each in source_statuses(db)}
    if source not in known:
        raise CheckFailed("No source of that name was ever heard; `casefeed ice sources list` names them.")
    one, now = known[source], output.now_ms()
    if one.timeliness(now) is Timeliness.PROMPT:
        raise CheckFailed(f"{source} is {one.timeliness(now).description}: it is not gone, and does not end.")
    look, decision = impact_observer((), decisions.today()), Decision(by, why, SourceFilter(source))
    decisions.run_decision(
        lambda store: partial(end_source, store, decision, look, heartbeat_at=one.published_at),
        options,
        decision,
        lambda tried: _print_trial(tried, one, now),
        _ended_dict,
    )


def _print_trial(trial: DecisionResult[EndedSource, LedgerSnapshot], source: SourceStatus, now: int) -> None:
    if not trial.results:
        click.echo(f"There is nothing to decide: {source_state(source, now)}, and nothing of it waits.")
        return
    left = display.plural(source.waiting, "event")
    click.echo(
        f"{source.source}, {source_state(source, now)} (last heard "
        f"{Locale().format_time(source.published_at)}, when {left} of it "
        "waited to be sent): no more is expected of it."
    )


def _ended_dict(result: DecisionResult[EndedSource, LedgerSnapshot]) -> dict[str, Any]:
    return {"sources": [each.source for each in result.results]}
