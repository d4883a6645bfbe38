"""How far the intake is: a bar on a terminal, a log line now and then otherwise, what is parked in few lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from casefeed.read.intake import Progress
from casefeed.runtime.clock import monotonic

SAY_EVERY_SECONDS = 10.0


@contextmanager
def progress_shown(log: Any, beat: Path | None) -> Iterator[Callable[[Progress], None]]:
    """A function to report progress to. `beat` is touched while the reader waits for nothing."""
    teller, aside = _Teller(log), Aside(log)
    bar = _bar() if sys.stderr.isatty() else None

    def report(progress: Progress) -> None:
        teller.tell(progress, quiet=bar is not None)
        aside.tell(progress.parked, monotonic())
        if beat is not None and progress.waiting is None:
            beat.touch()
        if bar is not None:
            reached = sum(progress.reached.values())
            told = progress.waiting or f"{progress.behind:,} behind"
            bar.update(
                bar.task_ids[0], completed=reached, total=sum(progress.ends.values()) or None, told=told
            )

    if bar is None:
        yield report
    else:
        with bar:
            yield report


def _bar() -> Bar:
    bar = Bar(
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[told]}"),
        console=Console(stderr=True),
    )
    bar.add_task("reading", total=None, told="")
    return bar


class _Teller:
    """Says in the log when a wait begins and ends, and now and then how far the reader is."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._waiting: str | None = None
        self._said = float("-inf")
        self._behind = -1

    def tell(self, progress: Progress, *, quiet: bool) -> None:
        """Say what is new; a wait is said once, and every few seconds while it lasts."""
        due = monotonic() - self._said >= SAY_EVERY_SECONDS
        if progress.waiting is not None:
            if progress.waiting != self._waiting or due:
                self._log.warning(progress.waiting)
                self._said = monotonic()
        elif self._waiting is not None:
            self._log.info("reading again")
        elif due and not quiet and progress.behind != self._behind:
            self._log.info("reading", progress=sum(progress.reached.values()), lag=progress.behind)
            self._said, self._behind = monotonic(), progress.behind
        self._waiting = progress.waiting


class Aside:
    """Says in the log what is parked: a line when a reason begins, its count now and then while it changes, one line
    when none is left. Ten thousand records of one cause are three lines, or a line every few seconds while they come.
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._told: dict[str, int] = {}
        self._told_at: dict[str, float] = {}

    def tell(self, parked: Mapping[str, int], now: float) -> None:
        """Say what is new of `parked`, records by reason, `now` being `monotonic` seconds."""
        for reason in sorted(parked.keys() | self._told.keys()):
            count, told = parked.get(reason, 0), self._told.get(reason, 0)
            due = now - self._told_at.get(reason, float("-inf")) >= SAY_EVERY_SECONDS
            if not count:
                self._log.info("no record is parked for this reason any more", reason=reason)
                del self._told[reason]
            elif not told:
                self._log.warning("records are parked", reason=reason, parked=count)
            elif count != told and due:
                self._log.warning("records are parked still", reason=reason, parked=count)
            else:
                continue
            self._told_at[reason] = now
            if count:
                self._told[reason] = count
