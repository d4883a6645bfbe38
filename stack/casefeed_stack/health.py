"""Whether a stack that is up answers: the same calls that told it ready."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypedDict

from casefeed_stack.home import NodeInfo, StackInfo
from casefeed_stack.kafka import ClusterMetadata, fetch_metadata
from casefeed_stack.registry import COMPATIBILITY, fetch_compatibility

REQUEST_TIMEOUT_S = 10.0


class NodeState(TypedDict):
    """A node and how it is: `up`, `silent` (it runs and does not serve) or `down`."""

    number: int
    address: str
    pid: int | None
    ended: str | None
    state: str


@dataclass(frozen=True, slots=True)
class StackHealth:
    """What each part answered; None for one that did not."""

    cluster_id: str | None
    compatibility: str | None
    nodes: list[NodeState]

    @property
    def is_healthy(self) -> bool:
        """Whether all answer as they should."""
        return (
            self.cluster_id is not None
            and self.compatibility == COMPATIBILITY
            and all(each["state"] == "up" for each in self.nodes)
        )


NOT_RUNNING = StackHealth(None, None, [])


def check_health(running: StackInfo) -> StackHealth:
    """Call each part; on a busy machine it may take its time to answer."""
    with ThreadPoolExecutor(len(running.nodes)) as pool:
        said = list(pool.map(_node_metadata, running.nodes))
    try:
        level = fetch_compatibility(running.registry_url, REQUEST_TIMEOUT_S)
    except (OSError, ValueError):
        level = None
    return StackHealth(
        next((told.cluster_id for told in said if told is not None), None),
        level,
        [NodeState(**node, state=_node_state(node, told)) for node, told in zip(running.nodes, said, strict=True)],
    )


def _node_metadata(node: NodeInfo) -> ClusterMetadata | None:
    if node["pid"] is None:
        return None
    host, port = node["address"].split(":")
    try:
        return fetch_metadata(host, int(port), REQUEST_TIMEOUT_S)
    except (OSError, ValueError):
        return None


def _node_state(node: NodeInfo, answer: ClusterMetadata | None) -> str:
    if node["pid"] is None:
        return "down"
    return "up" if answer is not None and answer.serves(node["address"]) else "silent"
