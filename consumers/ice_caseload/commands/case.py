"""`casefeed ice case KEY`: one child, one timeline, every clock, and what is uncertain."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from casefeed.cli.options import child_key
from casefeed.contract.catalogue import EventType
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.read.gaps import given_up_of
from casefeed.read.queries import Recorded, Uncertainty, events_of, uncertainty_of
from casefeed.runtime.errors import AnswerIsNo
from ice_caseload import words
from ice_caseload.commands import answers
from ice_caseload.commands.casetext import DISAGREE, opening, paragraph, uncertain_since
from ice_caseload.commands.giving_up import closed_json
from ice_caseload.completeness import complete_up_to
from ice_caseload.ledger import SQL
from ice_caseload.merged import Keys, keys_of
from ice_caseload.says import Speech, details, for_programs, says
from ice_caseload.timeline import Line, Telling, Timeline, timeline


@click.command("case")
@click.argument("key", metavar="KEY", nargs=-1, required=True, callback=child_key)
@click.option(
    "--known-by", type=answers.DAY, help="What was believed on this UTC day: only what was recorded by then."
)
@answers.form_option("table", "json")
def case(key: str, known_by: datetime | None, form: str) -> None:
    """One child's timeline: every event with its clocks and its source, and what the case comes to.

    KEY is the child key, as lists and events show it, or one that was merged with it. What was corrected or taken
    back stays and says so. Personal values are withheld. What is parked, missing or given up is that of now with
    --known-by too: it may have been recorded by then.
    """
    now = answers.now_ms()
    before = answers.start_of(known_by, after=1)
    with answers.asked() as db:
        tied = _told(db, key, before)
        keys = keys_of(key, tied)
        uncertain = _together([uncertainty_of(db, each) for each in keys.child.keys])
        given_up = given_up_of(db, keys.child.keys)
        complete = complete_up_to(db, now, recorded_before=before)
    events = [event for each in keys.child.keys for event in tied.get(each, ())]
    if not events and (known_by is not None or not uncertain):
        when = "" if known_by is None else f" that was recorded by {known_by.date()}"
        raise AnswerIsNo(
            f"This ledger holds nothing of that child{when}{_but(uncertain)}. It is complete up to: "
            f"{'; '.join(complete.lines())}. Look at the key again, or ask once more when the intake has read on."
        )
    told_of, day = timeline(events), known_by and known_by.date()
    if form == "json":
        answers.say_json(
            {
                "child_key": keys.child.shown,
                "asked_for_as": key,
                "known_by": None if known_by is None else known_by.date().isoformat(),
                "keys": _keys(keys),
                "head": _head(told_of),
                "uncertain": _uncertain(keys, uncertain, now),
                "given_up": [closed_json(each) for each in given_up],
                "complete": complete.as_json(),
                "timeline": [_line(line) for line in told_of.lines],
            }
        )
        complete.hold()
        return
    speech = Speech()
    told = [*complete.lines(), *complete.overdue()]
    for text in opening(keys, told_of, uncertain, given_up, told, speech, day):
        click.echo(text)
    for line in told_of.lines:
        click.echo()
        for text in paragraph(line, speech):
            click.echo(text)
    complete.hold()


def _but(uncertain: Uncertainty) -> str:
    if not uncertain:
        return ""
    return "; what is parked or missing of it now may have been (without --known-by this says what)"


def _told(db: sqlite3.Connection, key: str, before: int | None) -> dict[str, list[Recorded]]:
    """The events under a key and under all that merges tie to it, recorded before a time (ms UTC)."""
    tied = [row[0] for row in db.execute(SQL["tied_to"], (key,))] or [key]
    return {
        each: [event for event in events_of(db, each) if before is None or event.recorded_at < before]
        for each in tied
    }


def _together(each_key: Sequence[Uncertainty]) -> Uncertainty:
    return Uncertainty(
        tuple({parked.id: parked for each in each_key for parked in each.parked}.values()),
        tuple(gap for each in each_key for gap in each.gaps),
    )


def _keys(keys: Keys) -> dict[str, Any]:
    return {
        "all": list(keys.child.keys),
        "disagree": keys.child.disagree,
        "merges": [
            {
                "stays": each.stays,
                "goes": each.goes,
                "event_id": each.event.event_id,
                "source": each.event.source,
                "agency": each.event.agency,
                "recorded_at": words.iso(each.event.recorded_at),
                "in_force": each.in_force,
            }
            for each in keys.mergings
        ],
    }


def _head(told_of: Timeline) -> dict[str, Any]:
    head = told_of.head
    release = head.release
    return {
        "area": head.area or None,
        "release_address": None
        if release is None
        else {
            "finding": release.finding.name.lower(),
            "placed": release.placed.event_id,
            "stated_by": told_of.stating[release.stated.event_id],
            "line": told_of.line_stating(release.stated.event_id),
        },
        "nta": {
            "ladder": head.ladder,
            "issued_at": words.iso(head.issued.occurred_at) if head.issued else None,
            "served_at": words.iso(head.served.occurred_at) if head.served else None,
            "filed_at": words.iso(head.filed.occurred_at) if head.filed else None,
        },
        "open_absences": [
            {
                "from": "custody" if absence.from_custody else "sponsor",
                "since": words.iso(absence.left.occurred_at),
                "event_id": absence.left.event_id,
                "line": told_of.line_of(absence.left.event_id),
            }
            for absence in head.away
        ],
    }


def _uncertain(keys: Keys, uncertain: Uncertainty, now: int) -> dict[str, Any] | None:
    since = uncertain_since(keys, uncertain)
    if since is None:
        return None
    return {
        "since": words.iso(since),
        "as_of": words.iso(now),
        "merges": DISAGREE if keys.child.disagree else None,
        "parked": [
            {
                "id": each.id,
                "reason": each.why.value,
                "repairer": each.why.repairer.value,
                "received_at": words.iso(each.received_at),
            }
            for each in uncertain.parked
        ],
        "missing": [
            {"source": gap.source, "first": gap.first, "last": gap.last, "since": words.iso(gap.since)}
            for gap in uncertain.gaps
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "line": line.number,
        "says": says(line.first, Speech()),
        "state": line.state or "in force",
        "points_at": [
            {"how": each.how, "event_id": each.event_id, "line": each.line} for each in line.points
        ],
        "tellings": [_telling(each) for each in line.tellings],
    }


def _telling(telling: Telling) -> dict[str, Any]:
    event = telling.event
    topic, partition = event.partition
    return {
        "event_id": event.event_id,
        "type": event.event_type.name,
        "source": event.source,
        "agency": event.agency,
        "sequence": event.sequence,
        "at": {"topic": topic, "partition": partition, "offset": event.offset},
        "occurred_at": words.iso(event.occurred_at),
        **{f"{name}_at": words.iso(at) for name, at, _ in telling.gaps},
        "gaps_ms": {name: gap for name, _, gap in telling.gaps},
        "gaps": {name: words.later(gap) for name, _, gap in telling.gaps},
        **_content(event.event_type, telling.masked),
        "restated": _restated(telling),
    }


def _content(event_type: EventType, masked: Datum) -> dict[str, Any]:
    return {
        "details": dict(details(event_type, masked, for_programs)),
        "personal": {part: masked[part] for part in PERSONAL_PARTS if part in masked},
    }


def _restated(telling: Telling) -> dict[str, Any] | None:
    if telling.restated is None:
        return None
    event_type, masked = telling.restated
    occurred_at = words.iso(telling.fact.occurred_at)
    return {"type": event_type.name, "occurred_at": occurred_at, **_content(event_type, masked)}
