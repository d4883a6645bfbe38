"""A Kafka node and a registry that live as long as their owner wants, and never longer than it lives."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self, TypeVar

from casefeed.wire.errors import Unavailable
from casefeed_stack import fetch, java
from casefeed_stack.home import make_folder
from casefeed_stack.kafka import Kafka, metadata
from casefeed_stack.locks import try_lock
from casefeed_stack.ports import Ports
from casefeed_stack.process import Child
from casefeed_stack.registry import COMPATIBILITY, Registry, compatibility

READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.05
LEAST_FREE_BYTES = 200_000_000
"""Below this nothing is started: on a full disk neither program can so much as write why it failed."""

_Part = TypeVar("_Part")


class Stack:
    """One Kafka node and, unless told otherwise, one registry, over one data folder.

    `bootstrap` and `registry_url` are good from `start` to `stop`. Ports and data outlive a stop: the
    next stack over the same folder has both again (the ports, if they are still free). What fails raises
    Unavailable with a sentence, and the end of the log in it where there is one.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        log_dir: Path | None = None,
        registry: bool = True,
        cache_dir: Path | None = None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Nothing happens yet. `say` gets a line when something takes long (a fetch, another's fetch)."""
        self.data_dir = data_dir.absolute()
        self.log_dir = (log_dir or data_dir / "logs").absolute()
        self._cache_dir = cache_dir or fetch.cache_dir()
        self._with_registry = registry
        self._say = say
        self._lock: IO[str] | None = None
        self._ports: Ports | None = None
        self._kafka: Kafka | None = None
        self._registry: Registry | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """`host:port` of the node."""
        return self._running(self._kafka).bootstrap

    @property
    def registry_url(self) -> str:
        """Base address of the registry's Confluent-compatible interface."""
        return self._running(self._registry).url

    @property
    def kafka(self) -> Child:
        """The node's process: `pid`, `alive`."""
        return self._running(self._running(self._kafka).child)

    @property
    def registry(self) -> Child:
        """The registry's process: `pid`, `alive`."""
        return self._running(self._running(self._registry).child)

    def start(self) -> None:
        """Fetch what the cache lacks, start both and wait until both answer a real call."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both, at the same time; both are gone when this returns. Stopping twice is no error."""
        parts = [part for part in (self._registry, self._kafka) if part is not None]
        for part in parts:
            part.ask_to_stop()
        for part in parts:
            part.stop()
        if self._ports is not None:
            self._ports.release()
        if self._lock is not None:
            self._lock.close()
        self._registry = self._kafka = self._ports = self._lock = None

    def kill_kafka(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the node a signal: SIGKILL (it is gone at once), SIGSTOP and SIGCONT, SIGTERM."""
        self.kafka.signal(number)

    def stop_kafka(self) -> None:
        """Stop the node in order; the stack stays."""
        self._running(self._kafka).stop()

    def start_kafka(self) -> None:
        """Start the node again on its ports and data, and wait until it answers."""
        node = self._running(self._kafka)
        node.stop()
        node.start()
        self._await_kafka(node)

    def stop_registry(self) -> None:
        """Stop the registry in order; the stack stays."""
        self._running(self._registry).stop()

    def start_registry(self) -> None:
        """Start the registry again on its ports and data, and wait until it answers."""
        server = self._running(self._registry)
        server.stop()
        server.start()
        self._await_registry(server)

    def _start(self) -> None:
        kafka_java = java.find(java.KAFKA_NEEDS)
        registry_java = java.find(java.REGISTRY_NEEDS) if self._with_registry else None
        self._take_folders()
        node_port, controller_port, *registry_ports = self._take_ports(4 if registry_java else 2)
        self._kafka = Kafka(
            self.data_dir / "kafka", self.log_dir / "kafka.log", kafka_java,
            fetch.kafka(self._cache_dir, self._say), self._cache_dir, (node_port, controller_port),
        )  # fmt: skip
        if registry_java:
            program = fetch.registry(self._cache_dir, self._say)
            port, health_port = registry_ports
            self._registry = Registry(
                self.data_dir / "registry", self.log_dir / "registry.log", registry_java,
                program, self._cache_dir, (port, health_port),
            )  # fmt: skip
            self._registry.start()
        self._kafka.start()
        self._await_kafka(self._kafka)
        if self._registry:
            self._await_registry(self._registry)

    def _take_folders(self) -> None:
        make_folder(self.data_dir)
        make_folder(self.log_dir)
        free_bytes = shutil.disk_usage(self.data_dir).free
        if free_bytes < LEAST_FREE_BYTES:
            raise Unavailable(
                f"The disk of {self.data_dir} is full: {free_bytes / 1e6:.0f} MB are free and the stack starts "
                f"with {LEAST_FREE_BYTES / 1e6:.0f} MB. Make room, or name another folder in CASEFEED_HOME."
            )
        self._lock = try_lock(self.data_dir / "lock")
        if self._lock is None:
            raise Unavailable(
                f"Another stack runs over {self.data_dir}: stop it first, or use another folder."
            )

    def _take_ports(self, count: int) -> list[int]:
        kept = self.data_dir / "ports.json"
        try:
            preferred = [int(port) for port in json.loads(kept.read_text("utf-8"))]
        except (FileNotFoundError, TypeError, ValueError):
            # New, or cut short by a crash: other ports do as well.
            preferred = []
        self._ports = Ports(count, preferred)
        # A stack without its registry keeps the registry's ports for the next one with it.
        kept.write_text(json.dumps(self._ports.numbers + preferred[count:]), "utf-8")
        return self._ports.numbers

    def _await_kafka(self, node: Kafka) -> None:
        host, port = node.bootstrap.split(":")

        def answers() -> bool:
            told = metadata(host, int(port))
            return node.bootstrap in told.brokers and told.controller >= 0

        self._await("Kafka", self._running(node.child), answers)

    def _await_registry(self, server: Registry) -> None:
        def answers() -> bool:
            return compatibility(server.url) == COMPATIBILITY

        self._await("the registry", self._running(server.child), answers)

    def _await(self, name: str, child: Child, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if not child.alive:
                raise Unavailable(
                    f"Start of {name} failed ({child.ended}). The end of {child.log}:\n{child.tail()}"
                )
            try:
                if answers():
                    return
            except (OSError, ValueError):
                # Not listening yet, or listening and not yet able to answer: the deadline decides.
                pass
            time.sleep(LOOK_EVERY_S)
        raise Unavailable(
            f"Start of {name} failed: no answer within {READY_WITHIN_S:.0f} s. "
            f"The end of {child.log}:\n{child.tail()}"
        )

    @staticmethod
    def _running(part: _Part | None) -> _Part:
        if part is None:
            raise RuntimeError("the stack is not started, or this part of it is not")
        return part
