"""The demo's voice: each step in a line with its time, each command as if it had been typed."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from rich.console import Console

from casefeed.runtime.clock import monotonic


class DemoRunner:
    """Tells each step in a line with its time, and runs commands as if they had been typed."""

    def __init__(self, home: Path, flags: Sequence[str]) -> None:
        self.out = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
        self.home = home
        self.flags = tuple(flags)
        self.step_number = 0

    def use_stack(self, kafka_bootstrap: str, registry_url: str) -> None:
        """From now on every command works on this Kafka and this registry."""
        self.flags += ("--kafka-bootstrap", kafka_bootstrap, "--registry-url", registry_url)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One numbered step; its time is told when it is done."""
        self.step_number += 1
        self.out.print(f"[bold]{self.step_number}[/] {title}")
        began = monotonic()
        yield
        self.out.print(f"  [dim]{monotonic() - began:.1f} s[/]")

    def run(self, *args: str, show: bool = True) -> str:
        """Run `casefeed WORDS` in this process and return what it printed."""
        from casefeed.cli.app import casefeed

        if show:
            self.out.print(f"  [dim]$ casefeed {' '.join(args)}[/]", soft_wrap=True)
        printed = io.StringIO()
        with redirect_stdout(printed):
            casefeed.main(
                args=["--home", str(self.home), *self.flags, *args], prog_name="casefeed", standalone_mode=False
            )
        return printed.getvalue()

    def print_output(self, output: str) -> None:
        """Pass on what a command printed, indented."""
        for line in output.splitlines():
            self.out.print(f"  {line}")
