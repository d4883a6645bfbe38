"""A world that goes on before one's eyes: its events are recorded at the agencies' desks as time passes.

When each event may be recorded follows from the speed of world time and a rate.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from casefeed.runtime.clock import MonotonicClock
from casefeed.runtime.signals import background, run_until_stopped, stop_on_signal
from synthetic_world.days import DAY, HOUR, MINUTE
from synthetic_world.desk_entries import DeskEntry
from synthetic_world.desk_process import AnswerCounts, DeskProcess, PrintLine

_UNITS = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}
_SPEED = re.compile(r"(\d+(?:\.\d+)?)([smhd])/s")
# A sleep ends late by a little: so much of what it cost may be made good at once, and no more.
_CATCH_UP_S = 0.1
REPORT_EVERY_S = 0.2
_SLOW = 0.05  # share of the time spent waiting for desks from which on they were slower than asked


def parse_speed(text: str) -> float:
    """World ms a second of ours, from `1d/s`, `6h/s`, `30m/s` or `10s/s`; raises ValueError."""
    found = _SPEED.fullmatch(text.strip())
    speed = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if speed <= 0:
        raise ValueError("a speed is a length of world time a second: 1d/s, 6h/s, 30m/s")
    return speed


def format_speed(speed: float) -> str:
    """A speed as people write it."""
    unit = next(name for name in ("d", "h", "m", "s") if speed >= _UNITS[name] or name == "s")
    count = speed / _UNITS[unit]
    return f"{count:.0f}{unit}/s" if count >= 100 else f"{count:.3g}{unit}/s"


@dataclass(frozen=True, slots=True)
class LiveSchedule:
    """`since`: where world time stands at the start (ms UTC). `speed`: world ms a second; `rate`: events a second.

    Where both are given the speed drives and the rate is the cap; at least one is.
    """

    since: int
    speed: float | None
    rate: float | None

    def due_s(self, recorded_at: int, before: tuple[float, float] | None) -> float:
        """Seconds after the start at which an event may be recorded.

        `before` says when the one before was due and when it was sent, in seconds after the start.
        """
        due = 0.0 if self.speed is None else (recorded_at - self.since) / self.speed
        if self.rate is None or before is None:
            return max(due, 0.0)
        step = 1 / self.rate
        was_due, was_sent = before
        return max(due, was_due + step, was_sent + step - _CATCH_UP_S)

    def world_ms(self, elapsed_s: float, last: int, coming: int) -> int:
        """Where world time stands: with a speed it flows on from event to event, else it is that of the last one."""
        return last if self.speed is None else max(last, min(coming, self.since + int(elapsed_s * self.speed)))


@dataclass(slots=True)
class LiveProgress:
    """How a run stands.

    `world_ms`: where world time stands. `before_start`: events from before the start. `seconds` since the start,
    without those in which a desk started; `waited_s` of them were spent waiting for desks that had enough to do.
    """

    world_ms: int
    answers: AnswerCounts = field(default_factory=AnswerCounts)
    before_start: int = 0
    sent: int = 0
    seconds: float = 0.0
    waited_s: float = 0.0

    @property
    def rate(self) -> float:
        """Events a second since the start."""
        return self.sent / max(self.seconds, 0.001)

    @property
    def slower_than_asked(self) -> bool:
        """Whether the desks were slower than what was asked."""
        return self.waited_s > _SLOW * self.seconds


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """What to run: the command of each agency's desk, the schedule, and for how many seconds (None: to the end)."""

    desks: Mapping[str, Sequence[str]]
    schedule: LiveSchedule
    for_s: float | None
    ticks: MonotonicClock
    report: Callable[[LiveProgress], None] = lambda progress: None
    print_line: PrintLine = lambda line: None


async def run_live(config: LiveConfig, entries: Iterable[DeskEntry]) -> LiveProgress:
    """Record `entries` at the desks, each when it is due; those from before `schedule.since` at once.

    Ends with the entries, after `for_s`, or at SIGTERM or Ctrl-C; every line that was sent is answered then. Raises
    DeskRefused and DeskFailed.
    """
    progress = LiveProgress(config.schedule.since)
    with stop_on_signal() as stop:
        async with _open(config, progress.answers, stop) as desks, background(_report(config, progress)):
            await run_until_stopped(_send_entries(config, entries, desks, progress), stop)
    for desk in desks.values():
        if desk.fault is not None:
            raise desk.fault
    return progress


async def _send_entries(
    config: LiveConfig, entries: Iterable[DeskEntry], desks: Mapping[str, DeskProcess], progress: LiveProgress
) -> None:
    schedule, ticks = config.schedule, config.ticks
    began: float | None = None
    before: tuple[float, float] | None = None
    for entry in entries:
        if entry.recorded_at < schedule.since:
            await desks[entry.agency].send(entry)
            progress.before_start += 1
            continue
        if began is None:
            began = ticks()
        due = schedule.due_s(entry.recorded_at, before)
        while (now := ticks() - began) < due or _over(config.for_s, now):
            progress.seconds = now
            if _over(config.for_s, now):
                return
            progress.world_ms = schedule.world_ms(now, progress.world_ms, entry.recorded_at)
            await asyncio.sleep(min(due - now, REPORT_EVERY_S))
        desk = desks[entry.agency]
        had_answered = desk.has_answered
        await desk.send(entry)
        sent = ticks() - began
        if had_answered:
            progress.waited_s += sent - now
        else:  # the clock stands still while a desk starts
            began, sent = began + sent - now, now
        progress.seconds, progress.world_ms = sent, entry.recorded_at
        progress.sent += 1
        before = due, sent


def _over(for_s: float | None, now: float) -> bool:
    return for_s is not None and now >= for_s


async def _report(config: LiveConfig, progress: LiveProgress) -> None:
    while True:
        config.report(progress)
        await asyncio.sleep(REPORT_EVERY_S)


@asynccontextmanager
async def _open(
    config: LiveConfig, answers: AnswerCounts, stop: asyncio.Event
) -> AsyncIterator[dict[str, DeskProcess]]:
    """The desks, while they are open; all of them are closed, whatever happens to one."""
    desks: dict[str, DeskProcess] = {}
    try:
        for name, command in config.desks.items():
            desks[name] = await DeskProcess.open(name, command, answers, stop.set, config.print_line)
        yield desks
    finally:
        await asyncio.gather(*(desk.close() for desk in desks.values()))
