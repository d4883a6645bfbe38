"""`gaps close`, `gaps reopen` and `sources end`: what nobody can send any more is given up by a decision."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from casefeed.cli.agency import decide, output
from casefeed.cli.options import SEQUENCE_NUMBER, combined_options
from casefeed.ledger import display
from casefeed.ledger.decisions import LedgerDecision, impact_observer
from casefeed.ledger.event_text import Locale
from casefeed.ledger.freshness import source_state
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.publish.agency import Agency
from casefeed.read.decisions import (
    ClosedRange,
    Decision,
    EndedSource,
    GapFilter,
    SourceFilter,
    close_gaps,
    end_source,
    reopen_gaps,
)
from casefeed.read.event_log import last_seq
from casefeed.read.heartbeats import SourceStatus, Timeliness, source_statuses
from casefeed.runtime.errors import CheckFailed, UsageError

_gap_options = combined_options(
    output.child_option("Only of this child."),
    output.source_option("Only what this store numbered."),
    click.option("--first", type=SEQUENCE_NUMBER, metavar="N", help="Only from this number on."),
    click.option("--last", type=SEQUENCE_NUMBER, metavar="N", help="Only up to this number."),
    decide.decision_options,
)
"""Which numbers, and who decides about them."""


@click.command("close")
@_gap_options
@click.pass_obj
def close_command(agency: Agency, /, **options: Any) -> None:
    """Give numbers up that nobody can send any more.

    For those of which the sender says so: of a child, or of all children of a source whose desk was lost. The
    child is not uncertain by them from then on; its case says what was given up, by whom and why. When they come
    all the same, they are taken in. First shows what it changes.
    """
    decision, place = _gap_decision(agency, options)
    with decide.shared_ledger(agency) as store:
        attempt = partial(close_gaps, store, decision, impact_observer(decide.today()), noticed_up_to=place)
        decide.run(attempt, options, lambda tried: _print_ranges(tried, "is missing"))


@click.command("reopen")
@_gap_options
@click.pass_obj
def reopen_command(agency: Agency, /, **options: Any) -> None:
    """Wait again for numbers that were given up.

    Each run as it was given up, but for what has come since; `gaps list --closed` shows them.
    """
    decision, _ = _gap_decision(agency, options)
    with decide.shared_ledger(agency) as store:
        attempt = partial(reopen_gaps, store, decision, impact_observer(decide.today()))
        decide.run(attempt, options, lambda tried: _print_ranges(tried, "was given up and has not come since"))


def _gap_decision(agency: Agency, options: dict[str, Any]) -> tuple[Decision[GapFilter], int]:
    """What is decided about which numbers, and the last place of the log by which they were noticed."""
    by, why = decide.decider_and_reason(options)
    source, first, last = options["source"], options["first"], options["last"]
    if options["key"] is None and source is None:
        raise UsageError("Name whose numbers: --child KEY, --source SOURCE, or both.")
    if first and last and first > last:
        raise UsageError("--first is above --last: no number lies between them.")
    with output.ledger_snapshot(agency) as db:
        which = GapFilter(keys_of_child(db, options["key"]), source, first, last)
        return Decision(by, why, which), last_seq(db)


def _print_ranges(trial: LedgerDecision[ClosedRange], state: str) -> None:
    if not trial.results:
        click.echo(f"There is nothing to decide: no number {state} that passes these filters.")
        return
    shown = trial.results[: output.DEFAULT_TABLE_ROWS]
    output.print_table(
        f"Numbers: {output.count_text(len(shown), len(trial.results))}",
        ("child", "source", "numbers", "become"),
        (
            (each.child_key, each.source, display.sequence_range(each.first, each.last), each.counted_as)
            for each in shown
        ),
    )
    decide.print_impact(trial)


@click.command("end")
@click.argument("source", metavar="SOURCE", callback=output.parse_source)
@decide.decision_options
@click.pass_obj
def end_command(agency: Agency, /, source: str, **options: Any) -> None:
    """Expect nothing more of a source that is gone for good.

    No answer is late or silent by it then. Where it is heard again, promises count again. What it recorded and
    never sent is not here: say in the reason what became of it.
    """
    by, why = decide.decider_and_reason(options)
    now = output.now_ms()
    with output.ledger_snapshot(agency) as db:
        status = next((each for each in source_statuses(db) if each.source == source), None)
    if status is None:
        raise CheckFailed(f"No source of that name was ever heard; `{agency.command} sources list` names them.")
    if status.timeliness(now) is Timeliness.PROMPT:
        prompt = Timeliness.PROMPT.description
        raise CheckFailed(f"{source} is {prompt}: it is not gone, and does not end.")
    decision = Decision(by, why, SourceFilter(source))
    state = source_state(status, now, agency.command)
    with decide.shared_ledger(agency) as store:
        attempt = partial(
            end_source, store, decision, impact_observer(decide.today()), heartbeat_at=status.published_at
        )
        decide.run(attempt, options, lambda tried: _print_end(tried, status, state))


def _print_end(trial: LedgerDecision[EndedSource], source: SourceStatus, state: str) -> None:
    if not trial.results:
        click.echo(f"There is nothing to decide: {state}, and nothing of it waits.")
        return
    heard_at, left = Locale().format_time(source.published_at), display.plural(source.waiting, "event")
    click.echo(
        f"{source.source}, {state} (last heard {heard_at}, when {left} of it waited to be sent): no more is expected "
        "of it."
    )
