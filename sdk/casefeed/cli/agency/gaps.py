"""`gaps`: numbers that senders gave and that are missing here, since when, and what was asked."""

from __future__ import annotations

from datetime import date
from functools import partial

import click

from casefeed.cli.agency import output
from casefeed.cli.agency.group import agency_group
from casefeed.cli.options import combined_options
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.gap_requests import request_gaps
from casefeed.ledger.gaps import ClosedGapPage, GapPage, GapQuery, late_cutoff, load_closed_gap_page, load_gap_page
from casefeed.publish.agency import Agency
from casefeed.runtime import settings
from casefeed.runtime.errors import UsageError

gaps_command = partial(
    agency_group,
    help="""Numbers that are missing below one that is held.

    Each is of a child and of the source that numbered it. The intake asks the sender by itself for what it notices
    once it has read to the ends, after the time that the setting gap_asked_after_minutes says. A gap ends when its
    numbers come, or by `gaps close`.
    """,
    targets={
        "ask": "casefeed.cli.agency.gaps:ask_command",
        "close": "casefeed.cli.agency.gap_decisions:close_command",
        "list": "casefeed.cli.agency.gaps:list_command",
        "reopen": "casefeed.cli.agency.gap_decisions:reopen_command",
    },
    name="gaps",
)
"""`gaps` over the ledger of the agency that it is called with, with its subcommands."""


_query_options = combined_options(
    output.child_option("Only gaps of this child, under any key."),
    output.source_option("Only gaps in what this recording store numbered."),
    click.option("--since", type=output.DAY, help="Only what was noticed on this UTC day or later."),
    click.option("--late", is_flag=True, help="Only what is open longer than gap_asked_after_minutes."),
)
"""Which gaps."""


@click.command("list")
@_query_options
@click.option("--closed", is_flag=True, help="Only what was given up and has not come since.")
@output.limit_option
@output.format_option("table", "json", "csv")
@click.pass_obj
def list_command(
    agency: Agency, key: str | None, source: str | None, since: date | None, late: bool, closed: bool,
    limit: int | None, form: str,
) -> None:  # fmt: skip
    """The gaps, the longest open first."""
    if closed and (since or late):
        raise UsageError("--closed goes with --child and --source alone: what was given up is not late any more.")
    now, at_most = output.now_ms(), output.effective_limit(limit, form)
    query = _query(key, source, since, late, now)
    with output.ledger_snapshot(agency) as db:
        page = (load_closed_gap_page if closed else load_gap_page)(db, query, now, limit=at_most)
    if isinstance(page, GapPage):
        output.print_page(page, form, lambda: _print_gaps(page, at_most, agency))
    else:
        output.print_page(page, form, lambda: _print_closed_gaps(page, agency))


@click.command("ask")
@_query_options
@output.format_option("table", "json", "csv")
@click.pass_obj
def ask_command(
    agency: Agency, key: str | None, source: str | None, since: date | None, late: bool, form: str
) -> None:
    """Ask the senders for gaps that were not asked for yet.

    Those of the past too; `{agency.command} relay` sends what is asked.
    """
    now = output.now_ms()
    with output.ledger_snapshot(agency) as db:
        found = load_gap_page(db, _query(key, source, since, late, now), now)
    page = request_gaps(found, agency, now)
    output.print_page(page, form, lambda: _print_gaps(page, output.DEFAULT_TABLE_ROWS, agency))


def _query(key: str | None, source: str | None, since: date | None, late: bool, now: int) -> GapQuery:
    after_minutes = settings.load().gap_asked_after_minutes
    return GapQuery(key, source, since, late_cutoff(now, after_minutes) if late else None)


def _print_gaps(page: GapPage, limit: int | None, agency: Agency) -> None:
    locale, shown = Locale(), page.items[:limit]
    filtered = page.query != GapQuery()
    output.print_table(
        f"Gaps: {output.count_text(len(shown), page.count)}; `{agency.command} case KEY` says more of a child",
        ("child", "source", "numbers", "missing since", "asked"),
        (
            (
                gap.child_key, gap.source, display.sequence_range(gap.first, gap.last), locale.format_time(gap.since),
                locale.format_time(page.requested[gap]) if gap in page.requested else "not asked",
            )
            for gap in shown
        ),
        if_empty=f"No number is missing {'that passes these filters' if filtered else 'below one that is held'}.",
    )  # fmt: skip
    if page.asked_now is not None:
        asked = display.plural(page.asked_now, "gap")
        click.echo(f"Asked for {asked} now; `{agency.command} relay` sends what was asked.")
    output.print_freshness(page.freshness, agency)


def _print_closed_gaps(page: ClosedGapPage, agency: Agency) -> None:
    locale, count = Locale(), output.count_text(len(page.items), page.count)
    output.print_table(
        f"Given up: {count}; `{agency.command} gaps reopen` waits for them again",
        ("child", "source", "numbers", "missing", "decided", "by", "why"),
        (
            (
                each.child_key, each.source, display.sequence_range(each.first, each.last), f"{each.missing:,}",
                f"{locale.format_time(each.at)} (decision {each.decision})", each.by, each.reason,
            )
            for each in page.items
        ),
        if_empty="Nothing is given up that passes these filters and has not come since.",
    )  # fmt: skip
    output.print_freshness(page.freshness, agency)
