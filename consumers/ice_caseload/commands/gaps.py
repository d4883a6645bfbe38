"""`casefeed ice gaps`: numbers that senders gave and that are missing here, since when, and what was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from casefeed.cli.options import child_key
from casefeed.read.gaps import ClosedGap, Gap, closed_gaps, open_gaps
from casefeed.runtime import settings
from casefeed.runtime.errors import WrongUse
from ice_caseload import words
from ice_caseload.asking import ask as put_out
from ice_caseload.asking import asked_at, late_before
from ice_caseload.commands import answers, giving_up
from ice_caseload.completeness import Complete, complete_up_to
from ice_caseload.desk import ICE
from ice_caseload.says import Speech
from ice_caseload.tied import keys_of_child

FIELDS = ("child_key", "source", "first", "last", "missing", "since", "past_event_id", "asked_at")


@click.group("gaps")
def gaps() -> None:
    """Numbers that are missing below one that is held.

    Each is of a child and of the source that numbered it. The intake asks the sender by itself for what it notices
    once it has read to the ends, after the time that the setting gap_asked_after_minutes says. A gap ends when its
    numbers come, or by `gaps close`.
    """


_child = click.option(
    "--child",
    "key",
    callback=child_key,
    metavar="KEY",
    help="Only gaps of this child, under any key.",
)
_source = click.option(
    "--source",
    callback=answers.source,
    metavar="SOURCE",
    help="Only gaps in what this recording store numbered.",
)
_since = click.option("--since", type=answers.DAY, help="Only what was noticed on this UTC day or later.")
_late = click.option("--late", is_flag=True, help="Only what is open longer than gap_asked_after_minutes.")


@gaps.command("list")
@_child
@_source
@_since
@_late
@click.option("--closed", is_flag=True, help="Only what was given up and has not come since.")
@answers.limit_option()
@answers.form_option("table", "json", "csv")
def list_(limit: int | None, form: str, **given: Any) -> None:
    """The gaps, the longest open first."""
    if given["closed"] and (given["since"] or given["late"]):
        raise WrongUse(
            "--closed goes with --child and --source alone: what was given up is not late any more."
        )
    now, at_most = answers.now_ms(), answers.limit_of(limit, form)
    with answers.asked() as db:
        given["keys"] = keys_of_child(db, given["key"])
        found = _given_up(db, given, at_most) if given["closed"] else _open(db, given, now, at_most)
        complete = complete_up_to(db, now)
    _tell(form, given, found, complete)


@gaps.command("ask")
@_child
@_source
@_since
@_late
@answers.form_option("table", "json", "csv")
def ask(form: str, **given: Any) -> None:
    """Ask the senders for gaps that were not asked for yet.

    Those of the past too; `casefeed ice relay` sends what is asked.
    """
    now = answers.now_ms()
    with answers.asked() as db:
        given["keys"] = keys_of_child(db, given["key"])
        every, _ = open_gaps(db, **_filters(given, now))
        asked = asked_at(db, every)
        complete = complete_up_to(db, now)
    put = 0
    if unasked := [gap for gap in every if gap not in asked]:
        with ICE.desk(settings.load()) as desk:
            put = put_out(desk, unasked, now)
        asked |= dict.fromkeys(unasked, now)
    _tell(
        form,
        given,
        _listed(every, len(every), asked, given, answers.ROWS_IN_A_TABLE),
        complete,
        asked_now=put,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What is told: rows for programs, how many there are in all, and the table for people."""

    fields: tuple[str, ...]
    rows: list[dict[str, Any]]
    count: int
    show: Callable[[], None]


def _open(db: sqlite3.Connection, given: dict[str, Any], now: int, at_most: int | None) -> _Found:
    found, count = open_gaps(db, **_filters(given, now), limit=at_most)
    return _listed(found, count, asked_at(db, found), given, at_most)


def _listed(
    found: list[Gap], count: int, asked: dict[Gap, int], given: dict[str, Any], at_most: int | None
) -> _Found:
    rows = [_row(each, asked.get(each)) for each in found]
    return _Found(
        FIELDS, rows, count, lambda: _show(found[:at_most], asked, count, filtered=any(given.values()))
    )


def _given_up(db: sqlite3.Connection, given: dict[str, Any], at_most: int | None) -> _Found:
    found, count = closed_gaps(db, child_keys=given["keys"], source=given["source"], limit=at_most)
    rows = [giving_up.closed_json(each) for each in found]
    return _Found(giving_up.CLOSED_FIELDS, rows, count, lambda: _show_closed(found, count))


def _filters(given: dict[str, Any], now: int) -> dict[str, Any]:
    """The filters as the ledger takes them."""
    after_minutes = settings.load().gap_asked_after_minutes
    return {
        "child_keys": given["keys"],
        "source": given["source"],
        "since": answers.start_of(given["since"]),
        "before": late_before(now, after_minutes) if given["late"] else None,
    }


def _tell(form: str, given: dict[str, Any], found: _Found, complete: Complete, **more: int) -> None:
    """The answer in a form; `asked_now` among `more` is how many were asked for just now."""
    since: datetime | None = given["since"]
    if form == "json":
        filters = {
            "child_key": given["key"],
            "child_keys": given["keys"],
            "source": given["source"],
            "since": since and since.date().isoformat(),
            "late": given["late"],
            "closed": given.get("closed", False),
        }
        head = {"filters": filters, "count": found.count, **more, "complete": complete.as_json()}
        answers.say_json({**head, "gaps": found.rows})
    elif form == "csv":
        answers.say_csv(found.fields, ([row[name] for name in found.fields] for row in found.rows))
    else:
        found.show()
        for put in more.values():
            click.echo(
                f"Asked for {words.plural(put, 'gap')} now; `casefeed ice relay` sends what was asked."
            )
        answers.say_complete(complete)


def _row(gap: Gap, asked: int | None) -> dict[str, Any]:
    return {
        "child_key": gap.child_key,
        "source": gap.source,
        "first": gap.first,
        "last": gap.last,
        "missing": gap.missing,
        "since": words.iso(gap.since),
        "past_event_id": str(gap.past),
        "asked_at": words.iso(asked),
    }


def _show(shown: list[Gap], asked: dict[Gap, int], count: int, *, filtered: bool) -> None:
    if not shown:
        click.echo(
            "No number is missing that passes these filters."
            if filtered
            else "No number is missing below one that is held."
        )
        return
    speech = Speech()
    answers.say_table(
        f"Gaps: {answers.how_many(len(shown), count)}; `casefeed ice case KEY` says more of a child",
        ("child", "source", "numbers", "missing since", "asked"),
        (
            (
                gap.child_key,
                gap.source,
                words.run(gap.first, gap.last),
                speech.time(gap.since),
                speech.time(asked[gap]) if gap in asked else "not asked",
            )
            for gap in shown
        ),
    )


def _show_closed(shown: list[ClosedGap], count: int) -> None:
    if not shown:
        click.echo("Nothing is given up that passes these filters and has not come since.")
        return
    speech = Speech()
    answers.say_table(
        f"Given up: {answers.how_many(len(shown), count)}; `casefeed ice gaps reopen` waits for them again",
        ("child", "source", "numbers", "missing", "decided", "by", "why"),
        (
            (
                each.child_key, each.source, words.run(each.first, each.last), f"{each.missing:,}",
                f"{speech.time(each.at)} (decision {each.decision})", each.by, each.reason,
            )
            for each in shown
        ),
    )  # fmt: skip


gaps.add_command(giving_up.close)
gaps.add_command(giving_up.reopen)
