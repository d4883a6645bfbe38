"""The shell snippets of docs/read-the-feed.md as a reader types them: kcat, and a JDK that takes the source file.

Run by `make interop`, not by `make test`: they need programs that Python cannot bring.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ORR_TOPIC
from casefeed_stack import fetch
from tests.seed_records import SeedTopic, decode_envelope, seeds
from tests.stack_services import StackServices

SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets"
FIRST = 5


@pytest.fixture(scope="module")
def first(stack: StackServices) -> list[Envelope]:
    """The first ORR events of the seeds; all of them lie on one partition, so that their order is known."""
    SeedTopic(stack, ORR_TOPIC, 1).publish(seeds(ORR_TOPIC))
    return seeds(ORR_TOPIC)[:FIRST]


def run(stack: StackServices, program: str, script: str, *arguments: str) -> list[str]:
    """The lines that a snippet prints; `program` is what it needs on the path."""
    assert shutil.which(program), f"`make interop` needs {program} on the path: install it and run it again"
    where = {
        "CASEFEED_KAFKA_BOOTSTRAP": stack.bootstrap,
        "CASEFEED_REGISTRY_URL": stack.registry_url,
        "CASEFEED_CACHE": str(fetch.cache_dir()),
    }
    done = subprocess.run(
        ["sh", str(SNIPPETS / script), *arguments],
        env={**os.environ, **where},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_kcat_shows_key_frame_and_headers(stack: StackServices, first: list[Envelope]) -> None:
    """Offset, key, magic byte 0 with a schema id, and the eight headers of each record as they were published."""
    lines = run(stack, "kcat", "kcat.sh", ORR_TOPIC, str(FIRST))
    assert len(lines) == 2 * FIRST
    for offset, each in enumerate(first):
        place, headers = lines[2 * offset], lines[2 * offset + 1]
        assert place.startswith(f"0/{offset} published ")
        assert f' key {each.key} frame "0 ' in place
        assert headers.strip() == ",".join(f"{name}={value.decode()}" for name, value in each.headers)


def test_a_jdk_runs_the_java_as_it_is(stack: StackServices, first: list[Envelope]) -> None:
    """The single file, started from its source, prints the first events in their order."""
    lines = run(stack, "java", "java.sh", str(FIRST))
    told = [
        (kind.name, each.key, event["header"]["sequence"])
        for each in first
        for kind, event in [decode_envelope(each)]
    ]
    assert [line.split(" of ")[0] for line in lines] == [
        f"{name} child {key} sequence {sequence}" for name, key, sequence in told
    ]
