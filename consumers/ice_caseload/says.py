"""An event said in the trade's words, from what may be shown of it: masked first, then worded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from casefeed.case.address import Finding
from casefeed.contract import codes
from casefeed.contract.catalogue import EventType, branches
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.contract.privacy import tagged
from ice_caseload import words
from ice_caseload.timeline import Telling


@dataclass(frozen=True, slots=True)
class Speech:
    """How times are said: in the reader's zone (None: this machine's)."""

    zone: tzinfo | None = None

    def time(self, millis: int) -> str:
        """A time with its offset."""
        return words.local(millis, self.zone)


Say = Callable[[Datum, Finding, Speech], str]


def _moved(event: Datum, found: Finding, _: Speech) -> str:
    what = "corrected" if event["reason"] == "CORRECTION" else f"changed ({words.plain(event['reason'])})"
    return f"Address {what} to one in {words.area(event['owning_area'])}: {found.words}"


def _failed(event: Datum, _: Finding, __: Speech) -> str:
    what = "Failed to appear at" if event["not_present"] else "Reported present at"
    where = f"{words.day(event['hearing_date'])} at {words.court(event['court_code'])}"
    return f"{what} hearing {event['hearing_id']} of {where}: {words.plain(event['court_outcome'])}"


def _filed(event: Datum, _: Finding, __: Speech) -> str:
    taken = "accepted" if event["filed_accepted"] else "rejected"
    return f"NTA {event['nta_id']} filed with {words.court(event['filed_court_code'])} and {taken}"


def _served(event: Datum, _: Finding, __: Speech) -> str:
    how, whom = words.plain(event["service_method"]), words.plain(event["served_on"])
    return f"NTA {event['nta_id']} served ({how}) on {whom}"


def _set(event: Datum, _: Finding, speech: Speech) -> str:
    when = speech.time(event["hearing_at"])
    return f"Hearing {event['hearing_id']} set for {when} at {words.court(event['court_code'])}"


SAYS: Mapping[str, Say] = {
    "ChildTransferred": lambda e, _, __: f"Transferred to ORR from {words.area(e['releasing_area'])}",
    "SponsorPlacement": lambda e, found, _: (
        f"Placed with a sponsor in {words.area(e['owning_area'])}; release address: {found.words}"
    ),
    "PlacementAddressChanged": _moved,
    "RunawayFromCustody": lambda e, _, __: f"Absent from ORR custody in {words.area(e['owning_area'])}",
    "AbsentFromSponsor": lambda e, _, __: (
        f"Absent from sponsor in {words.area(e['owning_area'])}, learned from {words.plain(e['learned_from'])}"
    ),
    "ChildLocated": lambda e, _, __: f"Located by {words.plain(e['located_by'])}",
    "FailureToAppear": _failed,
    "AgedOut": lambda _, __, ___: "Turned 18",
    "NtaIssued": lambda e, _, __: f"NTA {e['nta_id']} issued by {words.plain(e['issuing_agency'])}",
    "NtaServed": _served,
    "NtaFiled": _filed,
    "HearingScheduled": _set,
    "EventRetracted": lambda e, _, __: f"Takes an event back ({words.plain(e['reason'])})",
    "ChildKeysMerged": lambda e, _, __: (
        f"Key {e['merged_child_key']} found to stand for the same child as {e['header']['child_key']} "
        f"({words.plain(e['basis'])})"
    ),
    "ChildKeysUnmerged": lambda e, _, __: f"Undoes a merge of two keys ({words.plain(e['reason'])})",
    "EventsRequested": lambda e, _, __: (
        f"Asked {e['asked_source']} for what is missing: numbers {e['first_missing']} to {e['last_missing']}"
    ),
    "InAbsentiaOrder": lambda e, _, __: (
        f"Ordered removed in absentia at hearing {e['hearing_id']}, {words.court(e['court_code'])}"
    ),
}
"""What each event type says, from its masked content and what keeps mail from its address."""


def says(telling: Telling, speech: Speech) -> str:
    """A telling in the trade's words; a correction says what it puts in the earlier event's place, and as of when."""
    event_type, masked = telling.content
    said = SAYS[event_type.short](masked, telling.fact.finding, speech)
    if telling.restated is None:
        return said
    why, when = words.plain(telling.masked["reason"]), speech.time(telling.fact.occurred_at)
    return f"Corrected ({why}) to: {said}, on {when}"


def details(
    event_type: EventType, masked: Datum, show: Callable[[str, Any], Any]
) -> Iterator[tuple[str, Any]]:
    """The fields of a masked event that may be shown: (name, value as `show` gives it from its form and the value).

    The form is time, day, area, court, language, event (an id), code or text. What is empty, withheld or bytes is
    left out.
    """
    for field in event_type.schema["fields"]:
        name = field["name"]
        value = masked[name]
        if (
            name not in ("header", *PERSONAL_PARTS)
            and value is not None
            and tagged(event_type)[(name,)].shown
            and not tagged(event_type)[(name,)].sealed
        ):
            yield name, show(_form(field), value)


def _form(field: Mapping[str, Any]) -> str:
    listed = {"areas": "area", "courts": "court", "languages": "language"}
    if "code_list" in field:
        return listed.get(field["code_list"], "text")
    types = [each for each in branches(field["type"]) if isinstance(each, dict)]
    logical = {each.get("logicalType") for each in types}
    for name, form in (("timestamp-millis", "time"), ("date", "day"), ("uuid", "event")):
        if name in logical:
            return form
    return "text" if "string" in branches(field["type"]) else "code"


def for_people(speech: Speech) -> Callable[[str, Any], str]:
    """Values in words."""

    def show(form: str, value: Any) -> str:
        match form:
            case "time":
                return speech.time(value)
            case "day":
                return words.day(value)
            case "area":
                return words.area(value)
            case "court":
                return words.court(value)
            case "language":
                found = codes.languages().get(value)
                return found.name if found else str(value)
            case "code":
                return words.plain(value)
            case _:
                return str(value)

    return show


def for_programs(form: str, value: Any) -> Any:
    """Values as JSON: times in ISO 8601 (ms UTC), dates as such, codes as they are."""
    return words.iso(value) if form == "time" else words.day(value) if form == "day" else value


def withheld(event_type: EventType, masked: Datum) -> list[str]:
    """In words, what of an event is not shown."""
    tags = {
        each.tag.words
        for path, each in tagged(event_type).items()
        if not each.shown and not each.whole and path[0] in masked
    }
    return sorted(tags)
