"""docs/tour.md, typed command for command: what it shows is what comes out."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from casefeed.cli.app import casefeed, run
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.feedkit import fresh_topics
from tests.stack_services import StackServices

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"```sh\n(?P<typed>.*?)```\n(?:\n```text\n(?P<shown>.*?)```)?", re.DOTALL)
# The stack of the test run is up already, and stays.
NOT_TYPED = ("casefeed stack up", "casefeed stack down")


def as_pattern(line: str) -> re.Pattern[str]:
    """A shown line; an ellipsis stands for anything, a run of spaces for any other."""
    pieces = [r"\s+".join(map(re.escape, piece.split())) for piece in line.split("…")]
    return re.compile(".*".join(pieces))


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page was written in UTC; a timeline is in the reader's zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("utc")
@pytest.mark.finding("OIG-25-21/oversight", "cause/location-not-verified")
def test_the_tour_shows_what_comes_out(
    stack: StackServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command of the page ends with 0, and each line shown below it is in its output, in that order."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 6)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", stack.bootstrap)
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", stack.registry_url)
    monkeypatch.setenv("COLUMNS", "200")
    steps = list(STEP.finditer((ROOT / "docs" / "tour.md").read_text(encoding="utf-8")))
    assert len(steps) > 5
    for step in steps:
        said = ""
        for line in step["typed"].splitlines():
            if line not in NOT_TYPED:
                words = shlex.split(line)[1:]
                code = run(partial(casefeed.main, words, prog_name="casefeed", standalone_mode=False))
                output = capsys.readouterr()
                assert code == 0, output.err
                said += output.out
        at = 0
        for shown in (step["shown"] or "").splitlines():
            found = as_pattern(shown).search(said, at)
            assert found, f"`{step['typed'].strip()}` does not show: {shown}"
            at = found.end()
