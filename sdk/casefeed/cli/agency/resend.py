"""`resend`: numbers of a child that a receiver lacks go out again, as the bytes they were."""

from __future__ import annotations

import click

from casefeed.cli.options import NUMBER, child_key
from casefeed.publish.agency import Office
from casefeed.publish.desk import SQL, Desk
from casefeed.runtime import settings
from casefeed.runtime.errors import AnswerIsNo, WrongUse
from casefeed.runtime.text import plural


def resend_command(office: Office) -> click.Command:
    """`resend` for this agency's desk."""

    @click.command(
        "resend",
        help=f"Let {office.publisher.agency}'s relay send numbers of a child again, as a receiver asks for them in "
        "an EventsRequested. The bytes are the same: who holds them already, holds them still.",
    )
    @click.option("--child", "key", required=True, metavar="KEY", callback=child_key, help="The child's key.")
    @click.option(
        "--source", required=True, metavar="SOURCE", help="The recording store that gave the numbers."
    )
    @click.option("--first", required=True, type=NUMBER, metavar="N", help="The first number.")
    @click.option("--last", required=True, type=NUMBER, metavar="M", help="The last number.")
    def command(key: str, source: str, first: int, last: int) -> None:
        if last < first:
            raise WrongUse("--last is before --first; name the first and the last number that are lacking.")
        in_force = settings.load()
        office.existing(in_force)
        with office.desk(in_force) as desk:
            again, waiting = send_again(desk, key, source, first, last)
        lacks = last - first + 1 - again - waiting
        click.echo(
            f"{plural(again, 'event')} to go out again with `casefeed {office.group} relay`; {waiting:,} not sent yet"
        )
        if lacks:
            raise AnswerIsNo(
                f"{lacks:,} of these numbers {'was' if lacks == 1 else 'were'} not recorded at this desk: replay the "
                "archive that holds them, or look at child, source and numbers again."
            )

    return command


def send_again(desk: Desk, child_key: str, source: str, first: int, last: int) -> tuple[int, int]:
    """Mark the events with these numbers as not sent: how many of them were sent, and how many wait anyhow.

    Raises StoreFault where the desk cannot be written.
    """
    which = (child_key, source, first, last)
    with desk.transaction() as db:
        waiting = int(db.execute(SQL["numbers_waiting"], which).fetchone()[0])
        return db.execute(SQL["send_again"], which).rowcount, waiting
