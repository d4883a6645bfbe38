"""Sending what an agency knows: its desk writes facts down, its relay publishes them, an archive is replayed.

A desk is one SQLite file: the event, its number and its outbox row are one transaction. What goes to the topic goes
as the bytes it was, held to the contract on its way. It may import the contract, the case, Kafka, the runtime and
SQL; never `casefeed.read`, never the command line, never an agency.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casefeed.lazy_names import lazy_names

if TYPE_CHECKING:
    from casefeed.publish.agency import Agency
    from casefeed.publish.publisher import Publisher
    from casefeed.publish.replay import ReplayOptions, ReplayResult

__all__ = ["Agency", "Publisher", "ReplayOptions", "ReplayResult"]
# Who only names an agency needs no Kafka client.
_MODULES = {
    "Agency": "casefeed.publish.agency",
    "Publisher": "casefeed.publish.publisher",
    "ReplayOptions": "casefeed.publish.replay",
    "ReplayResult": "casefeed.publish.replay",
}
__getattr__ = lazy_names(__name__, _MODULES)
