"""docker-compose.yml without an engine: it is a compose file, and keeps the promises that need no engine to check."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from casefeed.store import sqlite_path
from casefeed_stack import pins
from synthetic_world.desk_process import EXIT_TIMEOUT_S
from tests.house.checkout import ROOT

SCHEMA = json.loads((ROOT / "tests/fixtures/compose-spec/compose-spec.json").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# What other services wait for to end: it has an exit code instead of a health.
ONE_SHOT = {
    name
    for service in SERVICES.values()
    for name, wait in service.get("depends_on", {}).items()
    if wait["condition"] == "service_completed_successfully"
}
ON_REQUEST = {name for name, service in SERVICES.items() if "profiles" in service}
LIVE = {name for name in ON_REQUEST if SERVICES[name]["profiles"] == ["live"]}
# The world ends with its last day, and nobody waits for that.
RUNNING = SERVICES.keys() - ONE_SHOT - (ON_REQUEST - LIVE) - {"world-live"}
each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def faults(compose: dict[str, Any]) -> list[str]:
    """What the compose specification's schema finds wrong."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(compose)]


def test_it_is_a_compose_file() -> None:
    """The file is valid under the compose specification's own schema."""
    assert faults(COMPOSE) == []


def test_the_specification_would_notice_a_misspelt_key() -> None:
    """A service with a key that compose does not know is found."""
    misspelt = deepcopy(COMPOSE)
    misspelt["services"]["kafka"]["helthcheck"] = {}
    (fault,) = faults(misspelt)
    assert "'helthcheck' was unexpected" in fault


def test_each_role_of_the_feed_has_a_service() -> None:
    """Broker, registry, topics and schemas, both producers, the ICE service and the reader come with `up`; the relays
    and the world that goes on with the profile `live`."""
    assert SERVICES.keys() - ON_REQUEST == {
        "kafka", "registry", "treaty", "orr-desk", "ice-facts", "ice-intake", "example-reader",
    }  # fmt: skip
    assert sorted(ON_REQUEST - LIVE) == ["scorecard"]
    assert sorted(LIVE) == ["ice-relay", "orr-relay", "world-live"]
    assert sorted(ONE_SHOT) == ["ice-facts", "orr-desk", "treaty"]


@each_service
def test_nothing_is_reached_from_another_machine(name: str) -> None:
    """Every published port is bound to the loopback address."""
    ports = SERVICES[name].get("ports", [])
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@each_service
def test_no_service_may_more_than_it_needs(name: str) -> None:
    """Each runs under an init that passes signals on, without capabilities, and can gain none."""
    service = SERVICES[name]
    assert service["init"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"kafka", "registry"}))
def test_our_services_share_one_image_and_write_to_volumes_alone(name: str) -> None:
    """Every role of ours is the same image, made here and nowhere else, its root file system read-only."""
    assert SERVICES[name]["image"] == "casefeed:local"
    assert SERVICES[name]["pull_policy"] == "never"
    assert SERVICES[name].get("build") == ("." if name == "treaty" else None)
    assert SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_what_runs_shows_its_health_and_comes_back(name: str) -> None:
    """A service that runs until it is stopped has a health check, a restart rule and time to end."""
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]


def test_an_agencys_data_is_its_own() -> None:
    """ORR's volume is mounted by what is ORR's, ICE's by what is ICE's; both by the simulation of people alone."""
    holders = {
        volume: {
            name
            for name, service in SERVICES.items()
            if volume in {mount.partition(":")[0] for mount in service.get("volumes", ())}
        }
        for volume in ("orr-data", "ice-data")
    }
    assert holders == {
        "orr-data": {"orr-desk", "orr-relay", "world-live"},
        "ice-data": {"ice-facts", "ice-intake", "ice-relay", "scorecard", "world-live"},
    }


def test_the_live_world_reaches_the_desks_and_nothing_else() -> None:
    """It has no network and no setting but where the desks lie, each in its own agency's volume; a fault starts it
    again, the end of the world does not."""
    world = SERVICES["world-live"]
    assert world["network_mode"] == "none"
    mounts = {mount.split(":")[1] for mount in world["volumes"]}
    assert world["environment"].keys() == {"CASEFEED_DESK_URL", "CASEFEED_LEDGER_URL"}
    assert {str(sqlite_path(url, "desk").parent) for url in world["environment"].values()} == mounts
    assert world["restart"] == "on-failure"
    # Its desks may take so long to answer what they were given.
    assert int(world["stop_grace_period"].removesuffix("s")) > EXIT_TIMEOUT_S


def test_the_live_world_is_not_that_of_the_seeds() -> None:
    """It has another seed than the archives in the image: an event told under two numbers would be parked."""
    given = dict(word.removeprefix("--").split("=") for word in SERVICES["world-live"]["command"] if "=" in word)
    assert given["seed"] != "7"
    assert given.keys() == {"seed", "scale", "from", "speed", "rate"}


@each_service
def test_the_start_order_waits_for_health(name: str) -> None:
    """A service waits until what it needs is healthy, or has ended well; started is not enough."""
    for needed, wait in SERVICES[name].get("depends_on", {}).items():
        assert wait["condition"] == ("service_completed_successfully" if needed in ONE_SHOT else "service_healthy")


def test_data_lies_in_named_volumes() -> None:
    """Every mount is a named volume, and every named volume is mounted."""
    mounted = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert mounted == COMPOSE["volumes"].keys()


def test_both_ways_to_start_run_the_same_versions() -> None:
    """The file's default versions of Kafka and of the registry are those that `casefeed stack up` pins."""
    assert SERVICES["kafka"]["image"] == f"apache/kafka:${{KAFKA_VERSION:-{pins.KAFKA_VERSION}}}"
    registry = f"apicurio/apicurio-registry:${{REGISTRY_VERSION:-{pins.REGISTRY_VERSION}}}"
    assert SERVICES["registry"]["image"] == registry
