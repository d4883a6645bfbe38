"""What a person sees of a fetch: a bar on a terminal, one line before and one after otherwise."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from casefeed_stack.maven import BytesCallback


@contextmanager
def progress(name: str, size_bytes: int, folder: Path, report: Callable[[str], None]) -> Iterator[BytesCallback]:
    """Show the fetch of `name`, about `size_bytes` long; yields the function that counts what arrives."""
    if not sys.stderr.isatty():
        report(f"Fetching {name} ({size_bytes / 1e6:.0f} MB, once, kept in {folder}).")
        began = time.monotonic()
        yield lambda _bytes: None
        report(f"Fetched {name} in {time.monotonic() - began:.1f} s.")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Fetching {name}, once", total=size_bytes)
        lock = threading.Lock()

        def advance(arrived: int) -> None:
            with lock:
                bar.advance(task, arrived)

        yield advance
        bar.update(task, completed=size_bytes)
