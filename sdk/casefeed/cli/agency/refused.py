"""`refused`: records that may not be here; where they lay, their digest and why is all that is kept."""

from __future__ import annotations

from datetime import date

import click

from casefeed.cli.agency import output
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.reasons import REFUSED_REASONS
from casefeed.ledger.event_text import Locale
from casefeed.ledger.parked import RefusedPage, load_refused_page
from casefeed.publish.agency import Agency
from casefeed.read.parked import RefusedRecord


@click.command("refused")
@click.option("--cause", type=click.Choice(list(REFUSED_REASONS)), metavar="REASON", help="Only for this reason.")
@click.option("--topic", type=click.Choice(load_catalogue().topics), help="Only what lay on this topic.")
@click.option("--since", type=output.DAY, help="Only what was received on this UTC day or later.")
@output.limit_option
@output.format_option("table", "json", "csv")
@click.pass_obj
def refused_command(
    agency: Agency, cause: str | None, topic: str | None, since: date | None, limit: int | None, form: str
) -> None:
    """The records that were refused, the last first. Their bytes were never kept."""
    reason = None if cause is None else REFUSED_REASONS[cause]
    now, at_most = output.now_ms(), output.effective_limit(limit, form)
    with output.ledger_snapshot(agency) as db:
        page = load_refused_page(db, now, reason=reason, topic=topic, since=since, limit=at_most)
    output.print_page(page, form, lambda: _print_refused(page, agency))


def _print_refused(page: RefusedPage, agency: Agency) -> None:
    count, shown = page.count, len(page.items)
    output.print_table(
        f"Refused records: {f'{count:,}' if count == shown else f'the last {shown:,} of {count:,}'}",
        ("id", "reason", "where it lay", "received", "sha256"),
        map(_table_row, page.items),
        if_empty="No record was refused that passes these filters.",
    )
    output.print_freshness(page.freshness, agency)


def _table_row(record: RefusedRecord) -> tuple[str, ...]:
    topic, partition = record.partition
    return (
        str(record.id),
        record.reason.value,
        f"{topic}/{partition}@{record.offset}",
        Locale().format_time(record.received_at),
        record.digest.hex(),
    )
