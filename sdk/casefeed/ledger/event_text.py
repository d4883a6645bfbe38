"""An event said in the trade's words, from what may be shown of it: masked first, then worded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from casefeed.case.address import AddressFinding
from casefeed.contract.catalogue import EventType, union_branches
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.contract.privacy import field_sensitivities
from casefeed.ledger import display
from casefeed.ledger.timeline import MaskedEvent


@dataclass(frozen=True, slots=True)
class Locale:
    """How times are said: in the reader's zone (None: this machine's)."""

    zone: tzinfo | None = None

    def format_time(self, millis: int) -> str:
        """A time with its offset."""
        moment = datetime.fromtimestamp(millis / 1000, tz=UTC).astimezone(self.zone)
        return f"{moment:%Y-%m-%d %H:%M:%S} {moment.strftime('%z')[:3]}:{moment.strftime('%z')[3:5]}"


Describe = Callable[[Datum, AddressFinding, Locale], str]


def _address_changed(event: Datum, found: AddressFinding, _: Locale) -> str:
    what = "corrected" if event["reason"] == "CORRECTION" else f"changed ({display.humanize(event['reason'])})"
    return f"Address {what} to one in {display.area_name(event['owning_area'])}: {found.label}"


def _failure_to_appear(event: Datum, _: AddressFinding, __: Locale) -> str:
    what = "Failed to appear at" if event["not_present"] else "Reported present at"
    where = f"{display.format_day(event['hearing_date'])} at {display.court_name(event['court_code'])}"
    return f"{what} hearing {event['hearing_id']} of {where}: {display.humanize(event['court_outcome'])}"


def _nta_filed(event: Datum, _: AddressFinding, __: Locale) -> str:
    taken = "accepted" if event["filed_accepted"] else "rejected"
    return f"NTA {event['nta_id']} filed with {display.court_name(event['filed_court_code'])} and {taken}"


def _nta_served(event: Datum, _: AddressFinding, __: Locale) -> str:
    how, whom = display.humanize(event["service_method"]), display.humanize(event["served_on"])
    return f"NTA {event['nta_id']} served ({how}) on {whom}"


def _hearing_scheduled(event: Datum, _: AddressFinding, locale: Locale) -> str:
    when = locale.format_time(event["hearing_at"])
    return f"Hearing {event['hearing_id']} set for {when} at {display.court_name(event['court_code'])}"


DESCRIPTIONS: Mapping[str, Describe] = {
    "ChildTransferred": lambda e, _, __: f"Transferred to ORR from {display.area_name(e['releasing_area'])}",
    "SponsorPlacement": lambda e, found, _: (
        f"Placed with a sponsor in {display.area_name(e['owning_area'])}; release address: {found.label}"
    ),
    "PlacementAddressChanged": _address_changed,
    "RunawayFromCustody": lambda e, _, __: f"Absent from ORR custody in {display.area_name(e['owning_area'])}",
    "AbsentFromSponsor": lambda e, _, __: (
        f"Absent from sponsor in {display.area_name(e['owning_area'])}, learned from "
        f"{display.humanize(e['learned_from'])}"
    ),
    "ChildLocated": lambda e, _, __: f"Located by {display.humanize(e['located_by'])}",
    "FailureToAppear": _failure_to_appear,
    "AgedOut": lambda _, __, ___: "Turned 18",
    "NtaIssued": lambda e, _, __: f"NTA {e['nta_id']} issued by {display.humanize(e['issuing_agency'])}",
    "NtaServed": _nta_served,
    "NtaFiled": _nta_filed,
    "HearingScheduled": _hearing_scheduled,
    "EventRetracted": lambda e, _, __: f"Takes an event back ({display.humanize(e['reason'])})",
    "ChildKeysMerged": lambda e, _, __: (
        f"Key {e['merged_child_key']} found to stand for the same child as {e['header']['child_key']} "
        f"({display.humanize(e['basis'])})"
    ),
    "ChildKeysUnmerged": lambda e, _, __: f"Undoes a merge of two keys ({display.humanize(e['reason'])})",
    "EventsRequested": lambda e, _, __: (
        f"Asked {e['asked_source']} for what is missing: numbers {e['first_missing']} to {e['last_missing']}"
    ),
    "InAbsentiaOrder": lambda e, _, __: (
        f"Ordered removed in absentia at hearing {e['hearing_id']}, {display.court_name(e['court_code'])}"
    ),
}
"""What each event type says, from its masked content and what keeps mail from its address."""


def describe(event: MaskedEvent, locale: Locale) -> str:
    """An event in the trade's words; a correction says what it puts in the earlier event's place, and as of when."""
    event_type, masked = event.content
    text = DESCRIPTIONS[event_type.short_name](masked, event.fact.finding, locale)
    if event.corrected is None:
        return text
    why, when = display.humanize(event.masked["reason"]), locale.format_time(event.fact.occurred_at)
    return f"Corrected ({why}) to: {text}, on {when}"


def visible_fields(
    event_type: EventType, masked: Datum, format_value: Callable[[str, Any], Any]
) -> Iterator[tuple[str, Any]]:
    """The fields of a masked event that may be shown: (name, value as `format_value` gives it from its kind and it).

    The kind is time, day, area, court, language, event (an id), code or text. What is empty, withheld or bytes is
    left out.
    """
    for field in event_type.schema["fields"]:
        name = field["name"]
        if name not in ("header", *PERSONAL_PARTS) and masked[name] is not None:
            sensitivity = field_sensitivities(event_type)[(name,)]
            if sensitivity.may_be_shown and not sensitivity.is_ciphertext:
                yield name, format_value(_value_kind(field), masked[name])


def _value_kind(field: Mapping[str, Any]) -> str:
    if "code_list" in field:
        return {"areas": "area", "courts": "court", "languages": "language"}.get(field["code_list"], "text")
    logical = {each.get("logicalType") for each in union_branches(field["type"]) if isinstance(each, dict)}
    for name, form in (("timestamp-millis", "time"), ("date", "day"), ("uuid", "event")):
        if name in logical:
            return form
    return "text" if "string" in union_branches(field["type"]) else "code"


def display_formatter(locale: Locale) -> Callable[[str, Any], str]:
    """Values in words."""
    formatters: dict[str, Callable[[Any], str]] = {
        "time": locale.format_time,
        "day": display.format_day,
        "area": display.area_name,
        "court": display.court_name,
        "language": display.language_name,
        "code": display.humanize,
    }
    return lambda kind, value: formatters.get(kind, str)(value)


def json_value(kind: str, value: Any) -> Any:
    """Values as JSON: times in ISO 8601 (ms UTC), dates as such, codes as they are."""
    return display.iso(value) if kind == "time" else display.format_day(value) if kind == "day" else value


def withheld_categories(event_type: EventType, masked: Datum) -> list[str]:
    """In words, what of an event is not shown."""
    tags = {
        each.tag.label
        for path, each in field_sensitivities(event_type).items()
        if not each.may_be_shown and not each.is_record and path[0] in masked
    }
    return sorted(tags)
