"""Sending what an agency knows: its desk writes facts down, its relay publishes them, an archive is replayed.

A desk is one SQLite file: the event, its number and its outbox row are one transaction. What goes to the topic goes
as the bytes it was, held to the contract on its way. It may import the contract, the case, Kafka, the runtime and
SQL; never `casefeed.read`, never the command line, never an agency.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casefeed.publish.agency import Agency
    from casefeed.publish.publisher import Publisher
    from casefeed.publish.replay import ReplayOptions, ReplayResult

__all__ = ["Agency", "Publisher", "ReplayOptions", "ReplayResult"]
_MODULES = {
    "Agency": "casefeed.publish.agency",
    "Publisher": "casefeed.publish.publisher",
    "ReplayOptions": "casefeed.publish.replay",
    "ReplayResult": "casefeed.publish.replay",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are used: who only names an agency needs no Kafka client."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
