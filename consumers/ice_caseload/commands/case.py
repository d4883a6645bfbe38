"""`casefeed ice case KEY`: one child, one timeline, every clock, and what is uncertain."""

from __future__ import annotations

from typing import Any

import click

from casefeed.read.questions import Uncertainty, events_of, uncertainty_of
from casefeed.wire.errors import AnswerIsNo
from ice_caseload import words
from ice_caseload.commands import answers
from ice_caseload.commands.casetext import opening, paragraph
from ice_caseload.says import Speech, details, for_programs, says
from ice_caseload.timeline import Line, Telling, Timeline, timeline


@click.command("case")
@click.argument("key", metavar="KEY", nargs=-1, required=True, callback=answers.child_key)
@answers.form_option("table", "json")
def case(key: str, form: str) -> None:
    """One child's timeline: every event with its clocks and its source, and what the case comes to.

    KEY is the child key, as lists and events show it. Personal values are withheld.
    """
    now = answers.now_ms()
    with answers.asked() as db:
        events, uncertain = events_of(db, key), uncertainty_of(db, key)
        complete, told = answers.complete_up_to(db), answers.complete_lines(db, now)
    if not events and not uncertain:
        raise AnswerIsNo(
            f"This ledger holds nothing of that child. It is complete up to: {'; '.join(told)}. "
            "Look at the key again, or ask once more when the intake has read on."
        )
    told_of = timeline(events)
    if form == "json":
        answers.say_json(
            {
                "child_key": key,
                "head": _head(told_of),
                "uncertain": _uncertain(uncertain),
                "complete": complete,
                "timeline": [_line(line) for line in told_of.lines],
            }
        )
        return
    speech = Speech()
    for text in opening(key, told_of, uncertain, told, speech):
        click.echo(text)
    for line in told_of.lines:
        click.echo()
        for text in paragraph(line, speech):
            click.echo(text)


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
            "stated_by": release.stated.event_id,
            "line": told_of.line_of(release.stated.event_id),
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


def _uncertain(uncertain: Uncertainty) -> dict[str, Any] | None:
    if not uncertain:
        return None
    return {
        "since": words.iso(uncertain.since),
        "parked": [
            {
                "id": each.id,
                "reason": each.reason.value,
                "repairer": each.reason.repairer.value,
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
        "details": dict(details(event.event_type, telling.masked, for_programs)),
        "personal": {part: telling.masked[part] for part in ("child", "sponsor") if part in telling.masked},
    }
