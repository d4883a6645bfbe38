"""The decisions of people that were made so far: who, when, why, about which, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from casefeed.ledger import display
from casefeed.ledger.database import LedgerConnection
from casefeed.ledger.page import Page, attributes
from casefeed.read.decisions import DECISION_OUTCOMES, DecisionRecord, list_decisions


@dataclass(frozen=True, slots=True)
class DecisionsPage(Page):
    """What was decided, the last first."""

    FIELDS = ("id", "what", "at", "by", "reason", "filter", *DECISION_OUTCOMES)

    items: list[DecisionRecord]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The decisions for programs, each filter as JSON."""
        return [{**decision_dict(each), "filter": json.dumps(each.filter)} for each in self.items]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {"decisions": [decision_dict(each) for each in self.items]}


def load_decisions_page(db: LedgerConnection, *, limit: int | None) -> DecisionsPage:
    """What was decided, at most `limit` of it."""
    return DecisionsPage(list_decisions(db, limit=limit))


def decision_dict(decision: DecisionRecord) -> dict[str, Any]:
    """A decision for programs."""
    return {**attributes(decision, DecisionsPage.FIELDS), "at": display.iso(decision.at)}
