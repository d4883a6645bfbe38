"""Three nodes, as a user has them: any of them may be lost, and comes back with what it had or with nothing."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from casefeed.contract.catalogue import ORR_TOPIC, load_catalogue
from casefeed.runtime.errors import Unavailable, UsageError
from casefeed_stack import health
from casefeed_stack.cluster import ClusterLayout, has_majority, load_layout
from casefeed_stack.home import NodeInfo, StackHome, StackInfo
from tests.relay_processes import wait_until
from tests.stack.test_command import CASEFEED, User
from tests.stack.test_process import is_gone


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Somebody whose stack has three nodes, down in the end; a test that kills one starts it again."""
    somebody = User(tmp_path_factory.mktemp("three"))
    try:
        done = somebody.types("up", "--nodes", "3")
        assert done.returncode == 0, done.stderr
        yield somebody
    finally:
        somebody.types("down")


def topics(user: User, *words: str) -> str:
    """What `casefeed topics ...` prints, run with the home and nothing else set; it must end well."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CASEFEED_KAFKA")}
    done = subprocess.run(
        [CASEFEED, "topics", *words], env=env | {"CASEFEED_HOME": str(user.home)},
        cwd=user.home, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def replicas(user: User) -> list[tuple[int, int]]:
    """Of each partition of ORR's topic: how many brokers are to have it, and how many are in sync."""
    admin = AdminClient({"bootstrap.servers": user.status()["bootstrap"]})
    found = admin.list_topics(ORR_TOPIC, timeout=60).topics[ORR_TOPIC].partitions.values()
    return [(len(each.replicas), len(each.isrs)) for each in found]


def write(bootstrap: str, value: bytes) -> None:
    """Write a record to partition 0 of ORR's topic, acknowledged by all that are in sync."""
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    failed: list[Any] = []
    producer.produce(
        ORR_TOPIC, value, partition=0, on_delivery=lambda error, _: failed.append(error) if error else None
    )
    assert (producer.flush(60), failed) == (0, [])


def test_topics_are_on_three_nodes_with_no_setting(user: User) -> None:
    """`topics create` on a stack of three nodes asks for three replicas, of which two must hold a record."""
    assert topics(user, "create").splitlines() == [f"{topic}: made" for topic in load_catalogue().topics]
    assert set(replicas(user)) == {(3, 3)}
    assert "6 partitions, 3 replicas" in topics(user, "check")


def test_a_killed_node_is_not_needed_and_comes_back_with_nothing_missing(user: User) -> None:
    """`status` names it and exits 1, writing goes on; its disk wiped and started again it holds what all hold."""
    before = user.status()
    running = StackHome(user.home).running()
    assert running is not None
    assert running.kafka_pid == before["nodes"][0]["pid"], "what it was for one node"
    write(before["bootstrap"], b"before")
    assert user.types("kill", "1").returncode == 0
    assert is_gone(before["nodes"][0]["pid"])
    status = user.types("status")
    assert status.returncode == 1
    assert "node 1 is down" in status.stderr
    write(before["bootstrap"], b"while one is down")
    shutil.rmtree(user.home / "stack" / "data" / "kafka-1")
    done = user.types("start", "1")
    assert (done.returncode, done.stderr) == (0, "")
    after = user.status()
    assert (after["bootstrap"], after["cluster_id"]) == (before["bootstrap"], before["cluster_id"])
    assert after["nodes"][1:] == before["nodes"][1:]
    assert [each["state"] for each in after["nodes"]] == ["up", "up", "up"]
    wait_until(lambda: set(replicas(user)) == {(3, 3)})


def test_a_node_that_runs_and_does_not_answer_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """One takes connections and says nothing, one has ended: neither is up, and the stack is not well."""
    monkeypatch.setattr(health, "REQUEST_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        nodes = [
            NodeInfo(number=1, address=address, pid=1, ended=None),
            NodeInfo(number=2, address=address, pid=None, ended="killed by SIGKILL"),
        ]
        found = health.check_health(StackInfo("", "http://127.0.0.1:1", 1, 1, 1, "", "", "", "", nodes))
    assert [each["state"] for each in found.nodes] == ["silent", "down"]
    assert (found.cluster_id, found.is_healthy) == (None, False)


def test_what_cannot_be_meant_is_wrong_use(user: User) -> None:
    """A node that does not exist, another number of nodes over the same data: exit 2."""
    unknown = user.types("kill", "4")
    assert (unknown.returncode, unknown.stderr) == (2, "There is no node 4: this stack has the nodes 1, 2, 3.\n")
    other = user.types("up", "--nodes", "1")
    assert other.returncode == 2
    assert "is of a stack of 3 nodes, not of 1: leave --nodes out" in other.stderr


def test_nodes_of_no_stack(tmp_path: Path) -> None:
    """`kill` and `start` where nothing is up: exit 3, with what to do."""
    for word in ("kill", "start"):
        done = User(tmp_path).types(word, "1")
        assert done.returncode == 3
        assert "casefeed stack up --nodes 3 starts one" in done.stderr


def test_the_folder_says_how_many_nodes(tmp_path: Path) -> None:
    """One that is new is what was asked for and stays it; one of a single node has no list of nodes."""
    assert load_layout(tmp_path, None).nodes == 1
    load_layout(tmp_path, 3).save(tmp_path)
    found = load_layout(tmp_path, None)
    assert (found.nodes, found) == (3, load_layout(tmp_path, 3))
    with pytest.raises(UsageError, match="of a stack of 3 nodes, not of 1"):
        load_layout(tmp_path, 1)
    single = tmp_path / "single"
    (single / "kafka").mkdir(parents=True)
    load_layout(single, None).save(single)
    assert [each.name for each in single.iterdir()] == ["kafka"]
    with pytest.raises(UsageError, match="of a stack of 1 node, not of 3"):
        load_layout(single, 3)


@pytest.mark.parametrize("left", ["", '{"nodes": 3', json.dumps([3])])
def test_a_folder_that_does_not_tell_is_not_guessed_at(tmp_path: Path, left: str) -> None:
    """A list of nodes that was cut short or is something else: the sentence says what to do."""
    (tmp_path / "cluster.json").write_text(left)
    with pytest.raises(Unavailable, match="bring it back from a copy, or remove"):
        load_layout(tmp_path, None)


def test_two_of_three_agree() -> None:
    """One of three cannot decide anything, one of one can."""
    assert [has_majority(alive, 3) for alive in (0, 1, 2, 3)] == [False, False, True, True]
    assert has_majority(1, 1)
    assert ClusterLayout(3, "c").node_name(2) == "kafka-2"
