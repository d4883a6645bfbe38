"""`status`: how far the ledger is, how late by each clock, what is parked, away, or needs a person."""

from __future__ import annotations

import asyncio

import click

from casefeed.cli.agency import output
from casefeed.contract.catalogue import CASE_TOPICS, STATEMENT_TOPICS
from casefeed.kafka import reachability
from casefeed.ledger import display
from casefeed.ledger.freshness import source_state
from casefeed.ledger.gaps import late_cutoff
from casefeed.ledger.status import Status, TopicStatus, load_status
from casefeed.publish.agency import Agency
from casefeed.read.positions import TIMESTAMP_KINDS
from casefeed.runtime import settings
from casefeed.runtime.errors import CheckFailed

COLUMNS = ("topic", "behind", "late by", "occurred", "recorded", "published", "received")


@click.command("status")
@output.format_option("table", "json")
@click.pass_obj
def status_command(agency: Agency, form: str) -> None:
    """How far the ledger is and what needs a person: exit code 1 when something does, 3 when there is no ledger.

    The broker is asked how far the topics reach; when it is away, what the intake saw last is told, and since
    when.
    """
    output.require_ledger(agency)
    in_force = settings.load()
    seen = asyncio.run(reachability.check_services(in_force, CASE_TOPICS, tuple(STATEMENT_TOPICS.values())))
    now = output.now_ms()
    with output.ledger_snapshot(agency) as db:
        found = load_status(db, seen, now, late_cutoff(now, in_force.gap_asked_after_minutes))
    if form == "json":
        output.print_json(found.as_dict(agency.command))
    else:
        _print_status(found, agency.command)
    if problems := found.problems(agency.command):
        raise CheckFailed("\n".join(problems))


def _print_status(status: Status, command: str) -> None:
    caption = "The ledger"
    if status.ends_seen_at is not None:
        caption += f": how far the topics reach was seen {display.duration(status.now - status.ends_seen_at)} ago"
    output.print_table(caption, COLUMNS, (_table_row(each, status.now) for each in status.topics))
    click.echo("Each clock: how long ago the event applied last occurred, was recorded, published, received.")
    for source in status.sources:
        said = f"last heard {display.duration(status.now - source.published_at)} ago"
        if source.due_at is not None:
            until = display.duration(source.due_at - status.now)
            said += f", next due in {until}" if source.due_at >= status.now else f", next due {until} ago"
        click.echo(f"Source {source.source}: {source_state(source, status.now, command)} ({said})")
    for reason, count in status.parked.items():
        click.echo(f"Parked: {count:,} {reason}")
    if not status.parked:
        click.echo("Parked: none")
    sure = "none" if not any(status.uncertain.values()) else display.uncertain_text(status.uncertain, command)
    click.echo(f"Uncertain: {sure}")
    if status.given_up["numbers"]:
        click.echo(f"Given up: {display.given_up_text(status.given_up, command)}")
    for each in status.unavailable:
        click.echo(f"Away: {each.message}")


def _table_row(each: TopicStatus, now: int) -> tuple[str, ...]:
    ages = (
        display.duration(now - each.applied_at[clock]) if clock in each.applied_at else ""
        for clock in TIMESTAMP_KINDS
    )
    late = display.duration(each.lag_ms) if each.lag else ""
    return (each.topic, display.plural(each.lag, "record") if each.lag else "all read", late, *ages)
