"""Starting, finding and ending the supervisor of a home: what `up` and `down` do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from casefeed.runtime.errors import Unavailable
from casefeed_stack import fetch, java
from casefeed_stack.cluster import load_layout
from casefeed_stack.home import StackHome, StackInfo
from casefeed_stack.locks import locked

STOP_TIMEOUT_S = 60.0
TAIL_LINES = 20


def up(home: StackHome, cache: Path, nodes: int | None, report: Callable[[str], None]) -> tuple[StackInfo, bool]:
    """The stack of `home`, started when it is not up, with `nodes` nodes; and whether it was up before.

    Raises UsageError when `home` holds one of another number of nodes; Unavailable: no Java, no network, no room, or
    a start that failed, with the end of its log.
    """
    home.create()
    load_layout(home.data, nodes)
    with locked(home.up_lock, lambda: report("Another `casefeed stack up` is under way here; waiting for it.")):
        if running := home.running():
            return running, True
        # Here and not in the supervisor: a person sees the progress, and Ctrl-C ends it.
        java.find(java.KAFKA_MIN_VERSION)
        java.find(java.REGISTRY_MIN_VERSION)
        fetch.kafka(cache, report)
        fetch.registry(cache, report)
        failed = _start_supervisor(home, cache, nodes)
        running = home.running()
        if failed is not None or running is None:
            raise Unavailable(failed or f"The stack came up and ended at once: see {home.supervisor_log}.")
        return running, False


def down(home: StackHome) -> bool:
    """Stop the stack of `home`; whether there was one. It is gone when this returns, its data stays."""
    pid = home.supervisor_pid()
    if pid is None:
        home.clear()
        return False
    deadline = time.monotonic() + STOP_TIMEOUT_S
    number = signal.SIGTERM
    while (pid := home.supervisor_pid()) is not None:
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        if pid:
            _send(pid, number)
        time.sleep(0.1)
    home.clear()
    return True


def _send(pid: int, signal_number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def _start_supervisor(home: StackHome, cache: Path, nodes: int | None) -> str | None:
    """Start it and wait for its word: None when the stack is ready, else the sentence that says why not."""
    reading, writing = os.pipe()
    command = [
        sys.executable, "-m", "casefeed_stack.supervisor", str(home.folder.parent), str(cache), str(nodes or 0),
    ]  # fmt: skip
    with home.supervisor_log.open("ab") as log:
        began_at_byte = log.tell()
        subprocess.run(
            [*command, str(writing)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            cwd=home.folder, pass_fds=(writing,), check=False,
        )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as report:
        try:
            said = report.readline()
        except KeyboardInterrupt:
            down(home)
            raise
    if said:
        failed = json.loads(said)["failed"]
        return None if failed is None else str(failed)
    with home.supervisor_log.open("rb") as log:
        log.seek(began_at_byte)
        end = "\n".join(log.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:])
    return f"The supervisor ended before the stack was ready. The end of {home.supervisor_log}:\n{end}"
