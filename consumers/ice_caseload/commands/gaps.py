"""`casefeed ice gaps`: numbers that senders gave and that are missing here, since when, and what was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from casefeed.read.gaps import Gap, open_gaps
from casefeed.wire import settings
from ice_caseload import words
from ice_caseload.asking import ask, asked_at, late_before
from ice_caseload.commands import answers
from ice_caseload.completeness import complete_up_to
from ice_caseload.desk import ICE
from ice_caseload.says import Speech
from ice_caseload.tied import keys_of_child

FIELDS = ("child_key", "source", "first", "last", "missing", "since", "past_event_id", "asked_at")


@click.command("gaps")
@click.option("--child", "key", callback=answers.child_key, metavar="KEY", help="Only gaps of this child.")
@click.option("--source", metavar="SOURCE", help="Only gaps in what this recording store numbered.")
@click.option("--since", type=answers.DAY, help="Only what was noticed on this UTC day or later.")
@click.option("--late", is_flag=True, help="Only what is open longer than gap_asked_after_minutes.")
@click.option(
    "--ask", "to_ask", is_flag=True,
    help="Ask the senders for those that were not asked for yet, of the past too; `casefeed ice relay` sends it.",
)  # fmt: skip
@answers.limit_option()
@answers.form_option("table", "json", "csv")
def gaps(
    key: str | None,
    source: str | None,
    since: datetime | None,
    late: bool,
    to_ask: bool,
    limit: int | None,
    form: str,
) -> None:
    """Numbers of a child and a source that are missing below one that is held, the longest open first.

    The intake asks the sender by itself for what it notices once it has read to the ends, after the time that the
    setting gap_asked_after_minutes says. A gap ends when its numbers come.
    """
    now, in_force = answers.now_ms(), settings.load()
    before = late_before(now, in_force.gap_asked_after_minutes) if late else None
    with answers.asked() as db:
        child_keys = keys_of_child(db, key)
        every, count = open_gaps(
            db, child_keys=child_keys, source=source, since=answers.start_of(since), before=before,
            limit=None if to_ask else answers.limit_of(limit, form),
        )  # fmt: skip
        asked = asked_at(db, every)
        complete = complete_up_to(db, now)
    put = 0
    if to_ask and (unasked := [gap for gap in every if gap not in asked]):
        with ICE.desk(in_force) as desk:
            put = ask(desk, unasked, now)
        asked |= dict.fromkeys(unasked, now)
    at_most = answers.limit_of(limit, form)
    rows = [_row(gap, asked.get(gap)) for gap in (every if at_most is None else every[:at_most])]
    if form == "json":
        filters = {
            "child_key": key,
            "child_keys": child_keys,
            "source": source,
            "since": since and since.date().isoformat(),
            "late": late,
        }
        answers.say_json(
            {
                "filters": filters,
                "count": count,
                "asked_now": put,
                "complete": complete.as_json(),
                "gaps": rows,
            }
        )
    elif form == "csv":
        answers.say_csv(FIELDS, ([row[name] for name in FIELDS] for row in rows))
    else:
        _show(every[: len(rows)], asked, count, filtered=bool(key or source or since or late))
        if to_ask:
            click.echo(
                f"Asked for {words.plural(put, 'gap')} now; `casefeed ice relay` sends what was asked."
            )
        answers.say_complete(complete)


def _row(gap: Gap, asked: int | None) -> dict[str, Any]:
    return {
        "child_key": gap.child_key,
        "source": gap.source,
        "first": gap.first,
        "last": gap.last,
        "missing": gap.missing,
        "since": words.iso(gap.since),
        "past_event_id": str(gap.past),
        "asked_at": words.iso(asked),
    }


def _show(shown: list[Gap], asked: dict[Gap, int], count: int, *, filtered: bool) -> None:
    if not shown:
        click.echo(
            "No number is missing that passes these filters."
            if filtered
            else "No number is missing below one that is held."
        )
        return
    speech = Speech()
    answers.say_table(
        f"Gaps: {answers.how_many(len(shown), count)}; `casefeed ice case KEY` says more of a child",
        ("child", "source", "numbers", "missing since", "asked"),
        (
            (
                gap.child_key,
                gap.source,
                str(gap.first) if gap.first == gap.last else f"{gap.first} to {gap.last}",
                speech.time(gap.since),
                speech.time(asked[gap]) if gap in asked else "not asked",
            )
            for gap in shown
        ),
    )
