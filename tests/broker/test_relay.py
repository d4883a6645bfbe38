"""What desks recorded, on its way to a real Kafka: whole, in order, whatever goes away or is stopped meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import AdminClient

from casefeed.contract.catalogue import ORR_TOPIC, EventType, load_catalogue
from casefeed.contract.framing import unframe
from casefeed.ledger.database import open_read_only
from casefeed.runtime.settings import Settings
from ice_caseload.agency import ICE
from tests.archives import stories, write
from tests.desk_helpers import desk_input, event_inputs, orr_desk, record
from tests.feedkit import FeedEnv, child_key, event_id, fresh_topics, make_event
from tests.relay_processes import (
    GRACE_SECONDS,
    SMALL_BATCHES,
    assert_in_order_and_complete,
    check_outages,
    command_line,
    json_lines,
    pending_count,
    record_answers,
    run_record,
    run_relay,
    running_process,
    wait_until,
)
from tests.restarts import environment
from tests.stack_services import StackServices
from tests.topic_records import event_ids, first_arrivals, topic_records

PLACES = 'SELECT e.event_id, o.partition, o."offset" FROM outbox o JOIN outbox_event e USING (number)'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of desks."""
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def env(feed_env: FeedEnv, home: Path) -> dict[str, str]:
    """The settings of an installation in `home` on the running stack, with empty topics."""
    return environment(feed_env, home)


def status(env: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        command_line("orr", "status", "--format", "json"), env=env, capture_output=True, check=True, timeout=60
    )
    return dict(json.loads(done.stdout))


