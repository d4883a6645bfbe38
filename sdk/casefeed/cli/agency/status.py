"""`casefeed ice status`: how far the ledger is, how late by each clock, what is parked, away, or needs a person."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from casefeed.cli.agency import output
from casefeed.contract.catalogue import CASE_TOPICS, STATEMENT_TOPICS
from casefeed.kafka import reachability
from casefeed.ledger import display
from casefeed.ledger.freshness import source_state
from casefeed.ledger.gap_requests import late_cutoff
from casefeed.ledger.status import Status, TopicStatus, load_status
from casefeed.read.positions import TIMESTAMP_KINDS
from casefeed.runtime import settings
from casefeed.runtime.errors import CheckFailed

COLUMNS = ("topic", "behind", "late by", "occurred", "recorded", "published", "received")


@click.command("status")
@output.format_option("table", "json")
def status(form: str) -> None:
    """How far the ledger is and what needs a person: exit code 1 when something does, 3 when there is no ledger.

    The broker is asked how far the topics reach; when it is away, what the intake saw last is told, and since when.
    """
    with output.ledger_snapshot():
        pass  # Without a ledger nobody needs to ask a broker.
    in_force = settings.load()
    seen = asyncio.run(reachability.check_services(in_force, CASE_TOPICS, tuple(STATEMENT_TOPICS.values())))
    now = output.now_ms()
    with output.ledger_snapshot() as db:
        found = load_status(db, seen, now, late_cutoff(now, in_force.gap_asked_after_minutes))
    if form == "json":
        output.print_json(_status_dict(found))
    else:
        _print_status(found)
    if needs := found.problems():
        raise CheckFailed("\n".join(needs))


def _print_status(ledger_status: Status) -> None:
    caption = "The ledger"
    if ledger_status.ends_seen_at is not None:
        caption += (
            ": how far the topics reach was seen "
            f"{display.duration(ledger_status.now - ledger_status.ends_seen_at)} ago"
        )
    output.print_table(
        caption, COLUMNS, (_table_row(each, ledger_status.now) for each in ledger_status.topics)
    )
    click.echo("Each clock: how long ago the event applied last occurred, was recorded, published, received.")
    for source in ledger_status.sources:
        said = f"last heard {display.duration(ledger_status.now - source.published_at)} ago"
        due = "" if source.due_at is None else f", next due {_due_text(source.due_at - ledger_status.now)}"
        click.echo(f"Source {source.source}: {source_state(source, ledger_status.now)} ({said}{due})")
    for reason, count in ledger_status.parked.items():
        click.echo(f"Parked: {count:,} {reason}")
    if not ledger_status.parked:
        click.echo("Parked: none")
    sure = (
        "none"
        if not any(ledger_status.uncertain.values())
        else display.uncertain_text(ledger_status.uncertain)
    )
    click.echo(f"Uncertain: {sure}")
    if ledger_status.given_up["numbers"]:
        click.echo(f"Given up: {display.given_up_text(ledger_status.given_up)}")
    for each in ledger_status.unavailable:
        click.echo(f"Away: {each.message}")


def _table_row(each: TopicStatus, now: int) -> tuple[str, ...]:
    ages = (
        display.duration(now - each.applied_at[clock]) if clock in each.applied_at else ""
        for clock in TIMESTAMP_KINDS
    )
    late = display.duration(each.lag_ms) if each.lag else ""
    return (each.topic, display.plural(each.lag, "record") if each.lag else "all read", late, *ages)


def _due_text(millis: int) -> str:
    return f"in {display.duration(millis)}" if millis >= 0 else f"{display.duration(millis)} ago"


def _status_dict(ledger_status: Status) -> dict[str, Any]:
    return {
        "now": display.iso(ledger_status.now),
        "ends_seen_at": display.iso(ledger_status.ends_seen_at),
        "topics": {
            each.topic: {
                "lag_records": each.lag,
                "lag_seconds": each.lag_ms / 1000,
                "applied_at": {clock: display.iso(at) for clock, at in each.applied_at.items()},
                "applied_age_seconds": {
                    clock: (ledger_status.now - at) / 1000 for clock, at in each.applied_at.items()
                },
                "partitions": {
                    str(stand.partition[1]): {
                        "position": stand.next_offset,
                        "end": stand.end_offset,
                        "lag_records": stand.lag,
                        "lag_seconds": stand.lag_ms(ledger_status.now) / 1000,
                    }
                    for stand in each.partitions
                },
            }
            for each in ledger_status.topics
        },
        "sources": [each.as_dict(ledger_status.now) for each in ledger_status.sources],
        "parked": ledger_status.parked,
        "uncertain": ledger_status.uncertain,
        "given_up": ledger_status.given_up,
        "away": {each.service: each.message for each in ledger_status.unavailable},
        "needs_a_person": ledger_status.problems(),
    }
