"""The desk's account as a command: `casefeed orr status`, `casefeed ice outbox`."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from casefeed.cli import tables
from casefeed.kafka import reachability
from casefeed.publish.agency import Office
from casefeed.publish.status import account, told
from casefeed.runtime import settings
from casefeed.runtime.clock import now_ms
from casefeed.runtime.errors import AnswerIsNo
from casefeed.runtime.text import plural

COUNTS = ("recorded", "waiting", "claimed")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SOURCE_FIELDS = (
    "source", "agency", "kind", "recorded", "waiting", "waiting_since", "claimed", "last_sent_at",
)  # fmt: skip


def account_command(office: Office, name: str) -> click.Command:
    """The command `name` that shows this agency's desk."""

    @click.command(
        name,
        help=f"What {office.publisher.agency}'s desk recorded, what of it waits and what for, what was sent: exit "
        "code 1 when it has waited for long, 3 when there is no desk.",
    )
    @click.option(
        "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
    )
    def command(form: str) -> None:
        in_force, topic = settings.load(), office.publisher.topic
        held = account(office.existing(in_force), topic, f"`casefeed {office.group} record` makes one")
        # A broker matters to a desk as far as something waits for it.
        away = asyncio.run(reachability.look(in_force, (topic,))).away if held["waiting"] else ()
        found = told(held, away, now_ms(), office.group)
        if form == "json":
            click.echo(json.dumps(found, indent=2))
        elif form == "csv":
            out = csv.DictWriter(sys.stdout, SOURCE_FIELDS, lineterminator="\n")
            out.writeheader()
            out.writerows(found["sources"])
        else:
            _show(found)
        if found["needs_a_person"]:
            raise AnswerIsNo("\n".join(found["needs_a_person"]))

    return command


def _show(found: dict[str, Any]) -> None:
    rows = []
    for each in found["sources"]:
        kind = {"minted": "", "adopted": " (adopted)", "archived": " (archive)"}[each["kind"]]
        counts = (f"{each[heading]:,}" for heading in COUNTS)
        times = (_time(each[heading]) for heading in ("waiting_since", "last_sent_at"))
        rows.append((each["source"] + kind, each["agency"], *counts, *times))
    columns = ("source", "agency", *COUNTS, "waits since", "sent last")
    tables.say(columns, rows, title=f"Desk {found['desk']}", right=COUNTS)
    for each in found["batches"]:
        click.echo(
            f"Archive {each['sha256'][:16]}, taken in {_time(each['taken_at'])}: {each['events']:,} events of "
            f"{each['children']:,} children under {each['source']}."
        )
    if found["waiting"]:
        minutes = int(found["waiting_seconds"] // 60)
        click.echo(f"What waits has waited for {plural(minutes, 'minute')} at most.")
    for sentence in found["away"].values():
        click.echo(f"Away: {sentence}")
    if not found["sources"]:
        click.echo("Nothing is recorded and no archive taken in.")


def _time(millis: int | None) -> str:
    """In the reader's zone, with its offset."""
    if millis is None:
        return "-"
    return (EPOCH + timedelta(milliseconds=millis)).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
