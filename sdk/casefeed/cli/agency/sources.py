"""`sources`: the recording stores that were heard, how they keep their promises, and the end of one."""

from __future__ import annotations

from functools import partial

import click

from casefeed.cli.agency import output
from casefeed.cli.agency.group import agency_group
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.freshness import SourcesPage, load_sources_page, source_state
from casefeed.publish.agency import Agency
from casefeed.read.heartbeats import SourceStatus

sources_command = partial(
    agency_group,
    help="The stores that were heard, and whether they keep their word.",
    targets={
        "end": "casefeed.cli.agency.gap_decisions:end_command",
        "list": "casefeed.cli.agency.sources:list_command",
    },
    name="sources",
)
"""`sources` over the ledger of the agency that it is called with, with its subcommands."""


@click.command("list")
@output.format_option("table", "json", "csv")
@click.pass_obj
def list_command(agency: Agency, form: str) -> None:
    """Each source: last heard, due again, sent and waiting."""
    with output.ledger_snapshot(agency) as db:
        page = load_sources_page(db, output.now_ms())
    output.print_page(page, form, lambda: _print_sources(page, agency))


def _print_sources(page: SourcesPage, agency: Agency) -> None:
    output.print_table(
        "Sources",
        ("source", "agency", "stands", "last heard", "due", "sent", "waiting"),
        (_table_row(each, page.now, agency) for each in page.items),
        if_empty="No source was ever heard: only relays speak, not replays of archives.",
    )


def _table_row(source: SourceStatus, now: int, agency: Agency) -> tuple[str, ...]:
    locale = Locale()
    due = "" if source.due_at is None else locale.format_time(source.due_at)
    return (
        source.source, display.humanize(source.agency), source_state(source, now, agency.command),
        locale.format_time(source.published_at), due, f"{source.sent:,}", f"{source.waiting:,}",
    )  # fmt: skip
