"""`casefeed ice sources`: the recording stores that were heard, how they keep their promises, and the end of one."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from casefeed.read.decisions import Decision, Ended, Made, Source, end_source
from casefeed.read.heartbeats import Heard, Punctuality, heard
from casefeed.runtime.errors import AnswerIsNo
from ice_caseload import words
from ice_caseload.commands import answers, deciding
from ice_caseload.completeness import stands
from ice_caseload.difference import Seen, looking_at
from ice_caseload.says import Speech

FIELDS = (
    "source", "agency", "topic", "punctuality", "sent", "waiting", "ended_by", "stated_at", "due_at", "waiting_since",
)  # fmt: skip


@click.group("sources")
def sources() -> None:
    """The stores that were heard, and whether they keep their word."""


@sources.command("list")
@answers.form_option("table", "json", "csv")
def list_(form: str) -> None:
    """Each source: last heard, due again, sent and waiting."""
    now = answers.now_ms()
    with answers.asked() as db:
        found = heard(db)
    rows = [each.told(now) for each in found]
    if form == "json":
        answers.say_json({"sources": rows})
    elif form == "csv":
        answers.say_csv(FIELDS, ([row[name] for name in FIELDS] for row in rows))
    elif not found:
        click.echo("No source was ever heard: only relays speak, not replays of archives.")
    else:
        answers.say_table(
            "Sources", ("source", "agency", "stands", "last heard", "due", "sent", "waiting"),
            (_cells(each, now) for each in found),
        )  # fmt: skip


def _cells(source: Heard, now: int) -> tuple[str, ...]:
    speech = Speech()
    due = "" if source.due_at is None else speech.time(source.due_at)
    heard_at = speech.time(source.published_at)
    return (
        source.source, words.plain(source.agency), stands(source, now), heard_at, due, f"{source.sent:,}",
        f"{source.waiting:,}",
    )  # fmt: skip


@sources.command("end")
@click.argument("source", metavar="SOURCE", callback=answers.source)
@deciding.with_options
def end(source: str, **given: Any) -> None:
    """Expect nothing more of a source that is gone for good.

    No answer is late or silent by it then. Where it is heard again, promises count again. What it recorded and never
    sent is not here: say in the reason what became of it.
    """
    by, why = deciding.who_and_why(given)
    with answers.asked() as db:
        known = {each.source: each for each in heard(db)}
    if source not in known:
        raise AnswerIsNo("No source of that name was ever heard; `casefeed ice sources list` names them.")
    one, now = known[source], answers.now_ms()
    if one.punctuality(now) is Punctuality.PROMPT:
        raise AnswerIsNo(f"{source} is {one.punctuality(now).words}: it is not gone, and does not end.")
    look, decision = looking_at((), deciding.today()), Decision(by, why, Source(source))
    deciding.carried_out(
        lambda store: partial(end_source, store, decision, look, heard_at=one.published_at),
        given,
        decision,
        lambda tried: _show(tried, one, now),
        _ended,
    )


def _show(tried: Made[Ended, Seen], source: Heard, now: int) -> None:
    if not tried.verdicts:
        click.echo(f"There is nothing to decide: {stands(source, now)}, and nothing of it waits.")
        return
    left = words.plural(source.waiting, "event")
    click.echo(
        f"{source.source}, {stands(source, now)} (last heard {Speech().time(source.published_at)}, when {left} of it "
        "waited to be sent): no more is expected of it."
    )


def _ended(made: Made[Ended, Seen]) -> dict[str, Any]:
    return {"sources": [each.source for each in made.verdicts]}
