"""An agency as its commands know it: what it may publish, who tells where nobody says, where its desk lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from casefeed.publish.desk import Desk, NoDesk
from casefeed.publish.publisher import Publisher
from casefeed.runtime.settings import Settings


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
        """The agency's desk, for one opening, which makes it where there is none."""
        return Desk(self.path(settings), self.publisher)

    def existing(self, settings: Settings) -> Path:
        """Where the agency's desk is; raises NoDesk where none is."""
        path = self.path(settings)
        if not path.is_file():
            raise NoDesk(f"there is no desk at {path}; `casefeed {self.group} record` makes it")
        return path
