"""`casefeed ice refused`: records that may not be here; where they lay, their digest and why is all that is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from casefeed.cli.agency import output
from casefeed.contract.catalogue import load_catalogue
from casefeed.contract.reasons import REFUSED_REASONS
from casefeed.ledger import display
from casefeed.ledger.event_text import Locale
from casefeed.ledger.freshness import load_freshness
from casefeed.read.parked import RefusedRecord, refused_records

FIELDS = ("id", "reason", "repairer", "topic", "partition", "offset", "sha256", "received_at", "detail")


@click.command("refused")
@click.option(
    "--cause", type=click.Choice(list(REFUSED_REASONS)), metavar="REASON", help="Only for this reason."
)
@click.option("--topic", type=click.Choice(load_catalogue().topics), help="Only what lay on this topic.")
@click.option("--since", type=output.DAY, help="Only what was received on this UTC day or later.")
@output.limit_option()
@output.format_option("table", "json", "csv")
def refused(
    cause: str | None, topic: str | None, since: datetime | None, limit: int | None, form: str
) -> None:
    """The records that were refused, the last first. Their bytes were never kept."""
    now = output.now_ms()
    with output.ledger_snapshot() as db:
        found, count = refused_records(
            db,
            reason=None if cause is None else REFUSED_REASONS[cause],
            topic=topic,
            since=output.start_of_day(since),
            limit=output.effective_limit(limit, form),
        )
        complete = load_freshness(db, now)
    rows = [_record_dict(each) for each in found]
    if form == "json":
        filters = {"reason": cause, "topic": topic, "since": since and since.date().isoformat()}
        output.print_json(
            {"filters": filters, "count": count, "complete": complete.as_dict(), "refused": rows}
        )
        return
    if form == "csv":
        output.print_csv(FIELDS, ([row[name] for name in FIELDS] for row in rows))
        return
    if found:
        shown = f"{count:,}" if count == len(found) else f"the last {len(found):,} of {count:,}"
        output.print_table(
            f"Refused records: {shown}",
            ("id", "reason", "where it lay", "received", "sha256"),
            map(_table_row, found),
        )
    else:
        click.echo("No record was refused that passes these filters.")
    output.print_freshness(complete)


def _table_row(record: RefusedRecord) -> tuple[str, ...]:
    topic, partition = record.partition
    return (
        str(record.id),
        record.reason.value,
        f"{topic}/{partition}@{record.offset}",
        Locale().format_time(record.received_at),
        record.digest.hex(),
    )


def _record_dict(record: RefusedRecord) -> dict[str, Any]:
    topic, partition = record.partition
    return {
        "id": record.id,
        "reason": record.reason.value,
        "sentence": record.reason.description,
        "repairer": record.reason.repairer.value,
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "sha256": record.digest.hex(),
        "received_at": display.iso(record.received_at),
        "detail": record.detail,
    }
