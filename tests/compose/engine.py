"""docker compose as the tests drive it: a project of their own, beside whatever else runs on the engine."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.house.checkout import ROOT

CALL_SECONDS = 600
SHOWN_LINES = 40
HELD = """
from casefeed.read.statements import SQL
from casefeed.runtime import settings
from casefeed.ledger.database import open_read_only
from ice_caseload.agency import ICE
print(*open_read_only(ICE.database_path(settings.load()), ICE).execute(SQL["record_counts"]).fetchone())
"""
# Some versions of compose write these before each line of a log, into a pipe as well.
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Ran:
    """What a docker command said."""

    code: int
    out: str
    err: str


def docker(*args: str, seconds: float = CALL_SECONDS, env: dict[str, str] | None = None) -> Ran:
    """Run a docker command to its end; a command that is missing or late fails the test with a sentence."""
    command = ["docker", *args]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **(env or {})}, capture_output=True, text=True,
            timeout=seconds, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.fail("There is no `docker` command here; install Docker 25 or newer with compose.", pytrace=False)
    except subprocess.TimeoutExpired:
        pytest.fail(f"`{' '.join(command)}` did not end within {seconds:.0f} s.", pytrace=False)
    return Ran(done.returncode, TERMINAL_CODES.sub("", done.stdout), done.stderr)


def require_engine() -> str:
    """The version of the engine that answers; fails with a sentence when none does."""
    asked = docker("version", "--format", "{{.Server.Version}}", seconds=30)
    if asked.code != 0:
        pytest.fail(
            f"No docker engine answers; start one, or name it in DOCKER_HOST. docker said: {asked.err.strip()}",
            pytrace=False,
        )
    if docker("compose", "version", seconds=30).code != 0:
        pytest.fail("docker has no compose plugin here; install docker compose v2.", pytrace=False)
    return asked.out.strip()


def kafka_version() -> str:
    """KAFKA_VERSION if it is set; else the file's own if that image can be had; else the newest image here."""
    if named := os.environ.get("KAFKA_VERSION"):
        return named
    images = docker("compose", "config", "--images").out.split()
    (image,) = (each for each in images if each.startswith("apache/kafka:"))
    if docker("image", "inspect", image).code == 0 or docker("pull", "--quiet", image).code == 0:
        return image.partition(":")[2]
    here = docker("image", "ls", "--format", "{{.Tag}}", "apache/kafka").out.split()
    if not here:
        pytest.fail(
            f"{image} is neither on this engine nor to be pulled; name another version in KAFKA_VERSION.",
            pytrace=False,
        )
    return max(here, key=lambda tag: [int(part) for part in re.findall(r"\d+", tag)])


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Project:
    """docker-compose.yml under a name and with ports of its own; `variables` are more of those it reads."""

    kafka_version: str
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = field(default_factory=lambda: f"casefeed-test-{secrets.token_hex(3)}")
    kafka_port: int = field(default_factory=free_port)
    registry_port: int = field(default_factory=free_port)

    def ask(self, *args: str, seconds: float = CALL_SECONDS) -> Ran:
        """Run `docker compose ARGS` on the project."""
        env = {
            **self.variables,
            "KAFKA_VERSION": self.kafka_version,
            "KAFKA_PORT": str(self.kafka_port),
            "REGISTRY_PORT": str(self.registry_port),
        }
        return docker("compose", "--ansi", "never", "--project-name", self.name, *args, seconds=seconds, env=env)

    def run(self, *args: str, seconds: float = CALL_SECONDS) -> str:
        """The output of `docker compose ARGS`; fails with the end of what all services logged."""
        ran = self.ask(*args, seconds=seconds)
        if ran.code != 0:
            logged = self.ask("logs", "--no-color", "--tail", "15").out
            said = "\n".join((ran.out + ran.err).splitlines()[-SHOWN_LINES:])
            pytest.fail(f"`docker compose {' '.join(args)}` ended with {ran.code}.\n{said}\n{logged}", pytrace=False)
        return ran.out

    def services(self) -> dict[str, dict[str, Any]]:
        """The services of the file as the engine is given them, variables filled in."""
        found: dict[str, dict[str, Any]] = json.loads(self.run("config", "--format", "json"))["services"]
        return found

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine knows of each service's container (`docker inspect`), ended ones too."""
        ids = self.run("ps", "--all", "--quiet").split()
        found = json.loads(docker("inspect", *ids).out)
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in found}

    def scorecard(self, *options: str) -> dict[str, Any]:
        """The scorecard as programs get it, from the running ICE service's container."""
        command = ("casefeed", "ice", "scorecard", "--format", "json", *options)
        card: dict[str, Any] = json.loads(self.run("exec", "-T", "ice-intake", *command))
        return card

    def held(self) -> tuple[int, int, int]:
        """How many events the ledger holds, and records parked and refused."""
        applied, parked, refused = self.run("exec", "-T", "ice-intake", "python", "-c", HELD).split()
        return int(applied), int(parked), int(refused)
