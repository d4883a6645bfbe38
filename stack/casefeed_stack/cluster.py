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

from casefeed.runtime.errors import Unavailable, WrongUse
from casefeed.runtime.text import plural
from casefeed_stack.kafka import Kafka, metadata
from casefeed_stack.ready import await_answer

NODES = (1, 3)
"""How many nodes a stack may have: one, or as few as keep a majority when one is lost."""

KEPT = "cluster.json"
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a data folder is for: how many nodes, and the id by which they know their cluster."""

    nodes: int
    cluster_id: str

    def name(self, number: int) -> str:
        """What a node's folder and its log are called."""
        return "kafka" if self.nodes == 1 else f"kafka-{number}"

    def keep(self, data: Path) -> None:
        """Settle it for the folder `data`: a node of several whose disk is wiped comes back to the same cluster."""
        if self.nodes > 1 and not (data / KEPT).exists():
            part = data / f"{KEPT}.part"
            part.write_text(json.dumps(asdict(self)) + "\n", "utf-8")
            part.replace(data / KEPT)


def layout(data: Path, nodes: int | None) -> Layout:
    """The layout of the folder `data`; where it is new, that of `nodes` nodes (None: one).

    Raises WrongUse when the folder is of another number of nodes; Unavailable when it does not tell.
    """
    kept = data / KEPT
    try:
        found = Layout(**json.loads(kept.read_text("utf-8")))
    except FileNotFoundError:
        # Random, so that a reader can tell a wiped cluster from the one it read; a leading "-" would be taken
        # for an option.
        cluster_id = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        found = Layout(1 if (data / "kafka").exists() else nodes or 1, cluster_id)
    except (TypeError, ValueError) as error:
        raise Unavailable(
            f"{kept} does not say how many nodes the stack over {data} has: bring it back from a copy, or remove "
            f"{data} to begin with an empty stack."
        ) from error
    if nodes not in (None, found.nodes):
        raise WrongUse(
            f"The data in {data} is of a stack of {plural(found.nodes, 'node')}, not of "
            f"{nodes}: leave --nodes out, name another folder in CASEFEED_HOME, or remove that one."
        )
    return found


class Cluster:
    """Nodes by number, from 1; where none is named, all are meant, and what happens to several happens at once."""

    def __init__(self, nodes: Iterable[Kafka]) -> None:
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
            for node in self._named(numbers):
                self._await(node)

    def launch(self, *numbers: int) -> None:
        """Start nodes anew on their ports and data; nobody waits. Raises Unavailable when one cannot be started."""

        def anew(node: Kafka) -> None:
            node.stop()
            node.start()

        at_once(anew, self._named(numbers))

    def stop(self, *numbers: int) -> None:
        """Stop nodes in order; they are gone when this returns."""
        at_once(Kafka.stop, self._named(numbers))

    def kill(self, *numbers: int, signal: Signals = SIGKILL) -> None:
        """Send nodes a signal: SIGKILL (they are gone at once), SIGSTOP and SIGCONT, SIGTERM."""
        for node in self._named(numbers):
            if node.child is not None:
                node.child.signal(signal)

    def _named(self, numbers: Sequence[int]) -> list[Kafka]:
        return [self.nodes[number] for number in numbers or self.nodes]

    def _await(self, node: Kafka) -> None:
        if node.child is not None:
            await_answer(node.name, node.child, lambda: answers(node.bootstrap))


def answers(address: str) -> bool:
    """Whether the node at `address` (host:port) serves clients; raises OSError or ValueError as `metadata` does."""
    host, port = address.split(":")
    return metadata(host, int(port)).serves(address)


def has_majority(alive: int, nodes: int) -> bool:
    """Whether `alive` of `nodes` can agree on anything."""
    return 2 * alive > nodes


def at_once(act: Callable[[Part], object], parts: Sequence[Part]) -> None:
    """`act` on each part in a thread of its own; returns when all have ended, raises what the first raised."""
    with ThreadPoolExecutor(max(1, len(parts))) as pool:
        for done in [pool.submit(act, part) for part in parts]:
            done.result()
