"""An event as stock libraries have it, with times, days and ids as Python values, and back in raw form."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from casefeed.contract.catalogue import EventType
from casefeed.contract.generated.models import parse
from casefeed.contract.model_base import Part
from tests.strategies import Raw

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stock_form(event_type: EventType, raw: Raw) -> Raw:
    """A raw event as a program hands it to a stock library: times, days and ids as Python values."""

    def plain(value: Any) -> Any:
        match value:
            case Part():
                return {name: plain(each) for name, each in value}
            case StrEnum():
                return value.value
            case tuple():
                return [plain(item) for item in value]
            case _:
                return value

    return dict(plain(parse(event_type, raw)))


def raw_form(value: Any) -> Any:
    """What a stock library read, in raw form; a time must be aware and in UTC."""
    match value:
        case dict():
            return {name: raw_form(each) for name, each in value.items()}
        case list():
            return [raw_form(each) for each in value]
        case datetime():
            assert value.utcoffset() == timedelta(0)
            return (value - EPOCH) // timedelta(milliseconds=1)
        case date():
            return (value - EPOCH.date()).days
        case uuid.UUID():
            return str(value)
        case _:
            return value


def with_ids_as_text(value: Any) -> Any:
    """Apache's writer takes a uuid as text."""
    if isinstance(value, dict):
        return {name: with_ids_as_text(each) for name, each in value.items()}
    return str(value) if isinstance(value, uuid.UUID) else value
