"""What broker tests share: topics of their own, hand-made events, a sender, and a reader with its ledger.

Every test that reads uses topics of its own on the one running stack, so that none sees another's records.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from casefeed.contract import catalogue, codec, framing
from casefeed.kafka.registry import SchemaRegistry
from casefeed.ledger.projection import apply_events
from casefeed.read.intake import IntakeConfig, ReaderProgress, run_intake
from casefeed.read.store import Handler, SqliteStore

Raw = dict[str, Any]
DAY_MS = 86_400_000
START_MS = 1_600_000_000_000
_counter = itertools.count(1)


def event_id(number: int | None = None) -> str:
    """A UUIDv7 of its own."""
    low = next(_counter) if number is None else number
    return f"01750000-0000-7000-8000-{low:012x}"


def child_key(number: int) -> str:
    """The key of a made-up child."""
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(digits[(number >> (5 * place)) & 31] for place in range(16))


def key_number(key: str) -> int:
    """The number of the made-up child whose key this is."""
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    return sum(digits.index(each) << (5 * place) for place, each in enumerate(key))


ADDRESS = {
    "line1": "12 Quillfeather St",
    "secondary_unit": None,
    "city": "Testopolis",
    "state": "TX",
    "zip": "78701",
    "county_fips": "48453",
}
PLACE = {"owning_area": "SNA", "expected_court": "SNA"}
CHECKED = {"address_quality": "DELIVERABLE", "address_checked_at": None, "address_check_method": "NONE"}
BODIES: dict[str, Raw] = {
    "ChildTransferred": {
        "child": {
            "a_number": "A000123456",
            "portal_id": "UCP-SYN-0012345",
            "given_name": "Xiomarafirst",
            "surname": "Zzyzxsurname",
            "aliases": ["Aliasovich"],
            "birth_date": 13_000,
            "birth_date_basis": "DOCUMENT",
            "sex": "FEMALE",
            "country_of_birth": "GTM",
            "citizenship": "GTM",
            "preferred_language": "mam",
            "receiving_program_code": "PRG-777",
            "sibling_group_key": None,
        },
        "apprehended_at": START_MS - DAY_MS,
        "apprehending_agency": "CBP_USBP",
        "uac_determined_at": START_MS - DAY_MS,
        "orr_notified_at": START_MS - DAY_MS,
        "releasing_area": "HLG",
        "nta_status_at_transfer": "NOT_ISSUED",
        "has_medical_handoff": True,
    },
    "SponsorPlacement": {
        "child": {"discharge_type": "REUNIFIED_CAT1", "releasing_program_code": "PRG-777", "address": ADDRESS},
        "sponsor": {
            "sponsor_ref": "sponsorsponsor22",
            "relationship": "MOTHER",
            "given_name": "Sponsorgiven",
            "surname": "Sponsorsur",
            "phone": "512-555-0142",
        },
        **CHECKED,
        **PLACE,
        "prs_ordered": False,
        "home_study_done": False,
    },
    "RunawayFromCustody": {
        "child": {
            "last_seen_at": START_MS,
            "last_seen_setting": "CURRENT_CARE_PROVIDER",
            "absence_type": "LEFT_FACILITY",
            "police_report_no": "POLICE-99887",
            "ncmec_case_no": "NCMEC-55443",
        },
        "owning_area": "HLG",
        "police_notified_at": START_MS,
        "ncmec_notified_at": None,
        "fojc_notified_at": None,
        "attorney_notified_at": None,
        "child_advocate_notified_at": None,
        "sir_event_id": "EVT-SYN-0000001",
    },
    "ChildLocated": {
        "child": {"condition": "SAFE", "current_setting": "ORR_CUSTODY"},
        "located_by": "POLICE",
        "closes_event_id": None,
    },
    "NtaIssued": {"nta_id": "SYN-N-1", "issuing_agency": "ICE", "place_and_time_stated": True},
    "NtaServed": {
        "child": {"age_at_service": 15},
        "nta_id": "SYN-N-1",
        "service_method": "PERSONAL",
        "served_on": ["CHILD"],
        "address_event_id_used": None,
    },
}
PERSONAL = (
    "Xiomarafirst",
    "Zzyzxsurname",
    "Aliasovich",
    "A000123456",
    "UCP-SYN-0012345",
    "Quillfeather",
    "Testopolis",
    "78701",
    "Sponsorgiven",
    "Sponsorsur",
    "555-0142",
    "POLICE-99887",
    "NCMEC-55443",
    "PRG-777",
)
"""Every personal value of the bodies: none may show up in a log, an error or a reason."""


def make_event(short: str, child: int, sequence: int, *, source: str = "orr-test", days: int = 0, **over: Any) -> Raw:
    """The raw data of an event of child number `child`; `over` replaces fields, `header` is merged."""
    at = START_MS + days * DAY_MS
    header = {
        "event_id": event_id(),
        "child_key": child_key(child),
        "source": source,
        "agency": "ORR" if source.startswith("orr") else "ICE_ERO",
        "sequence": sequence,
        "occurred_at": at,
        "recorded_at": at,
        "causation_id": None,
        "agreement_profile": "narrow-1",
        "synthetic": True,
    }
    return {"header": header | over.pop("header", {}), **BODIES[short], **over}


@dataclass(frozen=True)
class KafkaRecord:
    """One record for Kafka."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]] = field(default_factory=list)
    partition: int | None = None


