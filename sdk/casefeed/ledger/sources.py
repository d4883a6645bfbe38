"""Sources: the recording stores that were heard, and whether each keeps its promise to be heard again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from casefeed.ledger.database import LedgerConnection
from casefeed.read.heartbeats import SourceStatus, source_statuses


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """Every source that was ever heard, as it stands at `now` (ms UTC)."""

    FIELDS: ClassVar[Sequence[str]] = (
        "source", "agency", "topic", "punctuality", "sent", "waiting", "ended_by", "stated_at", "due_at",
        "waiting_since",
    )  # fmt: skip

    items: list[SourceStatus]
    now: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The sources for programs."""
        return [each.as_dict(self.now) for each in self.items]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {"sources": self.rows}

    def named(self, source: str) -> SourceStatus | None:
        """The source with this name; None where it was never heard."""
        return next((each for each in self.items if each.source == source), None)


def load_sources_page(db: LedgerConnection, now: int) -> SourcesPage:
    """Every source that was ever heard, as it stands at `now` (ms UTC)."""
    return SourcesPage(source_statuses(db), now)
