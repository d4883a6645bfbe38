"""Kafka nodes and a registry that live as long as their owner wants, and never longer than it lives."""

import json
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Self, TypeVar

from casefeed.runtime.errors import Unavailable
from casefeed_stack import fetch, java
from casefeed_stack.cluster import Cluster, ClusterLayout, load_layout, run_in_parallel
from casefeed_stack.home import make_folder
from casefeed_stack.jvm import Jvm
from casefeed_stack.kafka import KafkaNode, NodePorts
from casefeed_stack.locks import try_lock
from casefeed_stack.ports import ReservedPorts
from casefeed_stack.process import ChildProcess
from casefeed_stack.ready import wait_until_ready
from casefeed_stack.registry import COMPATIBILITY, ApicurioRegistry, fetch_compatibility

MIN_FREE_BYTES = 200_000_000
"""Below this nothing is started: on a full disk neither program can so much as write why it failed."""

_PartT = TypeVar("_PartT")


class Stack:
    """Kafka, of one node or of three, and, unless told otherwise, one registry, over one data folder.

    `bootstrap`, `registry_url` and `cluster` are good from `start` to `stop`. Ports and data outlive a stop: the
    next stack over the same folder has both again (the ports, if they are still free), and as many nodes. What
    fails raises Unavailable with a sentence, and the end of the log in it where there is one.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        log_dir: Path | None = None,
        nodes: int | None = None,
        proxies: Sequence[int] = (),
        registry: bool = True,
        cache_dir: Path | None = None,
        report: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Nothing happens yet. `report` gets a line when something takes long (a fetch, another's fetch).

        `nodes`: None is what the folder holds, one where it is new. `proxies`: for each node the port at which a
        proxy of yours listens; it is to connect to the port of the same place in `proxied`.
        """
        self.data_dir = data_dir.absolute()
        self.log_dir = (log_dir or data_dir / "logs").absolute()
        self._cache_dir = cache_dir or fetch.cache_dir()
        self._requested_nodes = nodes
        self._proxies = proxies
        self._with_registry = registry
        self._report = report
        self._lock: IO[str] | None = None
        self._ports: ReservedPorts | None = None
        self._cluster: Cluster | None = None
        self._registry: ApicurioRegistry | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    @property
    def cluster(self) -> Cluster:
        """The nodes, to be killed and started one by one."""
        return self._require_started(self._cluster)

    @property
    def bootstrap(self) -> str:
        """`host:port` of each node, with commas between."""
        return self.cluster.bootstrap

    @property
    def proxied(self) -> list[int]:
        """For each node the port at which it takes the connections of its proxy; empty without proxies."""
        nodes = self.cluster.nodes.values()
        return [each.ports.proxied[0] for each in nodes if each.ports.proxied is not None]

    @property
    def registry_url(self) -> str:
        """Base address of the registry's Confluent-compatible interface."""
        return self._require_started(self._registry).url

    @property
    def kafka_process(self) -> ChildProcess:
        """The process of the first node: `pid`, `alive`."""
        return self._require_started(self.cluster.nodes[1].child)

    @property
    def registry_process(self) -> ChildProcess:
        """The registry's process: `pid`, `alive`."""
        return self._require_started(self._require_started(self._registry).child)

    def start(self) -> None:
        """Fetch what the cache lacks, start both and wait until both answer a real call."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both, at the same time; both are gone when this returns. Stopping twice is no error."""
        nodes = self._cluster.nodes.values() if self._cluster is not None else ()
        parts: list[Jvm] = [*nodes, *([self._registry] if self._registry is not None else [])]
        run_in_parallel(Jvm.stop, parts)
        if self._ports is not None:
            self._ports.release()
        if self._lock is not None:
            self._lock.close()
        self._registry = self._cluster = self._ports = self._lock = None

    def kill_kafka(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send every node a signal: SIGKILL (they are gone at once), SIGSTOP and SIGCONT, SIGTERM."""
        self.cluster.kill(signal=number)

    def stop_kafka(self) -> None:
        """Stop every node in order; the stack stays."""
        self.cluster.stop()

    def start_kafka(self) -> None:
        """Start every node again on its ports and data, and wait until each answers."""
        self.cluster.start()

    def stop_registry(self) -> None:
        """Stop the registry in order; the stack stays."""
        self._require_started(self._registry).stop()

    def start_registry(self) -> None:
        """Start the registry again on its ports and data, and wait until it answers."""
        server = self._require_started(self._registry)
        server.stop()
        server.start()
        self._wait_for_registry(server)

    def _start(self) -> None:
        kafka_java = java.find(java.KAFKA_MIN_VERSION)
        registry_java = java.find(java.REGISTRY_MIN_VERSION) if self._with_registry else None
        self._lock_folders()
        found = load_layout(self.data_dir, self._requested_nodes)
        found.save(self.data_dir)
        node_ports, registry_ports = self._reserve_ports(found)
        jars = fetch.kafka(self._cache_dir, self._report)
        self._cluster = Cluster(
            KafkaNode(
                number, node_ports, found.cluster_id, self.data_dir / found.node_name(number),
                self.log_dir / f"{found.node_name(number)}.log", kafka_java, jars, self._cache_dir,
            )
            for number in node_ports
        )  # fmt: skip
        if registry_java:
            program = fetch.registry(self._cache_dir, self._report)
            self._registry = ApicurioRegistry(
                self.data_dir / "registry", self.log_dir / "registry.log", registry_java,
                program, self._cache_dir, registry_ports,
            )  # fmt: skip
            self._registry.start()
        self._cluster.start()
        if self._registry:
            self._wait_for_registry(self._registry)

    def _lock_folders(self) -> None:
        make_folder(self.data_dir)
        make_folder(self.log_dir)
        free_bytes = shutil.disk_usage(self.data_dir).free
        if free_bytes < MIN_FREE_BYTES:
            raise Unavailable(
                f"The disk of {self.data_dir} is full: {free_bytes / 1e6:.0f} MB are free and the stack starts "
                f"with {MIN_FREE_BYTES / 1e6:.0f} MB. Make room, or name another folder in CASEFEED_HOME."
            )
        self._lock = try_lock(self.data_dir / "lock")
        if self._lock is None:
            raise Unavailable(f"Another stack runs over {self.data_dir}: stop it first, or use another folder.")

    def _reserve_ports(self, layout: ClusterLayout) -> tuple[dict[int, NodePorts], tuple[int, int]]:
        """Where the nodes and the registry listen; a stack without a registry has its ports all the same.

        So the next one over this folder that has one finds them.
        """
        kept = self.data_dir / "ports.json"
        try:
            preferred = [int(port) for port in json.loads(kept.read_text("utf-8"))]
        except (FileNotFoundError, TypeError, ValueError):
            # New, or cut short by a crash: other ports do as well.
            preferred = []
        self._ports = ReservedPorts(2 * layout.nodes + 2 + len(self._proxies), preferred)
        kept.write_text(json.dumps(self._ports.numbers), "utf-8")
        ports = iter(self._ports.numbers)
        pairs = [(next(ports), next(ports)) for _ in range(layout.nodes)]
        registry = next(ports), next(ports)
        proxied = dict(enumerate(zip(ports, self._proxies, strict=True), 1))
        return {number: NodePorts(*pair, proxied.get(number)) for number, pair in enumerate(pairs, 1)}, registry

    def _wait_for_registry(self, server: ApicurioRegistry) -> None:
        def answers() -> bool:
            return fetch_compatibility(server.url) == COMPATIBILITY

        wait_until_ready("the registry", self._require_started(server.child), answers)

    @staticmethod
    def _require_started(part: _PartT | None) -> _PartT:
        if part is None:
            raise RuntimeError("the stack is not started, or this part of it is not")
        return part
