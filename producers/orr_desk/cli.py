"""`casefeed orr`: what the simulated HHS producer does."""

import click

from casefeed.cli.agency.outbox import status_command
from casefeed.cli.agency.record import record_command
from casefeed.cli.agency.relay import relay_command
from casefeed.cli.agency.replay import replay_command
from casefeed.cli.agency.resend import resend_command
from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.publish import Agency, Publisher
from casefeed.store import sqlite_path

ORR = Agency(
    "orr",
    Publisher("ORR", ORR_TOPIC, frozenset({"ORR"})),
    default_recorder="ORR",
    database_path=lambda settings: sqlite_path(settings.desk_url, "desk"),
    consumer_group="orr-desk",
    example_event="""{"type": "ChildLocated",
 "header": {"occurred_at": "2024-05-31T08:00:00Z", "synthetic": true},
 "child": {"condition": "SAFE", "current_setting": "HOSPITAL"},
 "located_by": "POLICE"}""",
)


@click.group
def orr() -> None:
    """The simulated HHS producer (ORR): record facts at its desk, publish them, replay archives."""


for each in (
    record_command(ORR),
    relay_command(ORR),
    status_command(ORR, "status"),
    replay_command(ORR),
    resend_command(ORR),
):
    orr.add_command(each)
