"""Reading the feed: positions and state kept together, every record judged, nothing skipped.

ICE's own intake and every downstream team read through this room. A reader of your own is a `Reader` (its name,
its file, its handler) handed to `run`; the handler gets each new event once, as `NewEvent`, inside the transaction
that holds it. consumers/example_reader is one in under 100 lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casefeed.lazy_names import lazy_names

if TYPE_CHECKING:
    from casefeed.read.event_log import NewEvent
    from casefeed.read.intake import ReaderProgress
    from casefeed.read.service import Reader, run, summary
    from casefeed.read.store import Handler
    from casefeed.runtime.errors import Unavailable
    from casefeed.runtime.http import ListenAddress

__all__ = ["Handler", "ListenAddress", "NewEvent", "Reader", "ReaderProgress", "Unavailable", "run", "summary"]
# A question to a store needs no Kafka client.
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
__getattr__ = lazy_names(__name__, _MODULES)
