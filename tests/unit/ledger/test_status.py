"""`casefeed ice status` on a ledger that was filled without a broker; none answers, unless a test says so."""

from __future__ import annotations

import asyncio

import pytest

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.contract.reasons import ParkedReason
from casefeed.kafka import reachability
from casefeed.kafka.reachability import Reachability
from casefeed.runtime.errors import RegistryUnavailable
from casefeed.runtime.settings import Settings
from tests.archive_ledger import open_ledger
from tests.events import SECRETS, raw
from tests.feedkit import DAY_MS
from tests.unit.ledger.conftest import RunCommand
from tests.unit.ledger.ledger_fixture import NOW_MS, LedgerFixture
from tests.unit.read.helpers import promise

MINUTE_MS = 60_000


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], int]:
    """A broker that answers, on the ledger's own cluster, with these ends; so does the registry."""
    ends = {(ORR_TOPIC, 0): 2, (ICE_TOPIC, 0): 0}

    async def look(*_: object) -> Reachability:
        return Reachability("cluster-1", ends, ())

    monkeypatch.setattr(reachability, "check_services", look)
    return ends


@pytest.fixture
def held(caseload: LedgerFixture) -> LedgerFixture:
    """Two events, read a day ago."""
    caseload.apply(
        ("ChildTransferred", raw("ChildTransferred", 1, 1)),
        ("ChildLocated", raw("ChildLocated", 1, 2, days=300, late=1)),
    )
    return caseload


