"""Sending what an agency knows: its desk writes facts down, its relay publishes them, an archive is replayed.

A desk is one SQLite file: the event, its number and its outbox row are one transaction. What goes to the topic goes
as the bytes it was, held to the contract on its way. It may import the contract, the case, the wire and SQL; never
`casefeed.read`, never an agency.
"""

from casefeed.publish.account_command import account_command
from casefeed.publish.office import Office
from casefeed.publish.publisher import Publisher
from casefeed.publish.record_command import record_command
from casefeed.publish.relay_command import relay_command
from casefeed.publish.replay import Plan, Replayed
from casefeed.publish.replay_command import replay_command
from casefeed.publish.resend_command import resend_command

__all__ = [
    "Office",
    "Plan",
    "Publisher",
    "Replayed",
    "account_command",
    "record_command",
    "relay_command",
    "replay_command",
    "resend_command",
]
