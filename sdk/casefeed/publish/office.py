"""An agency as its commands know it: what it may publish, who tells where nobody says, where its desk lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from casefeed.publish.desk import Desk
from casefeed.publish.publisher import Publisher
from casefeed.wire.settings import Settings


@dataclass(frozen=True, slots=True)
class Office:
    """`group`: the agency's command group; `teller`: the `header.agency` of what is recorded without one.

    `example`: an event as its desk takes it, of a new child.
    """

    group: str
    publisher: Publisher
    teller: str
    path: Callable[[Settings], Path]
    example: str

    def desk(self, settings: Settings) -> Desk:
        """The agency's desk, for one opening."""
        return Desk(self.path(settings), self.publisher)
