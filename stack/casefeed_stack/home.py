"""What a stack leaves under `CASEFEED_HOME`, and how another process tells whether it is up.

`<home>/stack/` holds `data`, `logs`, `supervisor.pid` and, while the stack is up, `stack.json`, and in `starting` a
file for each node that somebody wants started. The supervisor holds a lock on `supervisor.pid` as long as it lives: a
pid file left by a killed one is told from a living one even when its pid is another's by now.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from casefeed.runtime.errors import Unavailable
from casefeed_stack.locks import holder


class Node(TypedDict):
    """A node of Kafka as `stack.json` tells of it: its `pid` while it runs, and how it `ended` when it does not."""

    number: int
    address: str
    pid: int | None
    ended: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """What `stack.json` says: how to reach the stack that is up, and what it is. `kafka_pid`: the first node's."""

    bootstrap: str
    registry_url: str
    pid: int
    kafka_pid: int | None
    registry_pid: int
    kafka_version: str
    registry_version: str
    log_dir: str
    started_at: str
    nodes: list[Node]


class Home:
    """The folder of one installation's stack."""

    def __init__(self, home: Path) -> None:
        """`home` is the installation's; nothing is made yet."""
        self.folder = home.expanduser().absolute() / "stack"
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        self.supervisor_log = self.logs / "supervisor.log"
        self.pid_file = self.folder / "supervisor.pid"
        self.up_lock = self.folder / "up.lock"
        self._state = self.folder / "stack.json"
        self._starting = self.folder / "starting"

    def make(self) -> None:
        """Make the folders; raises Unavailable where they cannot be had."""
        for folder in (self.folder, self.logs):
            make_folder(folder)

    def supervisor(self) -> int | None:
        """The pid of the supervisor that lives, or None."""
        return holder(self.pid_file)

    def running(self) -> Running | None:
        """The stack that is up and ready, or None; what a killed supervisor left behind counts for nothing."""
        pid = self.supervisor()
        if pid is None:
            return None
        try:
            running = Running(**json.loads(self._state.read_text("utf-8")))
        except (FileNotFoundError, TypeError, ValueError):
            return None
        return running if running.pid == pid else None

    def write(self, running: Running) -> None:
        """Say that the stack is up; a reader sees the whole of it or nothing."""
        part = self._state.with_suffix(".part")
        part.write_text(json.dumps(asdict(running), indent=2) + "\n", "utf-8")
        part.replace(self._state)

    def forget(self) -> None:
        """Say that no stack is up."""
        self._state.unlink(missing_ok=True)
        for number in self.wanted():
            self.begun(number)

    def want(self, number: int) -> None:
        """Ask the supervisor to start a node."""
        self._starting.mkdir(exist_ok=True)
        (self._starting / str(number)).touch()

    def wanted(self) -> list[int]:
        """The nodes that somebody asked for."""
        if not self._starting.exists():
            return []
        return sorted(int(each.name) for each in self._starting.iterdir())

    def begun(self, number: int) -> None:
        """Say that what was asked for is done, or failed."""
        (self._starting / str(number)).unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents; raises Unavailable, in a sentence, where it cannot be written in."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_text("?", "ascii")
        probe.unlink()
    except OSError as error:
        raise Unavailable(
            f"Cannot write in {folder} ({error.strerror}): make room there or make it writable, "
            "or name another folder in CASEFEED_HOME."
        ) from error
