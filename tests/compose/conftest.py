"""One project brought up from nothing for all tests here, and taken down with its data at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.compose.engine import Project, kafka_version, require_engine


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """`docker compose up` from no containers and no volumes, our image built; all healthy, the feed read."""
    with up_from_nothing() as project:
        wait_until_read(project)
        yield project


@contextmanager
def up_from_nothing(**variables: str) -> Iterator[Project]:
    """Our image built, everything up and healthy; taken down with its data at the end."""
    require_engine()
    project = Project(kafka_version(), variables)
    try:
        project.run("build")
        started = time.monotonic()
        project.run("up", "--wait", "--wait-timeout", "400", "--quiet-pull")
        up_s = time.monotonic() - started
        print(f"Kafka {project.kafka_version}: up from nothing in {up_s:.0f} s")
        yield project
    finally:
        project.ask("--profile", "*", "down", "--volumes", "--remove-orphans")


def wait_until_read(project: Project, seconds: float = 60) -> None:
    """Wait until the ICE service has read both topics to their ends; fails when it does not get there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        parts = [each for topic in project.scorecard()["complete"].values() for each in topic.values()]
        if len(parts) > 0 and all(each["position"] >= each["end"] for each in parts):
            return
        time.sleep(1)
    pytest.fail(f"The ICE service has not read the feed to its ends within {seconds:.0f} s.", pytrace=False)
