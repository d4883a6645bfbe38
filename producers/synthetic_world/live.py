"""A world that goes on before one's eyes: its events are recorded at the agencies' desks as time passes.

When each event may be recorded follows from the speed of world time and a rate.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from casefeed.wire.clock import Ticks
from casefeed.wire.signals import beside, stopped_by_signal, until_stopped
from synthetic_world.days import DAY, HOUR, MINUTE
from synthetic_world.desk_entries import Entry
from synthetic_world.desk_process import Answered, Desk, Say

_UNITS = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}
_SPEED = re.compile(r"(\d+(?:\.\d+)?)([smhd])/s")
# A sleep ends late by a little: so much of what it cost may be made good at once, and no more.
_MADE_GOOD_S = 0.1


def parse_speed(text: str) -> float:
    """World ms a second of ours, from `1d/s`, `6h/s`, `30m/s` or `10s/s`; raises ValueError."""
    found = _SPEED.fullmatch(text.strip())
    speed = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if speed <= 0:
        raise ValueError("a speed is a length of world time a second: 1d/s, 6h/s, 30m/s")
    return speed


def speed_words(speed: float) -> str:
    """A speed as people write it."""
    unit = next(name for name in ("d", "h", "m", "s") if speed >= _UNITS[name] or name == "s")
    count = speed / _UNITS[unit]
    return f"{count:.0f}{unit}/s" if count >= 100 else f"{count:.3g}{unit}/s"


@dataclass(frozen=True, slots=True)
class Pace:
    """`since`: where world time stands at the start (ms UTC). `speed`: world ms a second; `rate`: events a second.

    Where both are given the speed drives and the rate is the cap; at least one is.
    """

    since: int
    speed: float | None
    rate: float | None

    def due_s(self, recorded_at: int, before: tuple[float, float] | None) -> float:
        """Seconds after the start at which an event may be recorded.

        `before` says when the one before was due and when it was given, in seconds after the start.
        """
        due = 0.0 if self.speed is None else (recorded_at - self.since) / self.speed
        if self.rate is None or before is None:
            return max(due, 0.0)
        step = 1 / self.rate
        was_due, was_given = before
        return max(due, was_due + step, was_given + step - _MADE_GOOD_S)

    def world_ms(self, elapsed_s: float, last: int, coming: int) -> int:
        """Where world time stands: with a speed it flows on from event to event, else it is that of the last one."""
        return (
            last if self.speed is None else max(last, min(coming, self.since + int(elapsed_s * self.speed)))
        )


REPORT_EVERY_S = 0.2
_SLOW = 0.05  # share of the time spent waiting for desks from which on they were slower than asked


@dataclass(slots=True)
class Lived:
    """How a run stands.

    `world_ms`: where world time stands. `caught_up`: events from before the start. `seconds` since the start, without
    those in which a desk started; `waited_s` of them were spent waiting for desks that had enough to do.
    """

    world_ms: int
    answered: Answered = field(default_factory=Answered)
    caught_up: int = 0
    given: int = 0
    seconds: float = 0.0
    waited_s: float = 0.0

    @property
    def rate(self) -> float:
        """Events a second since the start."""
        return self.given / max(self.seconds, 0.001)

    @property
    def held_back(self) -> bool:
        """Whether the desks were slower than what was asked."""
        return self.waited_s > _SLOW * self.seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the command of each agency's desk, the pace, and for how many seconds (None: to the end)."""

    desks: Mapping[str, Sequence[str]]
    pace: Pace
    for_s: float | None
    ticks: Ticks
    report: Callable[[Lived], None] = lambda lived: None
    say: Say = lambda line: None


async def live(plan: Plan, entries: Iterable[Entry]) -> Lived:
    """Record `entries` at the desks, each when it is due; those from before `pace.since` at once.

    Ends with the entries, after `for_s`, or at SIGTERM or Ctrl-C; every line that was given is answered then. Raises
    DeskRefused and DeskGone.
    """
    lived = Lived(plan.pace.since)
    with stopped_by_signal() as stop:
        async with _open(plan, lived.answered, stop) as desks, beside(_report(plan, lived)):
            await until_stopped(_give(plan, entries, desks, lived), stop)
    for desk in desks.values():
        if desk.fault is not None:
            raise desk.fault
    return lived


async def _give(plan: Plan, entries: Iterable[Entry], desks: Mapping[str, Desk], lived: Lived) -> None:
    pace, ticks = plan.pace, plan.ticks
    began: float | None = None
    before: tuple[float, float] | None = None
    for entry in entries:
        if entry.recorded_at < pace.since:
            await desks[entry.agency].give(entry)
            lived.caught_up += 1
            continue
        if began is None:
            began = ticks()
        due = pace.due_s(entry.recorded_at, before)
        while (now := ticks() - began) < due or _over(plan.for_s, now):
            lived.seconds = now
            if _over(plan.for_s, now):
                return
            lived.world_ms = pace.world_ms(now, lived.world_ms, entry.recorded_at)
            await asyncio.sleep(min(due - now, REPORT_EVERY_S))
        desk = desks[entry.agency]
        was_awake = desk.awake
        await desk.give(entry)
        given = ticks() - began
        if was_awake:
            lived.waited_s += given - now
        else:  # the clock stands still while a desk starts
            began, given = began + given - now, now
        lived.seconds, lived.world_ms = given, entry.recorded_at
        lived.given += 1
        before = due, given


def _over(for_s: float | None, now: float) -> bool:
    return for_s is not None and now >= for_s


async def _report(plan: Plan, lived: Lived) -> None:
    while True:
        plan.report(lived)
        await asyncio.sleep(REPORT_EVERY_S)


@asynccontextmanager
async def _open(plan: Plan, answered: Answered, stop: asyncio.Event) -> AsyncIterator[dict[str, Desk]]:
    """The desks, while they are open; all of them are closed, whatever happens to one."""
    desks: dict[str, Desk] = {}
    try:
        for name, command in plan.desks.items():
            desks[name] = await Desk.open(name, command, answered, stop.set, plan.say)
        yield desks
    finally:
        await asyncio.gather(*(desk.close() for desk in desks.values()))
