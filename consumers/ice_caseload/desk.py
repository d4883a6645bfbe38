"""ICE's own desk: what ICE and its court adapter know goes to ICE's topic, and ICE reads it there like anybody.

Its tables lie in the ledger's file, so that what the intake derives can be put out in the intake's transaction.
"""

from casefeed.cli.agency.outbox import account_command
from casefeed.cli.agency.record import record_command
from casefeed.cli.agency.relay import relay_command
from casefeed.cli.agency.replay import replay_command
from casefeed.cli.agency.resend import resend_command
from casefeed.contract.catalogue import ICE_TOPIC
from casefeed.publish import Office, Publisher
from ice_caseload.ledger import path_of

__all__ = ["outbox", "record", "relay", "replay", "resend"]

ICE = Office(
    "ice",
    Publisher("ICE", ICE_TOPIC, frozenset({"ICE_ERO", "ICE_OPLA", "EOIR_ADAPTER"})),
    teller="ICE_ERO",
    path=lambda settings: path_of(settings.ledger_url),
    example="""{"type": "NtaIssued",
 "header": {"occurred_at": "2024-05-31T08:00:00Z", "synthetic": true},
 "nta_id": "SYN-N-1001", "issuing_agency": "CBP",
 "place_and_time_stated": false}""",
)

record = record_command(ICE)
relay = relay_command(ICE)
outbox = account_command(ICE, "outbox")
replay = replay_command(ICE)
resend = resend_command(ICE)
