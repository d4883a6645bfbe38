"""The desk's account as a command: `casefeed orr status`, `casefeed ice outbox`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import click

from casefeed.cli import tables
from casefeed.kafka import reachability
from casefeed.publish.agency import Agency
from casefeed.publish.status import outbox_status, status_report
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.errors import CheckFailed
from casefeed.runtime.text import plural

COUNTS = ("recorded", "waiting", "claimed")
SOURCE_FIELDS = (
    "source", "agency", "kind", "recorded", "waiting", "waiting_since", "claimed", "last_sent_at",
)  # fmt: skip


@click.command("outbox")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.pass_obj
def outbox_command(agency: Agency, form: str) -> None:
    """What {agency.publisher.agency}'s desk recorded, what of it waits and what for, what was sent: exit code 1 when
    it has waited for long, 3 when there is no desk.
    """
    in_force, topic = settings.load(), agency.publisher.topic
    status = outbox_status(agency.existing_desk(in_force), topic, f"`{agency.command} record` makes one")
    # A broker matters to a desk as far as something waits for it.
    away = asyncio.run(reachability.check_services(in_force, (topic,))).unavailable if status["waiting"] else ()
    found = status_report(status, away, now_ms(), agency.group)
    if form == "json":
        click.echo(json.dumps(found, indent=2))
    elif form == "csv":
        tables.print_rows(found["sources"], form, SOURCE_FIELDS)
    else:
        _show(found)
    if found["needs_a_person"]:
        raise CheckFailed("\n".join(found["needs_a_person"]))


def _show(status: dict[str, Any]) -> None:
    rows = []
    for each in status["sources"]:
        kind = {"minted": "", "adopted": " (adopted)", "archived": " (archive)"}[each["kind"]]
        counts = (f"{each[heading]:,}" for heading in COUNTS)
        times = (_local_time(each[heading]) for heading in ("waiting_since", "last_sent_at"))
        rows.append((each["source"] + kind, each["agency"], *counts, *times))
    columns = ("source", "agency", *COUNTS, "waits since", "sent last")
    tables.print_table(columns, rows, title=f"Desk {status['desk']}", right_aligned=COUNTS)
    for each in status["batches"]:
        click.echo(
            f"Archive {each['sha256'][:16]}, taken in {_local_time(each['taken_at'])}: {each['events']:,} events of "
            f"{each['children']:,} children under {each['source']}."
        )
    if status["waiting"]:
        minutes = int(status["waiting_seconds"] // 60)
        click.echo(f"What waits has waited for {plural(minutes, 'minute')} at most.")
    for sentence in status["away"].values():
        click.echo(f"Away: {sentence}")
    if not status["sources"]:
        click.echo("Nothing is recorded and no archive taken in.")


def _local_time(millis: int | None) -> str:
    """In the reader's zone, with its offset."""
    return (
        "-" if millis is None else f"{datetime.fromtimestamp(millis / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"
    )
