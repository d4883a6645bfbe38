"""`casefeed ice gaps close|reopen`: missing numbers that nobody can send any more end by a decision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from casefeed.cli.options import NUMBER, child_key, together
from casefeed.read.decisions import Decision, Made, Numbers, Run, close_gaps, reopen_gaps
from casefeed.read.event_log import last_place
from casefeed.read.gaps import ClosedGap
from casefeed.runtime.errors import WrongUse
from ice_caseload import words
from ice_caseload.commands import answers, deciding
from ice_caseload.difference import Seen, looking_at
from ice_caseload.tied import keys_of_child

CLOSED_FIELDS = ("child_key", "source", "first", "last", "missing", "decision", "at", "by", "reason")


_which = together(
    click.option("--child", "key", callback=child_key, metavar="KEY", help="Only of this child."),
    click.option(
        "--source", callback=answers.source, metavar="SOURCE", help="Only what this store numbered."
    ),
    click.option("--first", type=NUMBER, metavar="N", help="Only from this number on."),
    click.option("--last", type=NUMBER, metavar="N", help="Only up to this number."),
    deciding.with_options,
)
"""Which numbers, and who decides about them."""


@click.command("close")
@_which
def close(**given: Any) -> None:
    """Give numbers up that nobody can send any more.

    For those of which the sender says so: of a child, or of all children of a source whose desk was lost. The child
    is not uncertain by them from then on; its case says what was given up, by whom and why. When they come all the
    same, they are taken in. First shows what it changes.
    """
    _decide(given, lambda place: partial(close_gaps, up_to=place), "is missing")


@click.command("reopen")
@_which
def reopen(**given: Any) -> None:
    """Wait again for numbers that were given up.

    Each run as it was given up, but for what has come since; `gaps list --closed` shows them.
    """
    _decide(given, lambda _: reopen_gaps, "was given up and has not come since")


def closed_json(gap: ClosedGap) -> dict[str, Any]:
    """What was given up, as programs get it."""
    return {**{name: getattr(gap, name) for name in CLOSED_FIELDS}, "at": words.iso(gap.at)}


def _decide(given: dict[str, Any], make: Callable[[int], Callable[..., Made[Run, Seen]]], state: str) -> None:
    by, why = deciding.who_and_why(given)
    if given["key"] is None and given["source"] is None:
        raise WrongUse("Name whose numbers: --child KEY, --source SOURCE, or both.")
    if given["first"] and given["last"] and given["first"] > given["last"]:
        raise WrongUse("--first is above --last: no number lies between them.")
    with answers.asked() as db:
        child_keys, decided = keys_of_child(db, given["key"]), make(last_place(db))
    which = Numbers(child_keys, given["source"], given["first"], given["last"])
    decision = Decision(by, why, which)
    look = looking_at((), deciding.today())
    deciding.carried_out(
        lambda store: partial(decided, store, decision, look),
        given,
        decision,
        lambda tried: _show(tried, state),
        _runs,
    )


def _show(tried: Made[Run, Seen], state: str) -> None:
    if not tried.verdicts:
        click.echo(f"There is nothing to decide: no number {state} that passes these filters.")
        return
    shown = tried.verdicts[: answers.ROWS_IN_A_TABLE]
    answers.say_table(
        f"Numbers: {answers.how_many(len(shown), len(tried.verdicts))}",
        ("child", "source", "numbers", "become"),
        ((each.child_key, each.source, words.run(each.first, each.last), each.counted) for each in shown),
    )
    deciding.show_changes(tried)


def _runs(made: Made[Run, Seen]) -> dict[str, Any]:
    names = ("child_key", "source", "first", "last")
    return {"gaps": [{name: getattr(each, name) for name in names} for each in made.verdicts]}
