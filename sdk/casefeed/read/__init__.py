"""Reading the feed: positions and state kept together, every record judged, nothing skipped.

ICE's own intake and every downstream team read through this room. A reader of your own is a `Reader` (its name,
its file, its handler) handed to `run`; the handler gets each new event once, as `NewEvent`, inside the transaction
that holds it. consumers/example_reader is one in under 100 lines.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casefeed.read.event_log import NewEvent
    from casefeed.read.intake import ReaderProgress
    from casefeed.read.service import Reader, run, summary
    from casefeed.read.store import Handler
    from casefeed.runtime.errors import Unavailable
    from casefeed.runtime.http import ListenAddress

__all__ = ["Handler", "ListenAddress", "NewEvent", "Reader", "ReaderProgress", "Unavailable", "run", "summary"]
_MODULES = {
    "Handler": "casefeed.read.store",
    "ListenAddress": "casefeed.runtime.http",
    "NewEvent": "casefeed.read.event_log",
    "Reader": "casefeed.read.service",
    "ReaderProgress": "casefeed.read.intake",
    "Unavailable": "casefeed.runtime.errors",
    "run": "casefeed.read.service",
    "summary": "casefeed.read.service",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are used: a question to a store needs no Kafka client."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
