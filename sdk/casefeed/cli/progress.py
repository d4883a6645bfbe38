"""The bar that shows on a terminal how far the intake is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from casefeed.read import ReaderProgress


@contextmanager
def reading_bar() -> Iterator[Callable[[ReaderProgress], None]]:
    """While open, a bar on standard error; it moves with each progress that it is given."""
    bar = Progress(
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[told]}"),
        console=Console(stderr=True),
    )
    task = bar.add_task("reading", total=None, told="")

    def update(progress: ReaderProgress) -> None:
        bar.update(
            task,
            completed=sum(progress.positions.values()),
            total=sum(progress.end_offsets.values()) or None,
            told=progress.unavailable_message or f"{progress.lag:,} behind",
        )

    with bar:
        yield update
