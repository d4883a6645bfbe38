"""ICE's own desk: what ICE and its court adapter know goes to ICE's topic, and ICE reads it there like anybody.

Its tables lie in the ledger's file, so that what the intake derives can be put out in the intake's transaction.
"""

from casefeed.cli.agency.outbox import status_command
from casefeed.cli.agency.record import record_command
from casefeed.cli.agency.relay import relay_command
from casefeed.cli.agency.replay import replay_command
from casefeed.cli.agency.resend import resend_command
from casefeed.contract.catalogue import ICE_TOPIC
from casefeed.publish import Agency, Publisher
from casefeed.store import sqlite_path

__all__ = ["outbox", "record", "relay", "replay", "resend"]

ICE = Agency(
    "ice",
    Publisher("ICE", ICE_TOPIC, frozenset({"ICE_ERO", "ICE_OPLA", "EOIR_ADAPTER"})),
    default_recorder="ICE_ERO",
    database_path=lambda settings: sqlite_path(settings.ledger_url, "ledger"),
    consumer_group="ice-caseload",
    example_event="""{"type": "NtaIssued",
 "header": {"occurred_at": "2024-05-31T08:00:00Z", "synthetic": true},
 "nta_id": "SYN-N-1001", "issuing_agency": "CBP",
 "place_and_time_stated": false}""",
)

record = record_command(ICE)
relay = relay_command(ICE)
outbox = status_command(ICE, "outbox")
replay = replay_command(ICE)
resend = resend_command(ICE)
