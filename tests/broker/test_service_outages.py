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
from casefeed.read.resume import ClusterMismatch, TopicChanged
from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable
from casefeed.store import StoreLocked
from tests.feedkit import PERSONAL, FeedEnv, KafkaRecord, fresh_topics, make_event
from tests.live_intake import LiveIntake
from tests.relay_processes import GRACE_SECONDS, command_line, running_process, wait_until
from tests.restarts import environment, row_count
from tests.stack_services import StackServices

AWAY_SECONDS = 2.0


def transfer(feed_env: FeedEnv, child: int, *, headers: bool = True) -> KafkaRecord:
    """A good record of a child."""
    return feed_env.kafka_record("ChildTransferred", make_event("ChildTransferred", child, 1), headers=headers)


def test_a_cold_start_without_registry_reads_what_the_headers_name_and_waits_for_the_rest(
    feed_env: FeedEnv, stack: StackServices
) -> None:
    """Packaged schemas named by `ce_dataschema` are read; a record that only the registry can explain waits."""
    feed_env.send(transfer(feed_env, 1))
    stack.stop_registry()
    try:
        assert feed_env.run_intake().counts.applied == 1
        feed_env.send(transfer(feed_env, 2, headers=False))
        with pytest.raises(RegistryUnavailable):
            feed_env.run_intake(wait_seconds=2)
    finally:
        stack.start_registry()
    done = feed_env.run_intake()
    assert (done.counts.applied, dict(done.counts.parked)) == (1, {})


def test_a_registry_that_goes_away_later_is_not_missed_and_waited_for_when_needed(
    feed_env: FeedEnv, stack: StackServices
) -> None:
    """A number learnt once is kept in the ledger; one never seen waits, and is read once the registry is back."""
    feed_env.send(transfer(feed_env, 1, headers=False))
    assert feed_env.run_intake().counts.applied == 1
    new_to_reader = feed_env.kafka_record(
        "NtaIssued", make_event("NtaIssued", 1, 1, source="ice-test"), headers=False
    )

    async def act(live: LiveIntake) -> None:
        stack.stop_registry()
        try:
            feed_env.send(transfer(feed_env, 2, headers=False))
            await live.wait_until_applied(1)
            feed_env.send(new_to_reader)
            await live.wait_until_waiting()
        finally:
            stack.start_registry()
        await live.wait_until_applied(2)

    live = LiveIntake(feed_env)
    asyncio.run(live.run_with(act))
    assert "registry" in live.messages[0].lower()
    assert not live.progress.counts.parked


def test_a_broker_down_at_the_start_is_waited_for(feed_env: FeedEnv, stack: StackServices) -> None:
    """The intake says what it waits for, and reads when the broker is there."""
    feed_env.send(transfer(feed_env, 1))
    stack.stop_kafka()

    async def act(live: LiveIntake) -> None:
        try:
            await live.wait_until_waiting()
        finally:
            stack.start_kafka()
        await live.wait_until_applied(1)

    live = LiveIntake(feed_env)
    asyncio.run(live.run_with(act))
    assert feed_env.bootstrap in live.messages[0]


def test_a_broker_that_stays_away_ends_a_bounded_read_with_what_to_do(
    feed_env: FeedEnv, stack: StackServices
) -> None:
    """With patience the read ends, saying where the broker was sought."""
    stack.stop_kafka()
    try:
        with pytest.raises(BrokerUnavailable, match="CASEFEED_KAFKA_BOOTSTRAP"):
            feed_env.run_intake(wait_seconds=1)
    finally:
        stack.start_kafka()


@pytest.mark.finding("OIG-24-46/rec-1", "cause/no-automated-process")
def test_a_broker_away_for_a_while_loses_and_doubles_nothing(feed_env: FeedEnv, stack: StackServices) -> None:
    """kill -9 in the middle, waited for until it is back (tests/soak: a minute): every event once, none parked."""
    feed_env.send(*(transfer(feed_env, child) for child in range(1, 51)))

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(50)
        stack.kill_kafka()
        try:
            await live.wait_until_waiting()
            await asyncio.sleep(AWAY_SECONDS)
            assert live.progress.unavailable_message is not None
        finally:
            stack.start_kafka()
        feed_env.send(*(transfer(feed_env, child) for child in range(51, 101)))
        await live.wait_until_applied(100)

    live = LiveIntake(feed_env)
    asyncio.run(live.run_with(act))
    tally = live.progress.counts
    assert (tally.applied, tally.duplicates, dict(tally.parked)) == (100, 0, {})


