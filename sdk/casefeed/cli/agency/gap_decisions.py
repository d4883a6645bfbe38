"""`casefeed ice gaps close|reopen`: missing numbers that nobody can send any more end by a decision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from casefeed.cli.agency import decisions, output
from casefeed.cli.options import SEQUENCE_NUMBER, combined_options, parse_child_key
from casefeed.ledger import display
from casefeed.ledger.impact import LedgerSnapshot, impact_observer
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.read.decisions import ClosedRange, Decision, DecisionResult, GapFilter, close_gaps, reopen_gaps
from casefeed.read.event_log import last_seq
from casefeed.read.gaps import ClosedGap
from casefeed.runtime.errors import UsageError

CLOSED_FIELDS = ("child_key", "source", "first", "last", "missing", "decision", "at", "by", "reason")


_gap_options = combined_options(
    click.option("--child", "key", callback=parse_child_key, metavar="KEY", help="Only of this child."),
    click.option(
        "--source", callback=output.parse_source, metavar="SOURCE", help="Only what this store numbered."
    ),
    click.option("--first", type=SEQUENCE_NUMBER, metavar="N", help="Only from this number on."),
    click.option("--last", type=SEQUENCE_NUMBER, metavar="N", help="Only up to this number."),
    decisions.decision_options,
)
"""Which numbers, and who decides about them."""


@click.command("close")
@_gap_options
def close(**options: Any) -> None:
    """Give numbers up that nobody can send any more.

    For those of which the sender says so: of a child, or of all children of a source whose desk was lost. The child
    is not uncertain by them from then on; its case says what was given up, by whom and why. When they come all the
    same, they are taken in. First shows what it changes.
    """
    _decide(options, lambda place: partial(close_gaps, noticed_up_to=place), "is missing")


@click.command("reopen")
@_gap_options
def reopen(**options: Any) -> None:
    """Wait again for numbers that were given up.

    Each run as it was given up, but for what has come since; `gaps list --closed` shows them.
    """
    _decide(options, lambda _: reopen_gaps, "was given up and has not come since")


def closed_gap_dict(gap: ClosedGap) -> dict[str, Any]:
    """What was given up, as programs get it."""
    return {**{name: getattr(gap, name) for name in CLOSED_FIELDS}, "at": display.iso(gap.at)}


def _decide(
    options: dict[str, Any],
    decide: Callable[[int], Callable[..., DecisionResult[ClosedRange, LedgerSnapshot]]],
    state: str,
) -> None:
    by, why = decisions.decider_and_reason(options)
    if options["key"] is None and options["source"] is None:
        raise UsageError("Name whose numbers: --child KEY, --source SOURCE, or both.")
    if options["first"] and options["last"] and options["first"] > options["last"]:
        raise UsageError("--first is above --last: no number lies between them.")
    with output.ledger_snapshot() as db:
        child_keys, decided = keys_of_child(db, options["key"]), decide(last_seq(db))
    which = GapFilter(child_keys, options["source"], options["first"], options["last"])
    decision = Decision(by, why, which)
    look = impact_observer((), decisions.today())
    decisions.run_decision(
        lambda store: partial(decided, store, decision, look),
        options,
        decision,
        lambda tried: _print_trial(tried, state),
        _ranges_dict,
    )


def _print_trial(trial: DecisionResult[ClosedRange, LedgerSnapshot], state: str) -> None:
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
    decisions.print_impact(trial)


def _ranges_dict(result: DecisionResult[ClosedRange, LedgerSnapshot]) -> dict[str, Any]:
    names = ("child_key", "source", "first", "last")
    return {"gaps": [{name: getattr(each, name) for name in names} for each in result.results]}