@pytest.mark.finding("OIG-24-46/rec-1", "cause/manual-workarounds")
def test_what_a_desk_recorded_arrives_whole(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """Each event once, with its bytes, complete headers and key, a child's in the order recorded; then marked."""
    with orr_desk(home) as desk:
        answers = record_answers(desk, event_inputs(200, 4))
        before = status(env)
        assert (before["recorded"], before["waiting"], before["last_sent_at"]) == (800, 800, None)
        assert run_relay("orr", env).startswith("orr.case-events: 800 events in ")
        rows = topic_records(feed_env.bootstrap)
        assert len(rows) == 800
        assert_in_order_and_complete(rows, answers)
        places = {tuple(row) for row in desk.db.execute(PLACES)}
    assert places == {
        (bytes.fromhex(each.replace("-", "")), row.partition, row.offset)
        for each, row in zip(event_ids(rows), rows, strict=True)
    }
    after = status(env)
    assert (after["recorded"], after["waiting"], after["claimed"]) == (800, 0, 0)
    assert after["last_sent_at"] >= before["waiting_since"]
    assert run_relay("orr", env).startswith("orr.case-events: 0 events")
    tally = feed_env.run_intake().counts
    assert (tally.applied, tally.duplicates, sum(tally.parked.values())) == (800, 0, 0)


def refused(env: dict[str, str]) -> str:
    """What a relay says that ends with 1."""
    done = subprocess.run(
        command_line("orr", "relay", "--until-empty"),
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return done.stderr


def test_a_topic_made_anew_is_noticed_and_gets_all_again(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """In the same cluster, empty or with others' events: nothing more is sent there until everything is."""
    with orr_desk(home) as desk:
        answers = record_answers(desk, event_inputs(10, 2))
        run_relay("orr", env)
        places = {tuple(row) for row in desk.db.execute(PLACES)}
        fresh_topics(feed_env.bootstrap, (ORR_TOPIC,), feed_env.partitions)
        assert "was wiped or made anew" in refused(env)
        feed_env.send(
            *(feed_env.kafka_record("ChildLocated", make_event("ChildLocated", each, 1)) for each in range(1, 60))
        )
        assert "start again with --from-start" in refused(env)
        assert {tuple(row) for row in desk.db.execute(PLACES)} == places
    fresh_topics(feed_env.bootstrap, (ORR_TOPIC,), feed_env.partitions)
    run_relay("orr", env, "--from-start")
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)


def test_what_a_topic_let_go_by_its_age_was_there(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """A partition that begins after the last event it acknowledged was not made anew: the relay goes on."""
    with orr_desk(home) as desk:
        record_answers(desk, event_inputs(10, 2))
        run_relay("orr", env)
        admin = AdminClient({"bootstrap.servers": feed_env.bootstrap})
        everything = [TopicPartition(ORR_TOPIC, number, OFFSET_END) for number in range(feed_env.partitions)]
        for pending in admin.delete_records(everything).values():
            pending.result(60)
        later = record_answers(desk, event_inputs(10, 1))
        run_relay("orr", env)
    assert sorted(event_ids(topic_records(feed_env.bootstrap))) == sorted(each["event_id"] for each in later)


def test_a_topic_made_anew_under_a_relay_ends_it(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """The next event is not taken for sent, and the relay ends with what to do, however its client fares."""
    with running_process(command_line("orr", "relay"), env) as relay, orr_desk(home) as desk:
        record_answers(desk, event_inputs(10, 2))
        wait_until(lambda: pending_count(desk) == 0)
        fresh_topics(feed_env.bootstrap, (ORR_TOPIC,), feed_env.partitions)
        record_answers(desk, event_inputs(10, 1))
        _, errors = relay.communicate(timeout=60)
        assert relay.returncode == 1, errors
        assert b"was wiped or made anew" in errors
        assert pending_count(desk) > 0


def test_two_relays_on_one_desk_keep_the_order_of_each_child(
    feed_env: FeedEnv, home: Path, env: dict[str, str]
) -> None:
    """Both send what is recorded meanwhile; nothing is missing and every child's events come in their order."""
    beats = [home / "one", home / "two"]
    one, two = (command_line("orr", "relay", "--beat", str(beat), script=SMALL_BATCHES) for beat in beats)
    with running_process(one, env) as first, running_process(two, env) as second, orr_desk(home) as desk:
        wait_until(lambda: all(beat.exists() for beat in beats))
        answers = [answer for _ in range(8) for answer in record_answers(desk, event_inputs(100, 1))]
        wait_until(lambda: pending_count(desk) == 0)
        for each in (first, second):
            each.send_signal(signal.SIGTERM)
        said = [each.communicate(timeout=30)[0].decode() for each in (first, second)]
        assert [each.returncode for each in (first, second)] == [0, 0]
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)
    sent = [int(each.split()[1].replace(",", "")) for each in said]
    assert sum(sent) == len(answers) == 800
    assert min(sent) > 0, "both had a part"


def test_a_relay_that_was_stopped_past_its_lease_does_no_harm(
    feed_env: FeedEnv, home: Path, env: dict[str, str]
) -> None:
    """Another takes its events over meanwhile; when it wakes it sends what it held again, and marks none of it."""
    stops = (
        SMALL_BATCHES
        + """
import os, signal
from casefeed.publish.sender import TopicSender
submit = TopicSender.submit
async def stopped(self, batch_set, packed=None):
    if self.topic.name == "orr.case-events":
        os.kill(os.getpid(), signal.SIGSTOP)
    await submit(self, batch_set, packed)
TopicSender.submit = stopped
"""
    )
    with orr_desk(home) as desk:
        answers = record_answers(desk, event_inputs(10, 4))
        with running_process(command_line("orr", "relay", "--until-empty", script=stops), env) as late:
            wait_until(lambda: desk.db.execute("SELECT 1 FROM outbox WHERE claimed_by IS NOT NULL").fetchone())
            answers += record_answers(desk, event_inputs(10, 1))
            run_relay("orr", env)
            assert len(topic_records(feed_env.bootstrap)) == 50
            late.send_signal(signal.SIGCONT)
            _, errors = late.communicate(timeout=30)
            assert late.returncode == 0, errors
    rows = topic_records(feed_env.bootstrap)
    assert len(rows) == 90
    assert_in_order_and_complete(rows, answers)
    tally = feed_env.run_intake().counts
    assert (tally.applied, tally.duplicates) == (50, 40)


def test_a_relay_ends_in_order_and_beats(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """It sends within seconds what is recorded, touches its file, and SIGTERM ends it within docker's grace."""
    beat = home / "beat"
    with running_process(command_line("orr", "relay", "--beat", str(beat)), env) as relay, orr_desk(home) as desk:
        wait_until(beat.exists)
        answers = record_answers(desk, event_inputs(1, 1))
        wait_until(lambda: pending_count(desk) == 0, seconds=10)
        beat.unlink()
        wait_until(beat.exists)
        relay.send_signal(signal.SIGTERM)
        out, _ = relay.communicate(timeout=GRACE_SECONDS)
        assert (relay.returncode, out.decode().split(" in ")[0]) == (0, "orr.case-events: 1 event")
    assert_in_order_and_complete(topic_records(feed_env.bootstrap), answers)


def test_registry_then_broker_away_in_the_middle_lose_nothing(
    feed_env: FeedEnv, stack: StackServices, home: Path, env: dict[str, str]
) -> None:
    """The desk records on; the relay says since when it waits, goes on by itself, and every event is there."""
    check_outages(feed_env, stack, home, env, seconds=4)


def test_a_registry_that_is_away_at_the_start_is_waited_for(home: Path, env: dict[str, str]) -> None:
    """Until it is given up: exit 3, with what is away and since when; nothing was sent."""
    with orr_desk(home) as desk:
        record(desk, *event_inputs(1, 1))
    elsewhere = env | {"CASEFEED_REGISTRY_URL": "http://127.0.0.1:1/apis/ccompat/v7"}
    done = subprocess.run(
        command_line("orr", "relay", "--until-empty", "--wait", "1"),
        env=elsewhere,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "The schema registry at http://127.0.0.1:1/apis/ccompat/v7 does not answer" in done.stderr
    assert "waited 1 s" in done.stderr
    assert status(env)["waiting"] == 1


def test_a_desk_wiped_and_made_anew_is_another_source(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """Its numbers begin at 1 under a new id, and the reader applies them without gap or clash."""
    answers = []
    for _ in range(2):
        with orr_desk(home) as desk:
            answers += record_answers(desk, event_inputs(3, 2))
        run_relay("orr", env)
        for each in home.glob("desk.db*"):
            each.unlink()
    assert len({each["source"] for each in answers}) == 2
    assert sorted(each["sequence"] for each in answers) == [1] * 6 + [2] * 6
    assert feed_env.run_intake().counts.applied == 12
    db = open_read_only(feed_env.path, ICE)
    assert db.execute("SELECT count(*) FROM parked").fetchone()[0] == 0
    assert db.execute("SELECT max(sequence), count(DISTINCT source) FROM event").fetchone()[:] == (2, 2)
    db.close()


def test_a_replay_is_gone_on_with(settings: Settings, feed_env: FeedEnv, tmp_path: Path) -> None:
    """Archive, then facts recorded at the desk that took it in: one unbroken account of each child at the reader."""
    env = dict(os.environ)
    path = write(tmp_path / "a.avro", stories(5))
    replay = command_line("orr", "replay", str(path))
    done = subprocess.run(replay, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert "goes on under orr-test" in done.stderr
    answers = run_record("orr", env, [desk_input("RunawayFromCustody", child) for child in range(6)])
    assert [each["sequence"] for each in answers] == [5] * 5 + [1]
    run_relay("orr", env)
    again = subprocess.run(replay, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert again.stdout.startswith("orr.case-events: all was sent before (20 events)")
    tally = feed_env.run_intake().counts
    assert (tally.applied, tally.duplicates, sum(tally.parked.values())) == (26, 0, 0)
    told = first_arrivals(topic_records(settings.kafka_bootstrap))
    assert [len(told[child_key(child).encode()]) for child in range(6)] == [5] * 5 + [1]


def test_one_archive_in_two_desks_shows_at_the_reader(feed_env: FeedEnv, tmp_path: Path) -> None:
    """Two desks that both go on with one archive give a number twice: the reader parks it; a mere copy does not."""
    path = write(tmp_path / "a.avro", stories(2))
    for number, options in enumerate([(), (), ("--no-take-in",)]):
        home = tmp_path / f"home{number}"
        home.mkdir()
        env = environment(feed_env, home)
        subprocess.run(
            command_line("orr", "replay", str(path), *options), env=env, check=True, capture_output=True, timeout=60
        )
        run_record("orr", env, [desk_input("RunawayFromCustody", 1)])
        run_relay("orr", env)
    tally = feed_env.run_intake().counts
    assert dict(tally.parked) == {"sequence-taken": 1}
    assert (tally.applied, tally.duplicates) == (10, 16)


def test_ice_records_while_its_intake_runs(feed_env: FeedEnv, home: Path, env: dict[str, str]) -> None:
    """Both write one file: what ICE records goes out, and comes back through the topic into the same file."""
    with running_process(command_line("ice", "intake"), env):
        wait_until(feed_env.path.exists)
        events = [desk_input("NtaIssued", child) for child in range(300)]
        answers = run_record("ice", env, events)
        event = desk_input("NtaServed", 1, header={"agency": "EOIR_ADAPTER", "event_id": event_id()})
        answers += run_record("ice", env, [event])
        run_relay("ice", env)
        db = open_read_only(feed_env.path, ICE)
        wait_until(lambda: db.execute("SELECT count(*) FROM event").fetchone()[0] == 301)
        assert db.execute("SELECT count(*) FROM parked").fetchone()[0] == 0
        db.close()
    assert {each["source"].rpartition("-")[0] for each in answers} == {"ice-ero-desk", "eoir-adapter-desk"}
    done = subprocess.run(
        command_line("ice", "outbox", "--format", "json"), env=env, capture_output=True, check=True, timeout=60
    )
    found = json.loads(done.stdout)
    assert (found["recorded"], found["waiting"]) == (301, 0)


def test_what_waited_while_a_release_changed_its_schema_is_sent_as_it_was(
    feed_env: FeedEnv, home: Path, env: dict[str, str]
) -> None:
    """The datum goes out under the schema it was recorded in, which the registry comes to know."""
    schema = json.loads(load_catalogue().by_name("ChildLocated").canonical_json)
    schema["doc"] += " As it was said before."
    earlier = EventType.from_schema(schema)
    with orr_desk(home) as desk:
        record(desk, desk_input("ChildLocated", 1))
        (datum,) = desk.db.execute("SELECT datum FROM outbox_event").fetchone()
        desk.db.execute(
            "UPDATE outbox_schema SET fingerprint = ?, text = ?", (earlier.fingerprint, earlier.canonical_json)
        )
    run_relay("orr", env)
    (row,) = topic_records(feed_env.bootstrap)
    assert dict(row.headers)["ce_dataschema"].decode() == earlier.dataschema
    assert unframe(row.value or b"")[1] == datum


def test_lines_go_on_whatever_the_broker_does(stack: StackServices, home: Path, env: dict[str, str]) -> None:
    """Recording asks no broker and no registry: with both stopped every line is answered."""
    nowhere = env | {"CASEFEED_KAFKA_BOOTSTRAP": "127.0.0.1:1", "CASEFEED_REGISTRY_URL": "http://127.0.0.1:1"}
    with running_process(command_line("orr", "record", "--lines"), nowhere, stdin=subprocess.PIPE) as desk:
        assert desk.stdin is not None
        assert desk.stdout is not None
        for number in range(1, 4):
            desk.stdin.write(json_lines([desk_input("ChildLocated", 1)]))
            desk.stdin.flush()
            assert json.loads(desk.stdout.readline())["sequence"] == number
        desk.stdin.write(b"{}\n")
        desk.stdin.close()
        assert "error" in json.loads(desk.stdout.readline())
        assert desk.wait(timeout=30) == 1