def test_a_wiped_broker_under_a_kept_ledger_is_noticed(feed_env: FeedEnv) -> None:
    """The topics are made anew: the intake refuses to go on, says what to do, and --from-start changes nothing."""
    records = [transfer(feed_env, child) for child in range(1, 6)]
    feed_env.send(*records)
    feed_env.run_intake()
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    with pytest.raises(TopicChanged, match="--from-start"):
        feed_env.run_intake()
    feed_env.send(*records, transfer(feed_env, 9))
    done = feed_env.run_intake(from_start=True)
    assert (done.counts.applied, done.counts.duplicates) == (1, 5)
    assert feed_env.run_intake().counts.applied == 0


def test_a_topic_made_anew_and_filled_further_is_noticed(feed_env: FeedEnv) -> None:
    """As many records as before, but others: the record at the last position is not the one applied there."""
    feed_env.send(*(transfer(feed_env, child) for child in range(1, 6)))
    feed_env.run_intake()
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
    feed_env.send(*(transfer(feed_env, child) for child in range(101, 140)))
    with pytest.raises(TopicChanged, match="not the record"):
        feed_env.run_intake()


def test_a_ledger_from_another_cluster_is_noticed(feed_env: FeedEnv) -> None:
    """Positions of one cluster mean nothing on another; --from-start reads it into the same ledger."""
    feed_env.send(transfer(feed_env, 1))
    feed_env.run_intake()
    with feed_env.store() as store, store.transaction() as db:
        db.execute("UPDATE cluster SET cluster_id = 'AnotherClusterAltogether'")
    with pytest.raises(ClusterMismatch, match="CASEFEED_LEDGER_URL"):
        feed_env.run_intake()
    done = feed_env.run_intake(from_start=True)
    assert (done.counts.applied, done.counts.duplicates) == (0, 1)


def intake_process(feed_env: FeedEnv, home: Path, *options: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`casefeed ice intake` as a process of its own, which does not outlive the block."""
    return running_process(command_line("ice", "intake", *options), environment(feed_env, home))


def test_the_command_reads_on_until_sigterm_and_ends_cleanly(feed_env: FeedEnv, tmp_path: Path) -> None:
    """It touches its file, SIGTERM ends it within docker's grace with 0, and its output holds no personal value."""
    beat = tmp_path / "beat"
    feed_env.send(transfer(feed_env, 1), KafkaRecord(ORR_TOPIC, b"Zzyzxsurname", b"\x01Xiomarafirst"))
    with intake_process(feed_env, tmp_path, "--beat", str(beat)) as process:
        wait_until(lambda: (row_count(feed_env, "event"), row_count(feed_env, "parked")) == (1, 1))
        wait_until(beat.exists)
        with pytest.raises(StoreLocked):
            feed_env.store().open()
        process.terminate()
        out, err = (said.decode() for said in process.communicate(timeout=GRACE_SECONDS))
    assert process.returncode == 0, err
    assert "1 event applied" in out
    assert "wrong-magic-byte" in out
    assert not any(value in out + err for value in PERSONAL)


def test_the_command_ends_at_the_ends_it_saw(feed_env: FeedEnv, tmp_path: Path) -> None:
    """--until-caught-up ends by itself; a second run finds nothing new."""
    feed_env.send(*(transfer(feed_env, child) for child in range(1, 31)))
    for expected in ("30 events applied", "0 events applied"):
        with intake_process(feed_env, tmp_path, "--until-caught-up") as process:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        assert expected in out.decode()


def test_partitions_added_under_a_running_reader_are_read(feed_env: FeedEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies on a new partition is applied without a restart, and counts as behind until it is."""
    monkeypatch.setattr(intake, "METADATA_EVERY_SECONDS", 0.5)
    feed_env.send(transfer(feed_env, 1))

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(1)
        admin = AdminClient({"bootstrap.servers": feed_env.bootstrap})
        (grown,) = admin.create_partitions([NewPartitions(ORR_TOPIC, 5)]).values()
        grown.result(60)
        record = transfer(feed_env, 2)
        await asyncio.sleep(1)
        feed_env.send(KafkaRecord(record.topic, record.key, record.value, record.headers, partition=4))
        await live.wait_until_applied(2)

    live = LiveIntake(feed_env)
    asyncio.run(live.run_with(act))
    assert (ORR_TOPIC, 4) in live.progress.positions


def test_a_topic_made_anew_under_a_running_reader_ends_it_with_what_to_do(feed_env: FeedEnv) -> None:
    """Nothing is read on in silence from a topic that is not the one this ledger read."""
    feed_env.send(*(transfer(feed_env, child) for child in range(1, 20)))

    async def act(live: LiveIntake) -> None:
        await live.wait_until_applied(19)
        fresh_topics(feed_env.bootstrap, (ORR_TOPIC, ICE_TOPIC), 3)
        await live.wait_until_ended()

    with pytest.raises(TopicChanged, match="--from-start"):
        asyncio.run(LiveIntake(feed_env).run_with(act))
