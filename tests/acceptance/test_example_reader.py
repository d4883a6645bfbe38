"""The example reader as an integrator runs it: a process on the seeds, killed and started again, counts each once."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from casefeed.case.address import AddressFinding
from casefeed.contract.catalogue import ORR_TOPIC
from tests.example_reader import Reader, placed
from tests.seed_records import SeedTopic, seeds
from tests.stack_services import StackServices

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "consumers" / "example_reader" / "__main__.py"
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


@pytest.fixture
def feed(stack: StackServices) -> SeedTopic:
    """ORR's topic, empty."""
    return SeedTopic(stack, ORR_TOPIC, 3)


@pytest.fixture
def reader(stack: StackServices, tmp_path: Path) -> Reader:
    """The example reader, with nothing read yet."""
    return Reader(stack, tmp_path)


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
