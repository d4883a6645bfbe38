"""What became of a record: a closed type, so that "failed" cannot be spelled "skipped"."""

from __future__ import annotations

from dataclasses import dataclass

from casefeed.contract.reasons import ParkedReason, RefusedReason


@dataclass(frozen=True, slots=True)
class Applied:
    """The event is new and now held."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same event, byte for byte, was held before; nothing changed."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The record is kept with its bytes until `reason.repairer` repairs it. `detail` holds no value of it.

    `child_key` is the child that the body names, where that is not the child of the Kafka key.
    """

    reason: ParkedReason
    detail: str = ""
    child_key: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The record may not be here; only where it lay, its digest and the reason are kept."""

    reason: RefusedReason
    detail: str = ""


Outcome = Applied | Duplicate | Parked | Refused