def test_all_is_well_where_everything_is_read(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """Exit 0; how old what was applied last is, by each clock, in words for people and numbers for programs."""
    said = ask("status")
    assert (said.code, said.err) == (0, "")
    row = next(line for line in said.out.splitlines() if ORR_TOPIC in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        ORR_TOPIC, "all read", "", "3 months", "3 months", "3 months", "24 hours",
    ]  # fmt: skip
    assert "Parked: none" in said.out
    found = ask("status", "--format", "json").json
    assert found["needs_a_person"] == []
    assert found["away"] == found["parked"] == {}
    orr = found["topics"][ORR_TOPIC]
    assert (orr["lag_records"], orr["lag_seconds"]) == (0, 0)
    assert orr["applied_age_seconds"]["occurred"] == 100 * DAY_MS / 1000
    assert orr["applied_age_seconds"]["recorded"] == 99 * DAY_MS / 1000
    assert orr["applied_age_seconds"]["received"] == DAY_MS / 1000
    assert orr["partitions"]["0"] == {"position": 2, "end": 2, "lag_records": 0, "lag_seconds": 0}


def test_a_ledger_that_is_behind_past_the_deadline_needs_a_person(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """The broker has more than was read, and nobody read for a day: exit 1, with what to look at."""
    answers[ORR_TOPIC, 0] = 7
    said = ask("status")
    assert said.code == 1
    assert f"{ORR_TOPIC} is 5 records behind, some of them for up to 24 hours" in said.err
    assert "casefeed ice intake" in said.err


def test_a_few_records_behind_for_a_moment_is_well(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """An intake that looked a minute ago is not late, whatever came since."""
    with open_ledger(held.path, lambda: NOW_MS - MINUTE_MS) as store:
        store.record_end_offsets({(ORR_TOPIC, 0): 2, (ICE_TOPIC, 0): 0})
    answers[ORR_TOPIC, 0] = 7
    said = ask("status")
    assert said.code == 0
    assert "5 records" in said.out


def test_it_works_with_the_broker_away_and_says_so(held: LedgerFixture, ask: RunCommand) -> None:
    """Exit 1 after a day in which nobody saw the ends, exit 0 as long as the intake looked lately."""
    said = ask("status")
    assert said.code == 1
    assert "Nobody has seen for 24 hours how far the topics reach" in said.err
    assert "was seen 24 hours ago" in said.out
    assert "Away: The Kafka broker at 127.0.0.1:1 does not answer" in said.out
    with open_ledger(held.path, lambda: NOW_MS - MINUTE_MS) as store:
        store.record_end_offsets({(ORR_TOPIC, 0): 2, (ICE_TOPIC, 0): 0})
    said = ask("status", "--format", "json")
    assert (said.code, said.err) == (0, "")
    assert said.json["away"].keys() == {"broker", "registry"}


def test_what_is_parked_needs_a_person(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """By reason, with where to look further; no personal value."""
    for number in (3, 4):
        held.park("ChildLocated", raw("ChildLocated", 1, number), ParkedReason.UNDECODABLE)
    answers[ORR_TOPIC, 0] = 4
    said = ask("status")
    assert said.code == 1
    assert "Parked: 2 undecodable" in said.out
    assert "2 records parked; `casefeed ice parked list` says why" in said.err
    assert ask("status", "--format", "json").json["parked"] == {"undecodable": 2}
    assert [each for each in SECRETS if each in said.out + said.err] == []


def test_a_gap_that_is_open_for_too_long_needs_a_person(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """Noticed a day ago: exit 1, with the command that lists it; how many children are uncertain is counted."""
    held.apply(("ChildLocated", raw("ChildLocated", 1, 5, days=301)))
    answers[ORR_TOPIC, 0] = 3
    said = ask("status")
    assert said.code == 1
    assert "1 gap in what senders numbered is open for longer than gap_asked_after_minutes" in said.err
    assert "Uncertain: 1 child; 0 parked records" in said.out
    assert ask("status", "--format", "json").json["uncertain"] == {"children": 1, "parked": 0, "gaps": 1}


def test_a_source_that_is_silent_needs_a_person(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """Each source with its promise, in words; three missed in a row are exit 1 with whom to ask, one is not."""
    with open_ledger(held.path, lambda: NOW_MS) as store:
        promise(store, "orr-desk-prompt", NOW_MS + MINUTE_MS, stated_at=NOW_MS - MINUTE_MS)
        promise(store, "orr-desk-late", NOW_MS - MINUTE_MS, stated_at=NOW_MS - 2 * MINUTE_MS)
        promise(store, "orr-desk-ended", None, stated_at=NOW_MS - DAY_MS)
    said = ask("status")
    assert (said.code, said.err) == (0, "")
    assert "Source orr-desk-prompt: heard in time (last heard 55 seconds ago, next due in 65 seconds)" in said.out
    assert "Source orr-desk-late: past its promise to be heard" in said.out
    assert (
        "Source orr-desk-ended: ended in good order and promised nothing more (last heard 23 hours ago)" in said.out
    )
    with open_ledger(held.path, lambda: NOW_MS) as store:
        promise(store, "orr-desk-dead", NOW_MS - DAY_MS + MINUTE_MS, stated_at=NOW_MS - DAY_MS)
    said = ask("status", "--format", "json")
    assert said.code == 1
    assert "orr-desk-dead is silent" in said.err
    assert "ask ORR whether its relay runs" in said.err
    assert {each["source"]: each["punctuality"] for each in said.json["sources"]} == {
        "orr-desk-dead": "silent", "orr-desk-ended": "ended", "orr-desk-late": "late", "orr-desk-prompt": "prompt",
    }  # fmt: skip


def test_a_source_that_ended_with_events_waiting_needs_a_person(
    held: LedgerFixture, ask: RunCommand, answers: dict[tuple[str, int], int]
) -> None:
    """It promised nothing more, and what it recorded last has not come: whom to ask."""
    with open_ledger(held.path, lambda: NOW_MS) as store:
        promise(store, "orr-desk-ended", None, stated_at=NOW_MS - DAY_MS, waiting=2)
    said = ask("status")
    assert said.code == 1
    assert "orr-desk-ended ended while 2 events of it waited to be sent: ask ORR to start its relay" in said.err


def test_another_cluster_needs_a_person(
    held: LedgerFixture, ask: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ends mean nothing for this ledger."""

    async def look(*_: object) -> Reachability:
        return Reachability("cluster-2", {(ORR_TOPIC, 0): 99, (ICE_TOPIC, 0): 0}, ())

    monkeypatch.setattr(reachability, "check_services", look)
    said = ask("status")
    assert said.code == 1
    assert "Another Kafka cluster answers" in said.err
    assert "all read" in said.out


def test_without_a_ledger_there_is_no_answer(caseload: LedgerFixture, ask: RunCommand) -> None:
    """Exit 3, with what makes one; a ledger that read nothing yet says that it needs an intake."""
    said = ask("status")
    assert (said.code, said.out) == (3, "")
    assert "casefeed ice intake" in said.err
    with open_ledger(caseload.path, lambda: NOW_MS):
        pass
    said = ask("status")
    assert said.code == 1
    assert "Nothing has been read yet" in said.err


def test_who_does_not_answer_is_known_within_seconds(
    caseload: LedgerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broker and registry are asked at once; one that takes the call and says nothing is away after the deadline."""
    monkeypatch.setattr(reachability, "TIMEOUT_S", 0.5)

    async def ask_the_deaf() -> Reachability:
        connected = []
        async with await asyncio.start_server(lambda _, writer: connected.append(writer), "127.0.0.1", 0) as deaf:
            port = deaf.sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}"
            settings = Settings(home=caseload.path, kafka_bootstrap=f"127.0.0.1:{port}", registry_url=url)
            try:
                async with asyncio.timeout(10):
                    return await reachability.check_services(settings, (ORR_TOPIC,))
            finally:
                for each in connected:
                    each.close()

    found = asyncio.run(ask_the_deaf())
    assert [each.service for each in found.unavailable] == ["broker", "registry"]
    assert isinstance(found.unavailable[1], RegistryUnavailable)
    assert (found.cluster_id, found.end_offsets) == (None, {})


@pytest.mark.parametrize("given", ["9464", "127.0.0.1:nine"])
def test_an_address_to_listen_at_that_is_none_is_wrong_use(
    given: str, caseload: LedgerFixture, ask: RunCommand
) -> None:
    """Exit code 2, before anything is opened."""
    said = ask("intake", "--listen", given)
    assert said.code == 2
    assert "HOST:PORT" in said.err
    assert not caseload.path.exists()
