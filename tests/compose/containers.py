"""Broker and registry of docker-compose.yml as two containers, for tests that run with TEST_KAFKA=docker.

Images, settings and rights are that file's, so a test fails where the file is wrong. testcontainers' own watcher is
left out: it would have to be fetched and runs with all rights; `Containers` removes what it made itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import pytest
from testcontainers.core.container import DockerContainer

from casefeed_stack.kafka import fetch_metadata
from casefeed_stack.ports import ReservedPorts
from casefeed_stack.registry import COMPATIBILITY, fetch_compatibility
from tests.compose.engine import Project, kafka_version, require_engine

READY_WITHIN_S = 120.0
GRACE_S = 30
TAIL_LINES = 20
# What a compose service and the engine's interface call by the same name.
SAME_NAME = ("cap_drop", "init", "security_opt")

# Read at the first start of a container.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"


class Containers:
    """Both, from `with` to its end; free ports of the loopback address that a restart keeps."""

    def __init__(self) -> None:
        """Nothing runs yet; the test fails with a sentence where no engine answers."""
        require_engine()
        self._ports = ReservedPorts(2)
        kafka_port, registry_port = self._ports.numbers
        services = Project(kafka_version(), kafka_port=kafka_port, registry_port=registry_port).services()
        self.bootstrap = f"127.0.0.1:{kafka_port}"
        self.registry_url = f"http://127.0.0.1:{registry_port}/apis/ccompat/v7"
        self._kafka = _Part("kafka", services["kafka"], self._kafka_answers)
        self._registry = _Part("registry", services["registry"], self._registry_answers)

    def __enter__(self) -> Self:
        try:
            for part in (self._registry, self._kafka):
                part.make()
            for part in (self._kafka, self._registry):
                part.await_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        for part in (self._kafka, self._registry):
            part.remove()
        self._ports.release()

    def kill_kafka(self) -> None:
        """SIGKILL the node; it is gone when this returns."""
        self._kafka.kill()

    def stop_kafka(self) -> None:
        """Stop the node in order; it is gone when this returns."""
        self._kafka.stop()

    def start_kafka(self) -> None:
        """Start the node again on its port and data, and wait until it answers."""
        self._kafka.start()

    def stop_registry(self) -> None:
        """Stop the registry in order; it is gone when this returns."""
        self._registry.stop()

    def start_registry(self) -> None:
        """Start the registry again on its port and data, and wait until it answers."""
        self._registry.start()

    def _kafka_answers(self) -> bool:
        host, port = self.bootstrap.split(":")
        told = fetch_metadata(host, int(port))
        return self.bootstrap in told.brokers and told.controller >= 0

    def _registry_answers(self) -> bool:
        return fetch_compatibility(self.registry_url) == COMPATIBILITY


class _Part:
    """A service of the compose file in a container of its own; its data lives as long as the container."""

    def __init__(self, name: str, service: dict[str, Any], answers: Callable[[], bool]) -> None:
        self._name = name
        self._answers = answers
        # Named as in the file, so that a node finds itself under the name that it gives to others.
        self._container = DockerContainer(
            service["image"], env=service["environment"], hostname=name,
            **{each: service[each] for each in SAME_NAME},
        )  # fmt: skip
        for folder in service.get("tmpfs", ()):
            self._container.with_tmpfs_mount(folder)
        # Typed for a bare port, which would be published on every address; the engine takes a pair as well.
        self._container.ports = {
            f"{port['target']}/tcp": (port["host_ip"], int(port["published"]))  # type: ignore[misc]
            for port in service["ports"]
        }

    def make(self) -> None:
        self._container.start()

    def remove(self) -> None:
        self._container.stop()

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def stop(self) -> None:
        self._container.get_wrapped_container().stop(timeout=GRACE_S)

    def start(self) -> None:
        self._container.get_wrapped_container().start()
        self.await_answer()

    def await_answer(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline and self._runs():
            with suppress(OSError, ValueError):  # not listening yet, or not yet able to answer
                if self._answers():
                    return
            time.sleep(0.1)
        out, errors = (each.decode("utf-8", "replace") for each in self._container.get_logs())
        said = "\n".join((out + errors).splitlines()[-TAIL_LINES:])
        pytest.fail(f"The container of {self._name} did not come to answer. It said:\n{said}", pytrace=False)

    def _runs(self) -> bool:
        self._container.reload()
        return self._container.status == "running"
