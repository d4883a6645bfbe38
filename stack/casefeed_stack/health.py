"""Whether a stack that is up answers: the same calls that told it ready."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypedDict

from casefeed_stack.home import Node, Running
from casefeed_stack.kafka import Metadata, metadata
from casefeed_stack.registry import COMPATIBILITY, compatibility

ANSWER_WITHIN_S = 10.0


class NodeState(TypedDict):
    """A node and how it is: `up`, `silent` (it runs and does not serve) or `down`."""

    number: int
    address: str
    pid: int | None
    ended: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Health:
    """What each part answered; None for one that did not."""

    cluster_id: str | None
    compatibility: str | None
    nodes: list[NodeState]

    @property
    def well(self) -> bool:
        """Whether all answer as they should."""
        return (
            self.cluster_id is not None
            and self.compatibility == COMPATIBILITY
            and all(each["state"] == "up" for each in self.nodes)
        )


NOTHING = Health(None, None, [])


def ask(running: Running) -> Health:
    """Call each part; on a busy machine it may take its time to answer."""
    with ThreadPoolExecutor(len(running.nodes)) as pool:
        said = list(pool.map(_told, running.nodes))
    try:
        level = compatibility(running.registry_url, ANSWER_WITHIN_S)
    except (OSError, ValueError):
        level = None
    return Health(
        next((told.cluster_id for told in said if told is not None), None),
        level,
        [NodeState(**node, state=_state(node, told)) for node, told in zip(running.nodes, said, strict=True)],
    )


def _told(node: Node) -> Metadata | None:
    if node["pid"] is None:
        return None
    host, port = node["address"].split(":")
    try:
        return metadata(host, int(port), ANSWER_WITHIN_S)
    except (OSError, ValueError):
        return None


def _state(node: Node, told: Metadata | None) -> str:
    if node["pid"] is None:
        return "down"
    return "up" if told is not None and told.serves(node["address"]) else "silent"
