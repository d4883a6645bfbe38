"""`resend`: numbers of a child that a receiver lacks go out again, as the bytes they were."""

from __future__ import annotations

import click

from casefeed.cli.options import SEQUENCE_NUMBER, parse_child_key
from casefeed.publish.agency import Agency
from casefeed.publish.outbox import mark_for_resend
from casefeed.runtime import settings
from casefeed.runtime.errors import CheckFailed, UsageError
from casefeed.runtime.text import plural


@click.command("resend")
@click.option("--child", "key", required=True, metavar="KEY", callback=parse_child_key, help="The child's key.")
@click.option("--source", required=True, metavar="SOURCE", help="The recording store that gave the numbers.")
@click.option("--first", required=True, type=SEQUENCE_NUMBER, metavar="N", help="The first number.")
@click.option("--last", required=True, type=SEQUENCE_NUMBER, metavar="M", help="The last number.")
@click.pass_obj
def resend_command(agency: Agency, key: str, source: str, first: int, last: int) -> None:
    """Let {agency.publisher.agency}'s relay send numbers of a child again, as a receiver asks for them in an
    EventsRequested. The bytes are the same: who holds them already, holds them still.
    """
    if last < first:
        raise UsageError("--last is before --first; name the first and the last number that are lacking.")
    in_force = settings.load()
    agency.existing_desk(in_force)
    with agency.desk(in_force) as desk:
        again, waiting = mark_for_resend(desk, key, source, first, last)
    lacks = last - first + 1 - again - waiting
    click.echo(f"{plural(again, 'event')} to go out again with `{agency.command} relay`; {waiting:,} not sent yet")
    if lacks:
        raise CheckFailed(
            f"{lacks:,} of these numbers {'was' if lacks == 1 else 'were'} not recorded at this desk: replay the "
            "archive that holds them, or look at child, source and numbers again."
        )
