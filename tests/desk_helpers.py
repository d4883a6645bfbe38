"""Desks for tests: an agency's desk in a folder, and events as a caller gives them to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.publish import Publisher
from casefeed.publish.desk import Desk, RecordedEvent
from casefeed.publish.event_input import SET_BY_DESK, event_input
from tests.feedkit import START_MS, Raw, make_event

ORR = Publisher("ORR", ORR_TOPIC, frozenset({"ORR"}))
ICE = Publisher("ICE", ICE_TOPIC, frozenset({"ICE_ERO", "ICE_OPLA", "EOIR_ADAPTER"}))
NOW_MS = START_MS + 1_000_000


def desk_input(short: str, child: int, **over: Any) -> Raw:
    """An event of child number `child` as a caller gives it, with an id of its own; `over` as in `make_event`."""
    told = over.get("header", {})
    raw = make_event(short, child, 1, **over)
    by_desk = {*SET_BY_DESK, "agency"} - told.keys()
    header = {name: value for name, value in raw["header"].items() if name not in by_desk}
    return {**raw, "type": short, "header": header}


def event_inputs(children: int, events: int) -> list[Raw]:
    """So many events of each of so many children, one child after the other in turn."""
    return [desk_input("ChildLocated", child) for _ in range(events) for child in range(1, children + 1)]


def orr_desk(folder: Path) -> Desk:
    """ORR's desk in a folder, for one opening."""
    return Desk(folder / "desk.db", ORR)


def record(desk: Desk, *events: Raw, agency: str = "ORR", now_ms: int = NOW_MS) -> list[RecordedEvent]:
    """Write events down in one transaction; each must be taken."""
    answers = desk.record([event_input(each, desk.publisher.topic) for each in events], agency, now_ms)
    refused = [each for each in answers if not isinstance(each, RecordedEvent)]
    assert refused == []
    return [each for each in answers if isinstance(each, RecordedEvent)]
