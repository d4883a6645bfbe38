"""A world that goes on before one's eyes: its events are recorded at the agencies' desks as time passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from casefeed.runtime.clock import MonotonicClock
from casefeed.runtime.signals import background, run_until_stopped, stop_on_signal
from synthetic_world.chronicle import Entry
from synthetic_world.desks import Answered, Desk, Say
from synthetic_world.pace import Pace

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
    ticks: MonotonicClock
    report: Callable[[Lived], None] = lambda lived: None
    say: Say = lambda line: None


async def live(plan: Plan, entries: Iterable[Entry]) -> Lived:
    """Record `entries` at the desks, each when it is due; those from before `pace.since` at once.

    Ends with the entries, after `for_s`, or at SIGTERM or Ctrl-C; every line that was given is answered then. Raises
    DeskRefused and DeskGone.
    """
    lived = Lived(plan.pace.since)
    with stop_on_signal() as stop:
        async with _open(plan, lived.answered, stop) as desks, background(_report(plan, lived)):
            await run_until_stopped(_give(plan, entries, desks, lived), stop)
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
