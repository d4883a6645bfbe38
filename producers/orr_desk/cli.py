"""The command group `casefeed orr`."""

from casefeed.cli.agency.group import agency_group
from orr_desk.agency import ORR

orr = agency_group(
    ORR,
    "The simulated HHS producer (ORR): record facts at its desk, publish them, replay archives.",
    {
        "record": "casefeed.cli.agency.record:record_command",
        "relay": "casefeed.cli.agency.relay:relay_command",
        "replay": "casefeed.cli.agency.replay:replay_command",
        "resend": "casefeed.cli.agency.resend:resend_command",
        "status": "casefeed.cli.agency.outbox:outbox_command",
    },
)
