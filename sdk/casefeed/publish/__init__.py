"""Sending what an agency knows: its desk writes facts down, its relay publishes them, an archive is replayed.

A desk is one SQLite file: the event, its number and its outbox row are one transaction. What goes to the topic goes
as the bytes it was, held to the contract on its way. It may import the contract, the case, Kafka, the runtime and
SQL; never `casefeed.read`, never the command line, never an agency.
"""

from casefeed.publish.agency import Office
from casefeed.publish.publisher import Publisher
from casefeed.publish.replay import Plan, Replayed

__all__ = ["Office", "Plan", "Publisher", "Replayed"]
