"""Hand-made events of every type, with personal values that can be searched for."""

from __future__ import annotations

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import load_catalogue
from casefeed.kafka.records import ReceivedRecord
from casefeed.read.classify import Classified, ReadableSchema, RejectedSchema, classify
from tests.feedkit import (
    ADDRESS,
    BODIES,
    CHECKED,
    DAY_MS,
    PERSONAL,
    PLACE,
    START_MS,
    Raw,
    child_key,
    event_id,
    key_number,
)

PUBLISHED_AFTER_MS = 60_000
SECRETS = (*PERSONAL, "sponsorsponsor22", "HOSPITAL", "REUNIFIED_CAT1", "LEFT_FACILITY", "SUPPORT_ORG")
"""What no output may show of the events made here."""

ALL: dict[str, Raw] = {
    **BODIES,
    "ChildLocated": {
        "child": {"condition": "SAFE", "current_setting": "HOSPITAL"},
        "located_by": "POLICE",
        "closes_event_id": None,
    },
    "PlacementAddressChanged": {
        "child": {"address": ADDRESS},
        "previous_address_event_id": event_id(999_999),
        "reason": "FAMILY_MOVED",
        "reported_by": "PRS",
        "reported_at": START_MS,
        "effective_date": START_MS // DAY_MS,
        "eoir33_filed": "NO",
        "eoir33_filed_date": None,
        **CHECKED,
        **PLACE,
    },
    "AbsentFromSponsor": {
        "child": {"last_known_with_sponsor_date": START_MS // DAY_MS},
        "owning_area": "SNA",
        "learned_from": "SCHOOL",
        "reported_at": START_MS,
        "sponsor_reported_to_police": "YES",
        "cps_report_made": "UNKNOWN",
        "known_new_location": False,
        "noc_ref": None,
    },
    "AgedOut": {
        "child": {"eighteenth_birthday": START_MS // DAY_MS, "discharged_to": "SUPPORT_ORG"},
        "plan_created_at": None,
        "plan_updated_at": None,
        "least_restrictive_considered": True,
        "discharge_notification_sent_at": None,
    },
    "NtaFiled": {"nta_id": "SYN-N-1", "filed_court_code": "SNA", "filed_accepted": True},
    "HearingScheduled": {
        "hearing_id": "SYN-H-1",
        "nta_id": "SYN-N-1",
        "supersedes_hearing_id": None,
        "court_code": "SNA",
        "hearing_location_code": None,
        "hearing_at": START_MS + 30 * DAY_MS,
        "calendar_type": "MASTER",
        "medium": "IN_PERSON",
        "language": "mam",
        "notice_sent_at": None,
        "notice_method": "NONE",
        "notice_address_event_id": None,
        "represented": False,
        "juvenile_docket": True,
        "juvenile_code": "J1",
    },
    "FailureToAppear": {
        "child": {"age_at_hearing": 15},
        "hearing_id": "SYN-H-1",
        "hearing_date": START_MS // DAY_MS + 30,
        "court_code": "SNA",
        "owning_area": "SNA",
        "not_present": True,
        "court_outcome": "ADMIN_CLOSED_FTA",
        "notice_quality": "RETURNED_MAIL",
        "location_verified_before_order": "NOT_REQUESTED",
        "represented": False,
    },
    "InAbsentiaOrder": {
        "hearing_id": "SYN-H-1",
        "court_code": "SNA",
        "motion_to_reopen_window_ends": None,
        "location_verified_before_order": "NO",
    },
}
"""A body of every type of fact, by short name."""

ABOUT: dict[str, Raw] = {
    "EventRetracted": {"retracts_event_id": event_id(999_999), "reason": "NEVER_HAPPENED"},
    "ChildKeysMerged": {"merged_child_key": child_key(999), "basis": "SAME_A_NUMBER"},
    "ChildKeysUnmerged": {"unmerges_event_id": event_id(999_999), "reason": "TWO_CHILDREN"},
    "EventsRequested": {"asked_source": "orr-test", "first_missing": 2, "last_missing": 3, "missing_since": START_MS},
}
"""A body of every type of event about other events; a correction is made with `correction`."""


def correction(kind: str, right: Raw) -> Raw:
    """The body of an EventCorrected that puts the event `right` of type `kind` in the place of the one it names."""
    event_type = load_catalogue().by_name(kind)
    return {
        "corrects_event_id": right["header"]["event_id"],
        "reason": "RECORDED_WRONGLY",
        "restated_dataschema": event_type.dataschema,
        "restated": codec.encode(event_type, right),
    }


def raw(
    short: str,
    child: int,
    sequence: int,
    *,
    source: str = "orr-test",
    days: float = 0,
    late: float = 0,
    **over: object,
) -> Raw:
    """An event of child number `child`, `days` after the start, recorded `late` days after that.

    `over` replaces fields; a dict given for a part is merged into it.
    """
    at = int(START_MS + days * DAY_MS)
    agencies = {"orr": "ORR", "ice": "ICE_ERO", "court": "EOIR_ADAPTER"}
    made: Raw = {
        "header": {
            "event_id": event_id(),
            "child_key": child_key(child),
            "source": source,
            "agency": agencies[source.partition("-")[0]],
            "sequence": sequence,
            "occurred_at": at,
            "recorded_at": int(at + late * DAY_MS),
            "causation_id": None,
            "agreement_profile": "narrow-1",
            "synthetic": True,
        },
        **(ALL | ABOUT | {"EventCorrected": {}})[short],
    }
    for name, value in over.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    return made


def received(short: str, event: Raw, *, offset: int = 0, topic: str | None = None, **over: object) -> ReceivedRecord:
    """The record of an event as a broker hands it out, framed with schema id 1; `over` replaces what is named."""
    kind = load_catalogue().by_name(short)
    parts: dict[str, object] = {
        "topic": topic or topic_of(short, event),
        "partition": 0,
        "offset": offset,
        "published_at": event["header"]["recorded_at"] + PUBLISHED_AFTER_MS,
        "key": event["header"]["child_key"].encode(),
        "value": framing.frame(1, codec.encode(kind, event)),
        "headers": framing.cloud_event_headers(kind, event),
    }
    return ReceivedRecord(**{**parts, **over})  # type: ignore[arg-type]


def topic_of(short: str, event: Raw) -> str:
    """The topic on which the event's source tells it."""
    topics = load_catalogue().by_name(short).topics
    owner = "orr" if event["header"]["agency"] == "ORR" else "ice"
    return f"{owner}.case-events" if f"{owner}.case-events" in topics else next(iter(topics))


def classified(
    short: str, record: ReceivedRecord, schema: ReadableSchema | RejectedSchema | None = None
) -> tuple[ReceivedRecord, Classified]:
    """The record with what it is, its schema id standing for `short` unless said otherwise."""
    kind = load_catalogue().by_name(short)
    return record, classify(record, schema or ReadableSchema(kind, kind.fingerprint))


def corrected(
    sequence: int, original: tuple[str, Raw], *, as_type: str | None = None, late: float = 1, **over: object
) -> tuple[str, Raw]:
    """A correction of an event, recorded `late` days after it: the same but for `over`, or of another type."""
    short, event = original
    header = event["header"]
    child, days = key_number(header["child_key"]), (header["occurred_at"] - START_MS) / DAY_MS
    if as_type is not None:
        event = {**raw(as_type, child, 1, source=header["source"], days=days), "header": header}
    after = (header["recorded_at"] - START_MS) / DAY_MS + late
    made = raw(
        "EventCorrected", child, sequence, source=header["source"], days=after,
        **correction(as_type or short, {**event, **over}),
    )  # fmt: skip
    return "EventCorrected", made


def retracted(sequence: int, original: tuple[str, Raw], *, late: float = 1) -> tuple[str, Raw]:
    """A retraction of an event, recorded `late` days after it; a merge's is its undoing."""
    short, event = original
    header = event["header"]
    undoing = short == "ChildKeysMerged"
    taking = "ChildKeysUnmerged" if undoing else "EventRetracted"
    named = {"unmerges_event_id" if undoing else "retracts_event_id": header["event_id"]}
    after = (header["recorded_at"] - START_MS) / DAY_MS + late
    child = key_number(header["child_key"])
    return taking, raw(taking, child, sequence, source=header["source"], days=after, **named)


def merged(survivor: int, other: int, sequence: int, *, days: float = 0) -> tuple[str, Raw]:
    """A merge of the key of child number `other` into that of `survivor`."""
    event = raw("ChildKeysMerged", survivor, sequence, days=days, merged_child_key=child_key(other))
    return "ChildKeysMerged", event