@dataclass
class FeedEnv:
    """A pair of topics for one test, the schema ids of the registry, and a ledger."""

    bootstrap: str
    registry_url: str
    path: Path
    schema_ids: dict[str, int]
    partitions: int = 3

    def send(self, *records: KafkaRecord) -> None:
        """Publish records as a stock producer does."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "acks": "all", "message.max.bytes": 8_000_000})
        failed: list[str] = []
        for each in records:
            producer.produce(
                each.topic,
                key=each.key,
                value=each.value,
                headers=list(each.headers),
                on_delivery=lambda error, _: failed.append(str(error)) if error else None,
                partition=-1 if each.partition is None else each.partition,
            )
        assert producer.flush(60) == 0
        assert failed == []

    def kafka_record(self, short: str, raw: Raw, *, topic: str | None = None, headers: bool = True) -> KafkaRecord:
        """A well-formed record of an event, on the topic where it belongs."""
        kind = catalogue.load_catalogue().by_name(short)
        datum = codec.encode(kind, raw)
        return KafkaRecord(
            topic or sorted(kind.topics)[0],
            raw["header"]["child_key"].encode(),
            framing.frame(self.schema_ids[kind.name], datum),
            list(framing.cloud_event_headers(kind, raw)) if headers else [],
        )

    def store(self, now: int = START_MS) -> SqliteStore:
        """The ledger, for one opening."""
        return SqliteStore(self.path, now=lambda: now, packages=("casefeed.ledger",))

    def run_intake(
        self, *, from_start: bool = False, handler: Handler = apply_events, wait_seconds: float = 60
    ) -> ReaderProgress:
        """Read both topics into the ledger until the ends."""

        async def run() -> ReaderProgress:
            async with SchemaRegistry(self.registry_url) as registry:
                with self.store() as store:
                    feed = IntakeConfig(
                        self.bootstrap, self.registry_url, registry.schema_by_id, store, handler, "test-reader"
                    )
                    return await run_intake(
                        feed,
                        asyncio.Event(),
                        until_caught_up=True,
                        from_start=from_start,
                        outage_timeout_seconds=wait_seconds,
                    )

        return asyncio.run(run())


def register_all(registry_url: str) -> dict[str, int]:
    """The registry's ids of all packaged schemas, by full name."""

    async def run() -> dict[str, int]:
        async with SchemaRegistry(registry_url) as registry:
            return await registry.register_all(catalogue.load_catalogue())

    return asyncio.run(run())


def drop_topics(bootstrap: str, topics: Sequence[str]) -> AdminClient:
    """Delete those that are there; the broker knows none of them on return."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for pending in admin.delete_topics(list(topics)).values():
        with suppress(KafkaException):  # it was not there
            pending.result(60)
    _wait_until(lambda: not _existing(admin, topics))
    return admin


def fresh_topics(bootstrap: str, topics: Sequence[str], partitions: int, **config: str) -> None:
    """Delete and make anew, as an operator who wipes a topic does; the broker knows the new ones on return.

    The topics of statements beside them are gone.
    """
    admin = drop_topics(
        bootstrap,
        [*topics, *(catalogue.STATEMENT_TOPICS[each] for each in topics if each in catalogue.STATEMENT_TOPICS)],
    )
    settings = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime", **config}
    made = admin.create_topics([NewTopic(topic, partitions, -1, config=settings) for topic in topics])
    for pending in made.values():
        pending.result(60)
    _wait_until(lambda: len(_existing(admin, topics)) == len(topics))


def _existing(admin: AdminClient, topics: Sequence[str]) -> set[str]:
    """Those of `topics` that the broker knows; it hears of a change a moment after the controller made it."""
    return set(admin.list_topics(timeout=60).topics) & set(topics)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the broker never heard of a change of topics"
        time.sleep(0.02)
