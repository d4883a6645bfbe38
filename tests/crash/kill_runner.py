"""A process killed at every step that a clean run of it takes, and what must be true when it is left alone at last.

A process is added by saying how its world is made anew, how it is started, and what of it is the whole state
(`KilledProcess`); its steps are found, not listed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from pprint import pformat

from tests.crash.fork_server import ForkServer, RunOutcome
from tests.crash.steps import Step, Target

DIFF_LINES = 40
# What the client does by itself it need not do each time.
MAX_TRIES = 4
# Where most is at stake: what is kept for good, and what has gone out.
ALL_MOMENT_CALLS = ("COMMIT", "ProduceRequest")


class KilledProcess(ABC):
    """A process to be killed: `casefeed WORDS` in the environment `env`, its standard input `stdin_file`."""

    args: Sequence[str]
    env: Mapping[str, str]
    stdin_file: Path | None = None
    required_calls: frozenset[str]
    """Statements and requests that a clean run must come to, whomever for: without them a world shows too little."""

    @abstractmethod
    def reset(self) -> None:
        """Make the world as it is before the first life."""

    @abstractmethod
    def state(self) -> object:
        """Everything the process keeps or has sent, without this machine's clocks."""

    def expire_leases(self) -> None:
        """What time does between a death and the next life, where it does anything."""
        return


@dataclass
class KillCounts:
    """How often a process was killed at which step; `nearby`: at another time of a step than was asked for."""

    steps: dict[Step, int]
    killed: Counter[Step] = field(default_factory=Counter)
    nearby: int = 0

    @property
    def steps_without_kill(self) -> list[Step]:
        """The steps of a clean run at which it was never killed."""
        return [step for step in self.steps if not self.killed[step]]

    @property
    def calls_without_kill(self) -> list[str]:
        """The calls of a clean run at no moment of which it was killed."""
        killed = {step.call for step in self.killed if self.killed[step]}
        return [call for call in dict.fromkeys(step.call for step in self.steps) if call not in killed]

    def summary(self) -> str:
        """In a line for people."""
        calls = len({step.call for step in self.steps})
        return (
            f"{sum(self.killed.values())} kills at {len(+self.killed)} of {len(self.steps)} steps ({calls} calls), "
            f"{self.nearby} at another time of the step than asked for"
        )


@dataclass
class KillRunner:
    """Kills one subject, and holds its state to that of a clean run."""

    fork_server: ForkServer
    subject: KilledProcess
    kills: KillCounts = field(init=False)
    clean: object = field(init=False)

    def __post_init__(self) -> None:
        """Let it live without a kill, to learn its steps and its state: what is made once for all, such as a topic,
        is made in the life before that which counts."""
        for _ in range(2):
            self.subject.reset()
            life = self._run()
        self.kills = KillCounts(Counter(life.steps))
        missed = self.subject.required_calls - {step.call.rpartition(": ")[2] for step in self.kills.steps}
        assert missed == set(), f"a clean run does not come to {sorted(missed)}: its world shows less than it did"
        self.clean = self.subject.state()

    def kill_each_call(self) -> KillCounts:
        """Killed at each call in the order of a clean run, each life going on where that before it died.

        At one moment of a call, the next in turn, and at every moment of those where most is at stake. What a life
        could not come to, since those before had got past it, begins in a world made anew.
        """
        self.subject.reset()
        for step in _sample(self.kills.steps):
            tries = 0
            while not self._kill_at(Target(step, 1)) and (tries := tries + 1) < MAX_TRIES:
                self._assert_equals_clean()
                self.subject.reset()
        self._run()
        self._assert_equals_clean()
        return self.kills

    def kill_every_step(self) -> KillCounts:
        """Killed at each time that a clean run came to each step, once in a world made anew, and then left alone."""
        for step, times in self.kills.steps.items():
            for nth in range(1, times + 1):
                self.subject.reset()
                self._kill_at_or_near(step, nth)
                self._run()
                self._assert_equals_clean()
        return self.kills

    def _kill_at_or_near(self, step: Step, nth: int) -> None:
        """What waits for the broker does not come the same number of times each run: then at the last time seen."""
        while nth and not self._kill_at(Target(step, nth)):
            self.kills.nearby += 1
            nth = min(nth - 1, self._count_in_last_run(step))
            self.subject.reset()

    def _count_in_last_run(self, step: Step) -> int:
        return self._last.steps.count(step)

    def _kill_at(self, target: Target) -> bool:
        self._target = target
        self._last = self._run(target)
        self.kills.killed[target.step] += self._last.killed
        self.subject.expire_leases()
        return self._last.killed

    def _run(self, target: Target | None = None) -> RunOutcome:
        return self.fork_server.run(self.subject.args, self.subject.env, target, self.subject.stdin_file)

    def _assert_equals_clean(self) -> None:
        found = self.subject.state()
        assert found == self.clean, (
            f"killed, last at {self._target}, and then left alone, it is not as after a clean run:\n"
            + "\n".join(_diff(self.clean, found))
        )


def _diff(clean: object, found: object) -> list[str]:
    """The first lines in which two states differ."""
    before, after = (pformat(each, width=200).splitlines() for each in (clean, found))
    return list(islice(unified_diff(before, after, "clean", "found", n=0, lineterm=""), DIFF_LINES))


def _sample(steps: Iterable[Step]) -> Iterator[Step]:
    """Of each call one moment, in turn the first, the next, ...; of some calls each."""
    moments: dict[str, list[Step]] = {}
    for step in steps:
        moments.setdefault(step.call, []).append(step)
    for turn, (call, each) in enumerate(moments.items()):
        yield from each if call.endswith(ALL_MOMENT_CALLS) else [each[turn % len(each)]]
