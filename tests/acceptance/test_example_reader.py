"""The example reader as an integrator runs it: a process on the seeds, killed and started again, counts each once."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from casefeed.case.address import AddressFinding, address_finding
from casefeed.contract.archive import Envelope
from casefeed.contract.catalogue import ORR_TOPIC
from tests.seed_records import SeedTopic, decode_envelope, seeds
from tests.stack_services import StackServices

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "consumers" / "example_reader" / "__main__.py"
READER = ["-m", "example_reader"]
# The reader with a handler that counts and then kills its own process, before anything is committed.
KILLED_WHILE_COUNTING = """
import os, signal
from example_reader import __main__ as reader
count = reader.count_unreachable
def counted_and_killed(db, held):
    count(db, held)
    if held:
        os.kill(os.getpid(), signal.SIGKILL)
reader.count_unreachable = counted_and_killed
reader.main()
"""
LINE = re.compile(r"^([A-Z]{3})  +([\d,]+)  (.+)$", re.MULTILINE)


class Reader:
    """The example reader with its state in a folder of its own."""

    def __init__(self, stack: StackServices, folder: Path) -> None:
        self.state = folder / "state.db"
        self._where = {
            "CASEFEED_HOME": str(folder / "home"),
            "CASEFEED_KAFKA_BOOTSTRAP": stack.bootstrap,
            "CASEFEED_REGISTRY_URL": stack.registry_url,
        }

    def start(self, *options: str, program: list[str] = READER) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [sys.executable, *program, "--state", str(self.state), *options],
            env={**os.environ, **self._where},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def counts(self) -> Counter[tuple[str, str]]:
        """Run it until it has caught up; placements by area and finding, as it prints them."""
        running = self.start("--until-caught-up")
        printed, complaint = running.communicate(timeout=90)
        assert running.returncode == 0, complaint
        assert "0 parked, 0 refused; 0 behind the ends" in printed
        return Counter({(area, words): int(count.replace(",", "")) for area, count, words in LINE.findall(printed)})

    def held(self) -> int:
        """How many events its state holds."""
        if not self.state.is_file():
            return 0
        with closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)) as db:
            try:
                return int(db.execute("SELECT count(*) FROM event").fetchone()[0])
            except sqlite3.OperationalError:  # its tables are not made yet
                return 0


@pytest.fixture
def feed(stack: StackServices) -> SeedTopic:
    """ORR's topic, empty."""
    return SeedTopic(stack, ORR_TOPIC, 3)


@pytest.fixture
def reader(stack: StackServices, tmp_path: Path) -> Reader:
    """The example reader, with nothing read yet."""
    return Reader(stack, tmp_path)


def placed(envelopes: list[Envelope]) -> Counter[tuple[str, str]]:
    """Placements that mail cannot reach by area and finding, counted from the archive itself."""
    found: Counter[tuple[str, str]] = Counter()
    for kind, event in map(decode_envelope, envelopes):
        if kind.short_name == "SponsorPlacement":
            what = address_finding(event["child"]["address"], event["address_quality"])
            if what is not AddressFinding.NONE:
                found[event["owning_area"], what.label] += 1
    return found


@pytest.mark.finding("OIG-25-21/addresses", "OIG-25-21/automation")
def test_it_counts_what_the_archive_holds(feed: SeedTopic, reader: Reader) -> None:
    """Per ERO area and finding, the placements of the seeds; a second run reads nothing and prints the same."""
    envelopes = seeds(ORR_TOPIC)
    feed.publish(envelopes)
    expected = placed(envelopes)
    assert {words for _, words in expected} == {
        each.label for each in AddressFinding if each is not AddressFinding.NONE
    }
    assert reader.counts() == expected
    assert reader.counts() == expected


def test_killed_while_it_counts_it_counts_once(feed: SeedTopic, reader: Reader) -> None:
    """SIGKILL inside the transaction, after the counts were written: nothing is kept, and the next run has all."""
    envelopes = seeds(ORR_TOPIC)
    feed.publish(envelopes)
    killed = reader.start("--until-caught-up", program=["-c", KILLED_WHILE_COUNTING])
    killed.communicate(timeout=90)
    assert killed.returncode == -signal.SIGKILL
    assert reader.held() == 0
    assert reader.counts() == placed(envelopes)


def test_killed_between_two_halves_it_goes_on(feed: SeedTopic, reader: Reader) -> None:
    """SIGKILL after half of the events, each of them sent again with the other half: every one is counted once."""
    envelopes = seeds(ORR_TOPIC)
    half = envelopes[: len(envelopes) // 2]
    feed.publish(half)
    running = reader.start()
    try:
        deadline = time.monotonic() + 60
        while reader.held() < len(half):
            assert time.monotonic() < deadline, "the reader does not come to the end of the first half"
            assert running.poll() is None
            time.sleep(0.05)
    finally:
        running.kill()
        running.communicate()
    feed.publish(envelopes)
    assert reader.counts() == placed(envelopes)


def test_the_readme_quotes_it() -> None:
    """The Python under the README's heading on integrating is the reader's own, line for line, and it is short."""
    source = SOURCE.read_text(encoding="utf-8")
    _, _, integrating = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Integrate")
    quoted = re.findall(r"```python\n(.*?)```", integrating.partition("\n## ")[0], re.DOTALL)
    assert quoted
    assert [block for block in quoted if block not in source] == []
    assert len(source.splitlines()) < 100
