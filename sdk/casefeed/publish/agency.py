"""An agency as its commands know it: what it may publish, who tells where nobody says, where its desk lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from casefeed.publish.publisher import Publisher
from casefeed.runtime.settings import Settings

if TYPE_CHECKING:
    from casefeed.publish.desk import Desk


@dataclass(frozen=True, slots=True)
class Agency:
    """What is an agency's own, as its commands need it.

    `group`: its command group; `publisher`: its topic and who records on it; `default_recorder`: the `header.agency`
    of what is recorded without one; `database_path`: the file of its outbox and its ledger, and `database_variable`:
    the environment variable that names another; `consumer_group`: the Kafka group under which lag tools see its
    intake; `example_event`: an event as its desk takes it, of a new child; `lists`: the lists of its ledger that it
    works with, by name, with their titles.
    """

    group: str
    publisher: Publisher
    default_recorder: str
    database_path: Callable[[Settings], Path]
    database_variable: str
    consumer_group: str
    example_event: str
    lists: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command of its group, for texts that name one."""
        return f"casefeed {self.group}"

    def desk(self, settings: Settings) -> Desk:
        """The agency's desk, for one opening, which makes it where there is none."""
        from casefeed.publish.desk import Desk  # a ledger's questions need no desk

        return Desk(self.database_path(settings), self.publisher)

    def existing_desk(self, settings: Settings) -> Path:
        """Where the agency's desk is; raises DeskMissing where none is."""
        from casefeed.publish.desk import DeskMissing

        path = self.database_path(settings)
        if not path.is_file():
            raise DeskMissing(f"there is no desk at {path}; `{self.command} record` makes it")
        return path
