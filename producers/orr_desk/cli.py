"""`casefeed orr`: what the simulated HHS producer does."""

import click

from casefeed.cli.agency.outbox import account_command
from casefeed.cli.agency.record import record_command
from casefeed.cli.agency.relay import relay_command
from casefeed.cli.agency.replay import replay_command
from casefeed.cli.agency.resend import resend_command
from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.publish import Office, Publisher
from casefeed.store import path_of

ORR = Office(
    "orr",
    Publisher("ORR", ORR_TOPIC, frozenset({"ORR"})),
    teller="ORR",
    path=lambda settings: path_of(settings.desk_url, "desk"),
    example="""{"type": "ChildLocated",
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
    account_command(ORR, "status"),
    replay_command(ORR),
    resend_command(ORR),
):
    orr.add_command(each)
