"""How far the intake is: a bar where one is given, a log line now and then otherwise, what is parked in few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from casefeed.read.intake import ReaderProgress
from casefeed.runtime.clock import monotonic

LOG_EVERY_SECONDS = 10.0


ProgressBar = Callable[[], AbstractContextManager[Callable[[ReaderProgress], None]]]
"""Opens a bar that a reader moves while it runs."""


@contextmanager
def show_progress(
    log: Any, liveness_file: Path | None, progress_bar: ProgressBar | None = None
) -> Iterator[Callable[[ReaderProgress], None]]:
    """A function to report progress to: with a bar, the log does not say how far the reader is.

    `liveness_file` is touched while the reader waits for nothing.
    """
    progress_log, parked_log = _ProgressLog(log), ParkedLog(log)

    def report(progress: ReaderProgress) -> None:
        progress_log.log_progress(progress, quiet=progress_bar is not None)
        parked_log.log_changes(progress.parked, monotonic())
        if liveness_file is not None and progress.unavailable_message is None:
            liveness_file.touch()
        move_bar(progress)

    with progress_bar() if progress_bar is not None else nullcontext(lambda _: None) as move_bar:
        yield report


class _ProgressLog:
    """Says in the log when a wait begins and ends, and now and then how far the reader is."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._unavailable_message: str | None = None
        self._logged_at = float("-inf")
        self._logged_lag = -1

    def log_progress(self, progress: ReaderProgress, *, quiet: bool) -> None:
        """Say what is new; a wait is said once, and every few seconds while it lasts."""
        due = monotonic() - self._logged_at >= LOG_EVERY_SECONDS
        if progress.unavailable_message is not None:
            if progress.unavailable_message != self._unavailable_message or due:
                self._log.warning(progress.unavailable_message)
                self._logged_at = monotonic()
        elif self._unavailable_message is not None:
            self._log.info("reading again")
        elif due and not quiet and progress.lag != self._logged_lag:
            self._log.info("reading", progress=sum(progress.positions.values()), lag=progress.lag)
            self._logged_at, self._logged_lag = monotonic(), progress.lag
        self._unavailable_message = progress.unavailable_message


class ParkedLog:
    """Says in the log what is parked: a line when a reason begins, its count now and then while it changes, one line
    when none is left. Ten thousand records of one cause are three lines, or a line every few seconds while they come.
    """

    def __init__(self, log: Any) -> None:
        self._log = log
        self._logged: dict[str, tuple[int, float]] = {}

    def log_changes(self, parked: Mapping[str, int], now: float) -> None:
        """Say what is new of `parked`, records by reason, `now` being `monotonic` seconds."""
        for reason in sorted(parked.keys() | self._logged.keys()):
            count, (logged, logged_at) = parked.get(reason, 0), self._logged.get(reason, (0, now))
            if not count:
                self._log.info("no record is parked for this reason any more", reason=reason)
                del self._logged[reason]
                continue
            if not logged:
                self._log.warning("records are parked", reason=reason, parked=count)
            elif count != logged and now - logged_at >= LOG_EVERY_SECONDS:
                self._log.warning("records are parked still", reason=reason, parked=count)
            else:
                continue
            self._logged[reason] = (count, now)
