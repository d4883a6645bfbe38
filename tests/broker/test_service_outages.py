"""Faults of the surroundings on a real broker: they are waited for and said, and no record is parked for them."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from casefeed.read import intake
from casefeed.read.errors import OtherCluster, TopicChanged
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.store import StoreTaken
from tests.feedkit import PERSONAL, Bench, Sent, fresh_topics, make
from tests.live_intake import Live
from tests.relay_processes import GRACE_SECONDS, casefeed, running, until
from tests.restarts import count, environment
from tests.stack_services import Surroundings

AWAY_SECONDS = 2.0


def transfer(bench: Bench, child: int, *, headers: bool = True) -> Sent:
    """A good record of a child."""
    return bench.event("ChildTransferred", make("ChildTransferred", child, 1), headers=headers)


def test_a_cold_start_without_registry_reads_what_the_headers_name_and_waits_for_the_rest(
    bench: Bench, stack: Surroundings
) -> None:
    """Packaged schemas named by `ce_dataschema` are read; a record that only the registry can explain waits."""
    bench.send(transfer(bench, 1))
    stack.stop_registry()
    try:
        assert bench.read().tally.applied == 1
        bench.send(transfer(bench, 2, headers=False))
        with pytest.raises(RegistryUnavailable):
            bench.read(patience=2)
    finally:
        stack.start_registry()
    done = bench.read()
    assert (done.tally.applied, dict(done.tally.parked)) == (1, {})


def test_a_registry_that_goes_away_later_is_not_missed_and_waited_for_when_needed(
    bench: Bench, stack: Surroundings
) -> None:
    """A number learnt once is kept in the ledger; one never seen waits, and is read once the registry is back."""
    bench.send(transfer(bench, 1, headers=False))
    assert bench.read().tally.applied == 1
    new_to_reader = bench.event("NtaIssued", make("NtaIssued", 1, 1, source="ice-test"), headers=False)

    async def act(live: Live) -> None:
        stack.stop_registry()
        try:
            bench.send(transfer(bench, 2, headers=False))
            await live.until(1)
            bench.send(new_to_reader)
            await live.until_waiting()
        finally:
            stack.start_registry()
        await live.until(2)

    live = Live(bench)
    asyncio.run(live.during(act))
    assert "registry" in live.said[0].lower()
    assert not live.progress.tally.parked


def test_a_broker_down_at_the_start_is_waited_for(bench: Bench, stack: Surroundings) -> None:
    """The intake says what it waits for, and reads when the broker is there."""
    bench.send(transfer(bench, 1))
    stack.stop_kafka()

    async def act(live: Live) -> None:
        try:
            await live.until_waiting()
        finally:
            stack.start_kafka()
        await live.until(1)

    live = Live(bench)
    asyncio.run(live.during(act))
    assert bench.bootstrap in live.said[0]


def test_a_broker_that_stays_away_ends_a_bounded_read_with_what_to_do(
    bench: Bench, stack: Surroundings
) -> None:
    """With patience the read ends, saying where the broker was sought."""
    stack.stop_kafka()
    try:
        with pytest.raises(BrokerUnavailable, match="CASEFEED_KAFKA_BOOTSTRAP"):
            bench.read(patience=1)
    finally:
        stack.start_kafka()


@pytest.mark.finding("OIG-24-46/rec-1", "cause/no-automated-process")
def test_a_broker_away_for_a_while_loses_and_doubles_nothing(bench: Bench, stack: Surroundings) -> None:
    """kill -9 in the middle, waited for until it is back (tests/soak: a minute): every event once, none parked."""
    bench.send(*(transfer(bench, child) for child in range(1, 51)))

    async def act(live: Live) -> None:
        await live.until(50)
        stack.kill_kafka()
        try:
            await live.until_waiting()
            await asyncio.sleep(AWAY_SECONDS)
            assert live.progress.waiting is not None
        finally:
            stack.start_kafka()
        bench.send(*(transfer(bench, child) for child in range(51, 101)))
        await live.until(100)

    live = Live(bench)
    asyncio.run(live.during(act))
    tally = live.progress.tally
    assert (tally.applied, tally.already_held, dict(tally.parked)) == (100, 0, {})


def test_a_wiped_broker_under_a_kept_ledger_is_noticed(bench: Bench) -> None:
    """The topics are made anew: the intake refuses to go on, says what to do, and --from-start changes nothing."""
    records = [transfer(bench, child) for child in range(1, 6)]
    bench.send(*records)
    bench.read()
    fresh_topics(bench.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    with pytest.raises(TopicChanged, match="--from-start"):
        bench.read()
    bench.send(*records, transfer(bench, 9))
    done = bench.read(from_start=True)
    assert (done.tally.applied, done.tally.already_held) == (1, 5)
    assert bench.read().tally.applied == 0


def test_a_topic_made_anew_and_filled_further_is_noticed(bench: Bench) -> None:
    """As many records as before, but others: the record at the last position is not the one applied there."""
    bench.send(*(transfer(bench, child) for child in range(1, 6)))
    bench.read()
    fresh_topics(bench.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    bench.send(*(transfer(bench, child) for child in range(101, 140)))
    with pytest.raises(TopicChanged, match="not the record"):
        bench.read()


def test_a_ledger_from_another_cluster_is_noticed(bench: Bench) -> None:
    """Positions of one cluster mean nothing on another; --from-start reads it into the same ledger."""
    bench.send(transfer(bench, 1))
    bench.read()
    with bench.store() as store, store.transaction() as db:
        db.execute("UPDATE cluster SET cluster_id = 'AnotherClusterAltogether'")
    with pytest.raises(OtherCluster, match="CASEFEED_LEDGER_URL"):
        bench.read()
    done = bench.read(from_start=True)
    assert (done.tally.applied, done.tally.already_held) == (0, 1)


def intake_process(
    bench: Bench, home: Path, *options: str
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`casefeed ice intake` as a process of its own, which does not outlive the block."""
    return running(casefeed("ice", "intake", *options), environment(bench, home))


