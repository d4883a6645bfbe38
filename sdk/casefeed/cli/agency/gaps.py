"""`casefeed ice gaps`: numbers that senders gave and that are missing here, since when, and what was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from casefeed.cli.agency import gap_decisions, output
from casefeed.cli.options import parse_child_key
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.gap_requests import late_cutoff, requested_at
from casefeed.ledger.gap_requests import record_requests as put_out
from casefeed.ledger.merged_keys import keys_of_child
from casefeed.read.gaps import ClosedGap, Gap, closed_gaps, open_gaps
from casefeed.runtime import settings
from casefeed.runtime.errors import UsageError
from ice_caseload.agency import ICE

FIELDS = ("child_key", "source", "first", "last", "missing", "since", "past_event_id", "asked_at")


@click.group("gaps")
def gaps() -> None:
    """Numbers that are missing below one that is held.

    Each is of a child and of the source that numbered it. The intake asks the sender by itself for what it notices
    once it has read to the ends, after the time that the setting gap_asked_after_minutes says. A gap ends when its
    numbers come, or by `gaps close`.
    """


_child_option = click.option(
    "--child",
    "key",
    callback=parse_child_key,
    metavar="KEY",
    help="Only gaps of this child, under any key.",
)
_source_option = click.option(
    "--source",
    callback=output.parse_source,
    metavar="SOURCE",
    help="Only gaps in what this recording store numbered.",
)
_since_option = click.option(
    "--since", type=output.DAY, help="Only what was noticed on this UTC day or later."
)
_late_option = click.option(
    "--late", is_flag=True, help="Only what is open longer than gap_asked_after_minutes."
)


@gaps.command("list")
@_child_option
@_source_option
@_since_option
@_late_option
@click.option("--closed", is_flag=True, help="Only what was given up and has not come since.")
@output.limit_option()
@output.format_option("table", "json", "csv")
def list_(limit: int | None, form: str, **options: Any) -> None:
    """The gaps, the longest open first."""
    if options["closed"] and (options["since"] or options["late"]):
        raise UsageError(
            "--closed goes with --child and --source alone: what was given up is not late any more."
        )
    now, at_most = output.now_ms(), output.effective_limit(limit, form)
    with output.ledger_snapshot() as db:
        options["keys"] = keys_of_child(db, options["key"])
        found = (
            _closed_page(db, options, at_most) if options["closed"] else _open_gaps(db, options, now, at_most)
        )
        complete = load_freshness(db, now)
    _print_page(form, options, found, complete)


@gaps.command("ask")
@_child_option
@_source_option
@_since_option
@_late_option
@output.format_option("table", "json", "csv")
def ask(form: str, **options: Any) -> None:
    """Ask the senders for gaps that were not asked for yet.

    Those of the past too; `casefeed ice relay` sends what is asked.
    """
    now = output.now_ms()
    with output.ledger_snapshot() as db:
        options["keys"] = keys_of_child(db, options["key"])
        every, _ = open_gaps(db, **_filters(options, now))
        asked = requested_at(db, every)
        complete = load_freshness(db, now)
    put = 0
    if unasked := [gap for gap in every if gap not in asked]:
        with ICE.desk(settings.load()) as desk:
            put = put_out(desk, unasked, now)
        asked |= dict.fromkeys(unasked, now)
    _print_page(
        form,
        options,
        _open_page(every, len(every), asked, options, output.DEFAULT_TABLE_ROWS),
        complete,
        asked_now=put,
    )


@dataclass(frozen=True, slots=True)
class _GapPage:
    """What is told: rows for programs, how many there are in all, and the table for people."""

    fields: tuple[str, ...]
    rows: list[dict[str, Any]]
    count: int
    print_table: Callable[[], None]


def _open_gaps(db: sqlite3.Connection, options: dict[str, Any], now: int, limit: int | None) -> _GapPage:
    found, count = open_gaps(db, **_filters(options, now), limit=limit)
    return _open_page(found, count, requested_at(db, found), options, limit)


def _open_page(
    found: list[Gap], count: int, requested: dict[Gap, int], options: dict[str, Any], limit: int | None
) -> _GapPage:
    rows = [_gap_dict(each, requested.get(each)) for each in found]
    return _GapPage(
        FIELDS,
        rows,
        count,
        lambda: _print_open_gaps(found[:limit], requested, count, filtered=any(options.values())),
    )


def _closed_page(db: sqlite3.Connection, options: dict[str, Any], limit: int | None) -> _GapPage:
    found, count = closed_gaps(db, child_keys=options["keys"], source=options["source"], limit=limit)
    rows = [gap_decisions.closed_gap_dict(each) for each in found]
    return _GapPage(gap_decisions.CLOSED_FIELDS, rows, count, lambda: _print_closed_gaps(found, count))


def _filters(options: dict[str, Any], now: int) -> dict[str, Any]:
    """The filters as the ledger takes them."""
    after_minutes = settings.load().gap_asked_after_minutes
    return {
        "child_keys": options["keys"],
        "source": options["source"],
        "since": output.start_of_day(options["since"]),
        "before": late_cutoff(now, after_minutes) if options["late"] else None,
    }


def _print_page(
    form: str, options: dict[str, Any], page: _GapPage, freshness: Freshness, **more: int
) -> None:
    """The answer in a form; `asked_now` among `more` is how many were asked for just now."""
    since: datetime | None = options["since"]
    if form == "json":
        filters = {
            "child_key": options["key"],
            "child_keys": options["keys"],
            "source": options["source"],
            "since": since and since.date().isoformat(),
            "late": options["late"],
            "closed": options.get("closed", False),
        }
        head = {"filters": filters, "count": page.count, **more, "complete": freshness.as_dict()}
        output.print_json({**head, "gaps": page.rows})
    elif form == "csv":
        output.print_csv(page.fields, ([row[name] for name in page.fields] for row in page.rows))
    else:
        page.print_table()
        for put in more.values():
            click.echo(
                f"Asked for {display.plural(put, 'gap')} now; `casefeed ice relay` sends what was asked."
            )
        output.print_freshness(freshness)


def _gap_dict(gap: Gap, requested_ms: int | None) -> dict[str, Any]:
    return {
        "child_key": gap.child_key,
        "source": gap.source,
        "first": gap.first,
        "last": gap.last,
        "missing": gap.missing,
        "since": display.iso(gap.since),
        "past_event_id": str(gap.next_event_id),
        "asked_at": display.iso(requested_ms),
    }


def _print_open_gaps(shown: list[Gap], requested: dict[Gap, int], count: int, *, filtered: bool) -> None:
    if not shown:
        click.echo(
            "No number is missing that passes these filters."
            if filtered
            else "No number is missing below one that is held."
        )
        return
    speech = Locale()
    output.print_table(
        f"Gaps: {output.count_text(len(shown), count)}; `casefeed ice case KEY` says more of a child",
        ("child", "source", "numbers", "missing since", "asked"),
        (
            (
                gap.child_key,
                gap.source,
                display.sequence_range(gap.first, gap.last),
                speech.format_time(gap.since),
                speech.format_time(requested[gap]) if gap in requested else "not asked",
            )
            for gap in shown
        ),
    )


def _print_closed_gaps(shown: list[ClosedGap], count: int) -> None:
    if not shown:
        click.echo("Nothing is given up that passes these filters and has not come since.")
        return
    speech = Locale()
    output.print_table(
        f"Given up: {output.count_text(len(shown), count)}; `casefeed ice gaps reopen` waits for them again",
        ("child", "source", "numbers", "missing", "decided", "by", "why"),
        (
            (
                each.child_key, each.source, display.sequence_range(each.first, each.last), f"{each.missing:,}",
                f"{speech.format_time(each.at)} (decision {each.decision})", each.by, each.reason,
            )
            for each in shown
        ),
    )  # fmt: skip


gaps.add_command(gap_decisions.close)
gaps.add_command(gap_decisions.reopen)
