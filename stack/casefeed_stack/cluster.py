"""The Kafka nodes of one stack: each started, stopped and killed by itself, or all at the same time."""

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGKILL, Signals
from typing import TypeVar

from casefeed.runtime.errors import Unavailable, UsageError
from casefeed.runtime.text import plural
from casefeed_stack.kafka import KafkaNode, fetch_metadata
from casefeed_stack.ready import wait_until_ready

NODES = (1, 3)
"""How many nodes a stack may have: one, or as few as keep a majority when one is lost."""

LAYOUT_FILE = "cluster.json"
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class ClusterLayout:
    """What a data folder is for: how many nodes, and the id by which they know their cluster."""

    nodes: int
    cluster_id: str

    def node_name(self, number: int) -> str:
        """What a node's folder and its log are called."""
        return "kafka" if self.nodes == 1 else f"kafka-{number}"

    def save(self, data: Path) -> None:
        """Settle it for the folder `data`: a node of several whose disk is wiped comes back to the same cluster."""
        if self.nodes > 1 and not (data / LAYOUT_FILE).exists():
            part = data / f"{LAYOUT_FILE}.part"
            part.write_text(json.dumps(asdict(self)) + "\n", "utf-8")
            part.replace(data / LAYOUT_FILE)


def load_layout(data: Path, nodes: int | None) -> ClusterLayout:
    """The layout of the folder `data`; where it is new, that of `nodes` nodes (None: one).

    Raises UsageError when the folder is of another number of nodes; Unavailable when it does not tell.
    """
    kept = data / LAYOUT_FILE
    try:
        found = ClusterLayout(**json.loads(kept.read_text("utf-8")))
    except FileNotFoundError:
        # Random, so that a reader can tell a wiped cluster from the one it read; a leading "-" would be taken
        # for an option.
        cluster_id = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        found = ClusterLayout(1 if (data / "kafka").exists() else nodes or 1, cluster_id)
    except (TypeError, ValueError) as error:
        raise Unavailable(
            f"{kept} does not say how many nodes the stack over {data} has: bring it back from a copy, or remove "
            f"{data} to begin with an empty stack."
        ) from error
    if nodes not in (None, found.nodes):
        raise UsageError(
            f"The data in {data} is of a stack of {plural(found.nodes, 'node')}, not of "
            f"{nodes}: leave --nodes out, name another folder in CASEFEED_HOME, or remove that one."
        )
    return found


class Cluster:
    """Nodes by number, from 1; where none is named, all are meant, and what happens to several happens at once."""

    def __init__(self, nodes: Iterable[KafkaNode]) -> None:
        """Nothing is started yet."""
        self.nodes = {each.number: each for each in nodes}

    @property
    def bootstrap(self) -> str:
        """`host:port` of every node, with commas between."""
        return ",".join(each.bootstrap for each in self.nodes.values())

    def start(self, *numbers: int) -> None:
        """Start nodes anew and wait until each answers; raises Unavailable when one does not.

        Without a majority none can answer: then nobody waits, and they answer when the next is started.
        """
        self.launch(*numbers)
        alive = [each for each in self.nodes.values() if each.child is not None and each.child.alive]
        if has_majority(len(alive), len(self.nodes)):
            for node in self._select(numbers):
                self._wait_until_serving(node)

    def launch(self, *numbers: int) -> None:
        """Start nodes anew on their ports and data; nobody waits. Raises Unavailable when one cannot be started."""

        def anew(node: KafkaNode) -> None:
            node.stop()
            node.start()

        run_in_parallel(anew, self._select(numbers))

    def stop(self, *numbers: int) -> None:
        """Stop nodes in order; they are gone when this returns."""
        run_in_parallel(KafkaNode.stop, self._select(numbers))

    def kill(self, *numbers: int, signal: Signals = SIGKILL) -> None:
        """Send nodes a signal: SIGKILL (they are gone at once), SIGSTOP and SIGCONT, SIGTERM."""
        for node in self._select(numbers):
            if node.child is not None:
                node.child.signal(signal)

    def _select(self, numbers: Sequence[int]) -> list[KafkaNode]:
        return [self.nodes[number] for number in numbers or self.nodes]

    def _wait_until_serving(self, node: KafkaNode) -> None:
        if node.child is not None:
            wait_until_ready(node.name, node.child, lambda: is_serving(node.bootstrap))


def is_serving(address: str) -> bool:
    """Whether the node at `address` (host:port) serves clients; raises OSError or ValueError as `fetch_metadata`
    does."""
    host, port = address.split(":")
    return fetch_metadata(host, int(port)).serves(address)


def has_majority(alive: int, nodes: int) -> bool:
    """Whether `alive` of `nodes` can agree on anything."""
    return 2 * alive > nodes


def run_in_parallel(action: Callable[[ItemT], object], items: Sequence[ItemT]) -> None:
    """`action` on each item in a thread of its own; returns when all have ended, raises what the first raised."""
    with ThreadPoolExecutor(max(1, len(items))) as pool:
        for done in [pool.submit(action, part) for part in items]:
            done.result()
