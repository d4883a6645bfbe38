"""Heartbeats: what a reader keeps of them, and when a source that promised one is late, then silent."""

from __future__ import annotations

import pytest

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC, STATEMENT_TOPICS, load_catalogue
from casefeed.contract.outcomes import Parked
from casefeed.kafka.records import Partition, ReceivedRecord
from casefeed.read.classify import Classified, ReadableSchema, classify
from casefeed.read.heartbeats import SourceStatus, Timeliness, source_statuses, worst_timeliness
from casefeed.read.store import PositionUpdate, SqliteStore
from tests.events import classified, raw, received
from tests.feedkit import START_MS, Raw
from tests.unit.read.helpers import count, nothing

KIND = load_catalogue().by_name("SourceHeartbeat")
MINUTE_MS = 60_000
HEARD_AT: Partition = (STATEMENT_TOPICS[ORR_TOPIC], 0)


def beat(number: int, *, minute: int, source: str = "orr-test", **over: object) -> Raw:
    """Heartbeat `number` of a source, so many minutes after the start; `over` replaces its fields."""
    stated_at = START_MS + minute * MINUTE_MS
    header = {
        "statement_id": f"01900000-0000-7000-8000-{number:012}",
        "source": source,
        "agency": "ORR",
        "stated_at": stated_at,
        "agreement_profile": "narrow-1",
        "synthetic": True,
    }
    body: Raw = {"sent": number, "waiting": 0, "waiting_since": None, "next_by": stated_at + MINUTE_MS}
    return {"header": header, **body, **over}


def record(event: Raw, offset: int = 0, **over: object) -> ReceivedRecord:
    """The heartbeat as a broker hands it out, published a second after it was said."""
    parts: dict[str, object] = {
        "topic": HEARD_AT[0],
        "partition": 0,
        "offset": offset,
        "published_at": event["header"]["stated_at"] + 1000,
        "key": framing.kafka_key(KIND, event).encode(),
        "value": framing.frame(1, codec.encode(KIND, event)),
        "headers": framing.cloud_event_headers(KIND, event),
    }
    return ReceivedRecord(**{**parts, **over})  # type: ignore[arg-type]


def looked_at(one: ReceivedRecord) -> tuple[ReceivedRecord, Classified]:
    """The record with what it is."""
    return one, classify(one, ReadableSchema(KIND, KIND.fingerprint))


def listen(store: SqliteStore, *events: Raw) -> None:
    """Take heartbeats in, in this order."""
    at = store.positions()[HEARD_AT].next_offset
    records = [looked_at(record(each, at + place)) for place, each in enumerate(events)]
    store.commit_batch(records, {HEARD_AT: PositionUpdate(at, at + len(events), records[-1][0])}, nothing)


@pytest.fixture
def listening(store: SqliteStore) -> SqliteStore:
    """A store that reads ORR's statements too."""
    store.initialize_positions("cluster-1", {HEARD_AT: 0})
    return store


def test_the_last_heartbeat_of_each_source_is_kept(listening: SqliteStore) -> None:
    """By the sender's clock: what comes late or twice changes nothing, and no statement is an event of the log."""
    listen(listening, beat(1, minute=0), beat(3, minute=2), beat(2, minute=1), beat(3, minute=2))
    listen(listening, beat(9, minute=1, source="orr-other"), beat(1, minute=0))
    found = {each.source: (each.sent, each.stated_at) for each in source_statuses(listening.db)}
    assert found == {"orr-test": (3, START_MS + 2 * MINUTE_MS), "orr-other": (9, START_MS + MINUTE_MS)}
    assert (count(listening, "event"), count(listening, "parked")) == (0, 0)
    assert listening.positions()[HEARD_AT].next_offset == 6


def test_statements_and_events_come_in_one_batch(listening: SqliteStore) -> None:
    """Both are taken in with one commit."""
    event = raw("ChildTransferred", 1, 1)
    batch = [
        classified("ChildTransferred", received("ChildTransferred", event)),
        looked_at(record(beat(1, minute=0))),
    ]
    tally = listening.commit_batch(
        batch, {HEARD_AT: PositionUpdate(0, 1, None), (ORR_TOPIC, 0): PositionUpdate(0, 1, None)}, nothing
    )
    assert (tally.applied, tally.heartbeats) == (1, 1)
    assert (count(listening, "event"), len(source_statuses(listening.db))) == (1, 1)


def test_a_statement_under_another_key_is_parked_of_no_child() -> None:
    """Its key is the source that it speaks of."""
    _, examined = looked_at(record(beat(1, minute=0), key=b"orr-other"))
    assert isinstance(examined, Parked)
    assert (examined.reason.value, examined.child_key) == ("key-mismatch", None)


def test_a_statement_belongs_on_a_topic_of_statements() -> None:
    """On a topic of events it is parked."""
    _, examined = looked_at(record(beat(1, minute=0), topic=ICE_TOPIC))
    assert isinstance(examined, Parked)
    assert examined.reason.value == "wrong-topic"


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "prompt"), (1, "prompt"), (1.01, "late"), (3, "late"), (3.01, "silent"), (600, "silent")],
)
@pytest.mark.parametrize("skew_ms", [-3_600_000, 0, 3_600_000])
def test_a_source_past_its_promise_is_late_then_silent(minutes: float, expected: str, skew_ms: int) -> None:
    """Late after one promise that was not kept, silent after three; the sender's clock does not matter."""
    said = START_MS + skew_ms
    one = SourceStatus(
        "orr-test", "orr.statements", "ORR", said, said + MINUTE_MS, 5, 0, None, START_MS, START_MS, None
    )
    assert one.timeliness(START_MS + int(minutes * MINUTE_MS)) == expected


def test_a_source_that_ended_in_good_order_is_never_late() -> None:
    """It promised nothing more."""
    one = SourceStatus("orr-test", "orr.statements", "ORR", START_MS, None, 5, 0, None, START_MS, START_MS, None)
    assert one.timeliness(START_MS + 10**12) is Timeliness.ENDED


def test_how_a_source_stands_is_told_to_programs() -> None:
    """Its word, its times in RFC 3339, what waits and since when."""
    since = START_MS - MINUTE_MS
    one = SourceStatus(
        "orr-test", "orr.statements", "ORR", START_MS, START_MS + MINUTE_MS, 5, 2, since, START_MS, START_MS, None
    )
    assert one.as_dict(START_MS + 2 * MINUTE_MS) == {
        "source": "orr-test",
        "agency": "ORR",
        "topic": "orr.statements",
        "punctuality": "late",
        "sent": 5,
        "waiting": 2,
        "ended_by": None,
        "stated_at": "2020-09-13T12:26:40.000Z",
        "due_at": "2020-09-13T12:27:40.000Z",
        "waiting_since": "2020-09-13T12:25:40.000Z",
    }


def test_the_worst_source_speaks_for_all() -> None:
    """Silent before late, late before prompt; where nobody promised anything there is nothing to miss."""

    def at(next_by: int | None) -> SourceStatus:
        return SourceStatus("orr-test", "orr.statements", "ORR", 0, next_by, 5, 0, None, 0, 0, None)

    now = 10 * MINUTE_MS
    prompt, late, silent, ended = at(now), at(4 * MINUTE_MS), at(MINUTE_MS), at(None)
    assert worst_timeliness([], now) is Timeliness.PROMPT
    assert worst_timeliness([prompt, ended], now) is Timeliness.ENDED
    assert worst_timeliness([prompt, late, ended], now) is Timeliness.LATE
    assert worst_timeliness([silent, late, prompt], now) is Timeliness.SILENT
