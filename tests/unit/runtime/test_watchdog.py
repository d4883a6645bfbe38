"""A loop that hangs, or whose work does not come round, ends its process with a reason."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest

from casefeed.runtime import watchdog
from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.watchdog import run_watchdog

HANGS = """
import asyncio, sys, time
from casefeed.runtime import watchdog
from casefeed.runtime.health import ProcessHealth
watchdog.CHECK_EVERY_S, watchdog.LOOP_HANGS_AFTER_CHECKS = 0.02, 10
async def main():
    async with watchdog.run_watchdog(ProcessHealth("the intake", "has not begun")):
        await asyncio.sleep(0.1)
        stand_still()
def stand_still():
    if "log" in sys.argv:
        while True:
            sys.stderr.write("nobody reads this" * 1000)
    time.sleep(60)
asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watchdog that looks often."""
    monkeypatch.setattr(watchdog, "CHECK_EVERY_S", 0.01)
    monkeypatch.setattr(watchdog, "LOOP_HANGS_AFTER_CHECKS", 30)
    monkeypatch.setattr(watchdog, "WORK_HANGS_AFTER_CHECKS", 60)


async def test_a_loop_and_work_that_go_on_are_left_alone() -> None:
    """However long; and nothing is watched any more after its end."""
    ended: list[str] = []
    vitals = ProcessHealth("the intake", "has not begun")
    async with run_watchdog(vitals, ended.append):
        for _ in range(100):
            vitals.iteration()
            await asyncio.sleep(0.01)
    time.sleep(0.5)
    assert ended == []


async def test_work_that_does_not_come_round_is_found_though_the_loop_lives() -> None:
    """Whatever it waits for without a deadline."""
    ended: list[str] = []
    async with run_watchdog(ProcessHealth("the intake", "has not begun"), ended.append), asyncio.timeout(20):
        while not ended:
            await asyncio.sleep(0.01)
    (sentence,) = ended
    assert sentence.startswith("The intake ends itself: its event loop runs, but its work has not come round for")


@pytest.mark.parametrize("where", ["sleep", "log"])
def test_a_loop_that_hangs_ends_its_process(where: str) -> None:
    """Exit code 3 and the place in a sentence, soon; also where it hangs at a log that nobody reads."""
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", HANGS, where], stderr=writer)
    os.close(writer)
    try:
        assert process.wait(timeout=60) == watchdog.EXIT_CODE
        with os.fdopen(reader, "rb") as said:
            text = said.read().decode()
    finally:
        process.kill()
        process.wait()
    if where == "sleep":
        assert text.startswith("The intake ends itself: its event loop hangs at <string>:")
        assert " in stand_still, for 0 s. Nothing is lost" in text
