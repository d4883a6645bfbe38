"""`case KEY`: one child, one timeline, every clock, and what is uncertain."""

from __future__ import annotations

from datetime import date

import click

from casefeed.cli.agency import output
from casefeed.cli.agency.case_text import case_lines
from casefeed.cli.options import parse_child_key
from casefeed.ledger.case_view import CaseView, load_case
from casefeed.ledger.event_text import Locale
from casefeed.publish.agency import Agency
from casefeed.runtime.errors import CheckFailed


@click.command("case")
@click.argument("key", metavar="KEY", nargs=-1, required=True, callback=parse_child_key)
@click.option(
    "--known-by", type=output.DAY, help="What was believed on this UTC day: only what was recorded by then."
)
@output.format_option("table", "json")
@click.pass_obj
def case_command(agency: Agency, key: str, known_by: date | None, form: str) -> None:
    """One child's timeline: every event with its clocks and its source, and what the case comes to.

    KEY is the child key, as lists and events show it, or one that was merged with it. What was corrected or taken
    back stays and says so. Personal values are withheld. What is parked, missing or given up is that of now with
    --known-by too: it may have been recorded by then.
    """
    with output.ledger_snapshot(agency) as db:
        view = load_case(db, key, output.now_ms(), known_by)
    if not view.found:
        raise CheckFailed(_not_found_text(view, agency.command))
    if form == "json":
        output.print_json(view.as_dict())
    else:
        for line in case_lines(view, agency.command, Locale()):
            click.echo(line)
    output.exit_by_freshness(view.freshness, agency)


def _not_found_text(view: CaseView, command: str) -> str:
    when = "" if view.known_by is None else f" that was recorded by {view.known_by}"
    may_be = "; what is parked or missing of it now may have been (without --known-by this says what)"
    return (
        f"This ledger holds nothing of that child{when}{may_be if view.uncertain else ''}. It is complete up to: "
        f"{'; '.join(view.freshness.topic_lines(command))}. Look at the key again, or ask once more when the intake "
        "has read on."
    )
