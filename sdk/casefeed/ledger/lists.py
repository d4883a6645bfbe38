"""The lists of an agency's ledger: children by what needs somebody, the longest ago first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from casefeed.ledger import display
from casefeed.ledger.database import SQL, LedgerConnection
from casefeed.ledger.display import start_of_day
from casefeed.ledger.freshness import Freshness, load_freshness
from casefeed.ledger.page import Page
from casefeed.read.queries import uncertain_children
from casefeed.store import json_array


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which rows: of an ERO area, of what came about from one UTC day to another (inclusive), of what still lasts."""

    area: str | None = None
    since: date | None = None
    until: date | None = None
    open: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        values = asdict(self).items()
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values}


@dataclass(frozen=True, slots=True)
class ListItem:
    """One row: times are ms UTC; `about` is the event or the hearing that it is about.

    `uncertain`: whether something of the child, under whichever of its keys, is uncertain.
    """

    child_key: str
    area: str
    since: int
    what: str
    recorded_at: int
    ended: int | None
    about: str
    uncertain: bool

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "child_key": self.child_key,
            "area": self.area,
            "since": display.iso(self.since),
            "since_ms": self.since,
            "what": self.what,
            "known_since": display.iso(self.recorded_at),
            "ended": display.iso(self.ended),
            "uncertain": self.uncertain,
            "about": self.about,
        }


@dataclass(frozen=True, slots=True)
class ListPage(Page):
    """The first rows of a list, of `count` that pass the filter, and up to where they are complete."""

    FIELDS = (
        "child_key", "area", "since", "what", "known_since", "ended", "uncertain", "about",
    )  # fmt: skip
    ROWS = "rows"

    name: str
    filter: ListFilter
    count: int
    items: tuple[ListItem, ...]
    freshness: Freshness

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "list": self.name,
            "filters": self.filter.as_dict(),
            "count": self.count,
            "complete": self.freshness.as_dict(),
            "rows": [each.as_dict() for each in self.items],
        }


def load_list(db: LedgerConnection, name: str, choice: ListFilter, now: int, *, limit: int | None = None) -> ListPage:
    """A list at `now` (ms UTC), at most `limit` rows of it."""
    since, until = start_of_day(choice.since), start_of_day(choice.until, days_later=1)
    filters = (name, choice.area, since, until, choice.open)
    found = db.execute(SQL["list_rows"], (*filters, -1 if limit is None else limit)).fetchall()
    count = int(db.execute(SQL["list_row_count"], filters).fetchone()[0])
    uncertain = _uncertain_keys(db, [row["child_key"] for row in found])
    items = tuple(ListItem(**dict(row), uncertain=row["child_key"] in uncertain) for row in found)
    return ListPage(name, choice, count, items, load_freshness(db, now))


def _uncertain_keys(db: LedgerConnection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys shown of which something, under whichever key it was told, is uncertain."""
    merged = db.execute(SQL["keys_shown_under"], (json_array(keys),)).fetchall()
    lacking = uncertain_children(db, {*keys, *(row["child_key"] for row in merged)})
    also = {row["shown"] for row in merged if row["disagree"] or row["child_key"] in lacking}
    return lacking | also
