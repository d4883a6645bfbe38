"""A stack that a program owns: ready when it says so, whole after a kill, its data and ports kept."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from casefeed.runtime.errors import Unavailable
from casefeed_stack import Stack
from casefeed_stack.kafka import metadata
from casefeed_stack.registry import COMPATIBILITY, compatibility


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A node of this module's own, without a registry; a test that stops it starts it again."""
    folder = tmp_path_factory.mktemp("node")
    with Stack(folder / "data", log_dir=folder / "logs", registry=False) as stack:
        yield stack


def register(url: str, name: str) -> int:
    """Register a record schema of no fields under its own name; its id."""
    body = json.dumps({"schema": json.dumps({"type": "record", "name": name, "fields": []})}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/subjects/{name}/versions", body, headers)
    with urllib.request.urlopen(request) as answer:
        return int(json.load(answer)["id"])


def write(bootstrap: str, topic: str, value: bytes) -> None:
    """Make the topic when it is missing, and write one record."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    if topic not in admin.list_topics(timeout=60).topics:
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(60)
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    producer.produce(topic, value)
    assert producer.flush(60) == 0


def read(bootstrap: str, topic: str) -> list[bytes]:
    """All values of a topic's one partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "enable.auto.commit": False})
    try:
        partition = TopicPartition(topic, 0, 0)
        _, end = consumer.get_watermark_offsets(partition, 60)
        consumer.assign([partition])
        values = [record.value() for record in consumer.consume(end, timeout=60)]
    finally:
        consumer.close()
    assert len(values) == end
    return [value for value in values if value is not None]


def test_ready_means_both_answer(stack: Stack) -> None:
    """After start the node says its address and controller, the registry its level, with no wait."""
    host, port = stack.bootstrap.split(":")
    told = metadata(host, int(port))
    assert told.brokers == (stack.bootstrap,)
    assert told.controller == 1
    assert len(told.cluster_id) == 22
    assert compatibility(stack.registry_url) == COMPATIBILITY


def test_killed_registry_keeps_what_it_acknowledged(stack: Stack) -> None:
    """Schemas registered right before a SIGKILL are there after the restart, under their ids."""
    ids = {name: register(stack.registry_url, name) for name in ("One", "Two", "Three", "Four", "Five")}
    stack.registry.signal(signal.SIGKILL)
    with pytest.raises(OSError, match="refused"):
        compatibility(stack.registry_url)
    stack.start_registry()
    assert {name: register(stack.registry_url, name) for name in ids} == ids


def test_records_are_stamped_by_the_broker(node: Stack) -> None:
    """A topic without settings of its own gets LogAppendTime: a replayed old fact must not look expired."""
    write(node.bootstrap, "stamped", b"x")
    consumer = Consumer({"bootstrap.servers": node.bootstrap, "group.id": "test"})
    consumer.assign([TopicPartition("stamped", 0, 0)])
    (record,) = consumer.consume(1, timeout=60)
    consumer.close()
    kind, _ = record.timestamp()
    assert kind == 2  # librdkafka's TIMESTAMP_LOG_APPEND_TIME


def test_killed_node_comes_back(node: Stack) -> None:
    """After SIGKILL the node is gone; started again it has its address, its cluster and its records."""
    write(node.bootstrap, "kept", b"before")
    host, port = node.bootstrap.split(":")
    before = metadata(host, int(port))
    pid = node.kafka.pid
    node.kill_kafka(signal.SIGKILL)
    with pytest.raises(OSError, match="refused"):
        metadata(host, int(port))
    node.start_kafka()
    assert node.kafka.pid != pid
    assert metadata(host, int(port)) == before
    assert read(node.bootstrap, "kept") == [b"before"]


def test_frozen_node_stops_within_its_grace(node: Stack) -> None:
    """A node under SIGSTOP answers nobody, and is still stopped and started in order."""
    host, port = node.bootstrap.split(":")
    node.kill_kafka(signal.SIGSTOP)
    # The signal reaches the threads of a node one after another.
    with pytest.raises(OSError, match="timed out"):
        any(metadata(host, int(port), timeout_s=0.3) is None for _ in range(20))
    began = time.monotonic()
    node.stop_kafka()
    assert time.monotonic() - began < 40
    node.start_kafka()
    assert metadata(host, int(port)).controller == 1


def test_one_stack_over_one_folder(node: Stack) -> None:
    """A second stack over the same data is refused, and the first goes on."""
    with pytest.raises(Unavailable, match="Another stack runs over"):
        Stack(node.data_dir, registry=False).start()
    assert node.kafka.alive


def test_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    """A data folder that Kafka will not take: the sentence carries Kafka's own last words, and all is let go."""
    stack = Stack(tmp_path / "data", registry=False)
    records = tmp_path / "data" / "kafka" / "records"
    records.mkdir(parents=True)
    (records / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=cAAAAAAAAAAAAAAAAAAAAA\n")
    with pytest.raises(Unavailable) as raised:
        stack.start()
    assert "Start of Kafka failed (exit code 1)" in raised.value.sentence
    assert "kafka.log" in raised.value.sentence
    assert "Stored node id 7 doesn't match" in raised.value.sentence
    with pytest.raises(RuntimeError, match="not started"):
        _ = stack.bootstrap


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing starts on a full disk, and the sentence says how much room is wanted."""
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=3_000_000))
    with pytest.raises(Unavailable, match=r"is full: 3 MB are free .* 200 MB.*CASEFEED_HOME"):
        Stack(tmp_path / "data", registry=False).start()


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A data folder that cannot be made is a sentence that names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"Cannot write in .*file/data .*CASEFEED_HOME"):
        Stack(tmp_path / "file" / "data", registry=False).start()