def test_the_command_reads_on_until_sigterm_and_ends_cleanly(bench: Bench, tmp_path: Path) -> None:
    """It touches its file, SIGTERM ends it within docker's grace with 0, and its output holds no personal value."""
    beat = tmp_path / "beat"
    bench.send(transfer(bench, 1), Sent(ORR_TOPIC, b"Zzyzxsurname", b"\x01Xiomarafirst"))
    with intake_process(bench, tmp_path, "--beat", str(beat)) as process:
        until(lambda: (count(bench, "event"), count(bench, "parked")) == (1, 1))
        until(beat.exists)
        with pytest.raises(StoreTaken):
            bench.store().open()
        process.terminate()
        out, err = (said.decode() for said in process.communicate(timeout=GRACE_SECONDS))
    assert process.returncode == 0, err
    assert "1 event applied" in out
    assert "wrong-magic-byte" in out
    assert not any(value in out + err for value in PERSONAL)


def test_the_command_ends_at_the_ends_it_saw(bench: Bench, tmp_path: Path) -> None:
    """--until-caught-up ends by itself; a second run finds nothing new."""
    bench.send(*(transfer(bench, child) for child in range(1, 31)))
    for expected in ("30 events applied", "0 events applied"):
        with intake_process(bench, tmp_path, "--until-caught-up") as process:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        assert expected in out.decode()


def test_partitions_added_under_a_running_reader_are_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies on a new partition is applied without a restart, and counts as behind until it is."""
    monkeypatch.setattr(intake, "GROWN_EVERY_SECONDS", 0.5)
    bench.send(transfer(bench, 1))

    async def act(live: Live) -> None:
        await live.until(1)
        admin = AdminClient({"bootstrap.servers": bench.bootstrap})
        (grown,) = admin.create_partitions([NewPartitions(ORR_TOPIC, 5)]).values()
        grown.result(60)
        record = transfer(bench, 2)
        await asyncio.sleep(1)
        bench.send(Sent(record.topic, record.key, record.value, record.headers, partition=4))
        await live.until(2)

    live = Live(bench)
    asyncio.run(live.during(act))
    assert (ORR_TOPIC, 4) in live.progress.reached


def test_a_topic_made_anew_under_a_running_reader_ends_it_with_what_to_do(bench: Bench) -> None:
    """Nothing is read on in silence from a topic that is not the one this ledger read."""
    bench.send(*(transfer(bench, child) for child in range(1, 20)))

    async def act(live: Live) -> None:
        await live.until(19)
        fresh_topics(bench.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
        await live.until_ended()

    with pytest.raises(TopicChanged, match="--from-start"):
        asyncio.run(Live(bench).during(act))
