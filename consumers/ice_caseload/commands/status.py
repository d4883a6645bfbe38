"""`casefeed ice status`: how far the ledger is, how late by each clock, what is parked, away, or needs a person."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from casefeed.contract.catalogue import CASE_TOPICS, STATEMENTS
from casefeed.kafka import reachability
from casefeed.read.positions import CLOCKS
from casefeed.runtime import settings
from casefeed.runtime.errors import AnswerIsNo
from ice_caseload import words
from ice_caseload.asking import late_before
from ice_caseload.commands import answers
from ice_caseload.completeness import stands
from ice_caseload.standing import Standing, TopicStand, standing

COLUMNS = ("topic", "behind", "late by", "occurred", "recorded", "published", "received")


@click.command("status")
@answers.form_option("table", "json")
def status(form: str) -> None:
    """How far the ledger is and what needs a person: exit code 1 when something does, 3 when there is no ledger.

    The broker is asked how far the topics reach; when it is away, what the intake saw last is told, and since when.
    """
    with answers.asked():
        pass  # Without a ledger nobody needs to ask a broker.
    in_force = settings.load()
    seen = asyncio.run(reachability.look(in_force, CASE_TOPICS, tuple(STATEMENTS.values())))
    now = answers.now_ms()
    with answers.asked() as db:
        found = standing(db, seen, now, late_before(now, in_force.gap_asked_after_minutes))
    if form == "json":
        answers.say_json(_object(found))
    else:
        _show(found)
    if needs := found.needs():
        raise AnswerIsNo("\n".join(needs))


def _show(found: Standing) -> None:
    caption = "The ledger"
    if found.ends_seen_at is not None:
        caption += f": how far the topics reach was seen {words.span(found.now - found.ends_seen_at)} ago"
    answers.say_table(caption, COLUMNS, (_cells(each, found.now) for each in found.topics))
    click.echo("Each clock: how long ago the event applied last occurred, was recorded, published, received.")
    for source in found.sources:
        said = f"last heard {words.span(found.now - source.published_at)} ago"
        due = "" if source.due_at is None else f", next due {_due(source.due_at - found.now)}"
        click.echo(f"Source {source.source}: {stands(source, found.now)} ({said}{due})")
    for reason, count in found.parked.items():
        click.echo(f"Parked: {count:,} {reason}")
    if not found.parked:
        click.echo("Parked: none")
    sure = "none" if not any(found.uncertain.values()) else words.uncertain(found.uncertain)
    click.echo(f"Uncertain: {sure}")
    if found.given_up["numbers"]:
        click.echo(f"Given up: {words.given_up(found.given_up)}")
    for each in found.away:
        click.echo(f"Away: {each.sentence}")


def _cells(each: TopicStand, now: int) -> tuple[str, ...]:
    ages = (words.span(now - each.applied[clock]) if clock in each.applied else "" for clock in CLOCKS)
    late = words.span(each.late_ms) if each.lag else ""
    return (each.topic, words.plural(each.lag, "record") if each.lag else "all read", late, *ages)


def _due(millis: int) -> str:
    return f"in {words.span(millis)}" if millis >= 0 else f"{words.span(millis)} ago"


def _object(found: Standing) -> dict[str, Any]:
    return {
        "now": words.iso(found.now),
        "ends_seen_at": words.iso(found.ends_seen_at),
        "topics": {
            each.topic: {
                "lag_records": each.lag,
                "lag_seconds": each.late_ms / 1000,
                "applied_at": {clock: words.iso(at) for clock, at in each.applied.items()},
                "applied_age_seconds": {clock: (found.now - at) / 1000 for clock, at in each.applied.items()},
                "partitions": {
                    str(stand.partition[1]): {
                        "position": stand.next_offset,
                        "end": stand.end_offset,
                        "lag_records": stand.lag,
                        "lag_seconds": stand.late_ms(found.now) / 1000,
                    }
                    for stand in each.partitions
                },
            }
            for each in found.topics
        },
        "sources": [each.told(found.now) for each in found.sources],
        "parked": found.parked,
        "uncertain": found.uncertain,
        "given_up": found.given_up,
        "away": {each.service: each.sentence for each in found.away},
        "needs_a_person": found.needs(),
    }
