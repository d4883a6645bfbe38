"""Sources: the recording stores that were heard, and whether each keeps its promise to be heard again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from casefeed.read.heartbeats import SourceStatus, source_statuses

FIELDS = (
    "source", "agency", "topic", "punctuality", "sent", "waiting", "ended_by", "stated_at", "due_at", "waiting_since",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """Every source that was ever heard, as it stands at `now` (ms UTC)."""

    sources: list[SourceStatus]
    now: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The sources as programs get them: `FIELDS`."""
        return [each.as_dict(self.now) for each in self.sources]

    def as_dict(self) -> dict[str, Any]:
        """The page as programs get it."""
        return {"sources": self.rows}

    def named(self, source: str) -> SourceStatus | None:
        """The source with this name; None where it was never heard."""
        return next((each for each in self.sources if each.source == source), None)


def load_sources_page(db: sqlite3.Connection, now: int) -> SourcesPage:
    """Every source that was ever heard."""
    return SourcesPage(source_statuses(db), now)
