"""Killing and starting single nodes of the stack that is up: what `kill` and `start` do."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from signal import Signals

from casefeed.runtime.errors import Unavailable, UsageError
from casefeed_stack.cluster import has_majority, is_serving
from casefeed_stack.home import NodeInfo, StackHome, StackInfo
from casefeed_stack.ready import READY_TIMEOUT_S

POLL_INTERVAL_S = 0.1
START_TIMEOUT_S = 150.0
"""The supervisor looks twice a second, and may have to format a disk first."""


def kill(home: StackHome, numbers: Sequence[int], signal: Signals) -> int:
    """Send nodes a signal; after SIGKILL they are down when this returns. Those that are down stay so.

    Returns how many nodes ran and got it.

    Raises UsageError, and Unavailable where no stack is up.
    """
    pids = {node["pid"] for node in _select(_require_running(home), numbers)} - {None}
    for pid in filter(None, pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal)
    if signal is Signals.SIGKILL:
        # Until the supervisor has seen it, a start would find the node still there.
        while pids & {node["pid"] for node in _require_running(home).nodes}:
            time.sleep(POLL_INTERVAL_S)
    return len(pids)


def start(home: StackHome, numbers: Sequence[int]) -> bool:
    """Start nodes that are down; True when they answer, False when they cannot until another is started too.

    Raises UsageError, and Unavailable where no stack is up or a node does not come up.
    """
    _select(_require_running(home), numbers)
    for number in numbers:
        home.request_start(number)
    deadline = time.monotonic() + START_TIMEOUT_S
    while set(home.requested_starts()) & set(numbers):
        if home.supervisor_pid() is None or time.monotonic() > deadline:
            raise Unavailable(f"The stack went down, or is stuck: see {home.supervisor_log}.")
        time.sleep(POLL_INTERVAL_S)
    running = _require_running(home)
    alive = [each for each in running.nodes if each["pid"] is not None]
    if not has_majority(len(alive), len(running.nodes)):
        return False
    deadline = time.monotonic() + READY_TIMEOUT_S
    for number in numbers:
        _wait_until_serving(home, number, deadline)
    return True


def _wait_until_serving(home: StackHome, number: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        (node,) = _select(_require_running(home), [number])
        if node["pid"] is None:
            raise Unavailable(f"Node {number} did not start ({node['ended']}): see the logs in {home.logs}.")
        with suppress(OSError, ValueError):
            if is_serving(node["address"]):
                return
        time.sleep(POLL_INTERVAL_S)
    raise Unavailable(
        f"Node {number} runs and does not answer within {READY_TIMEOUT_S:.0f} s: see the logs in {home.logs}."
    )


def _require_running(home: StackHome) -> StackInfo:
    running = home.running()
    if running is None:
        raise Unavailable(f"No stack is up under {home.folder.parent}: casefeed stack up --nodes 3 starts one.")
    return running


def _select(running: StackInfo, numbers: Sequence[int]) -> list[NodeInfo]:
    nodes = {each["number"]: each for each in running.nodes}
    if len(nodes) == 1:
        raise UsageError(
            "This stack has one node, which comes and goes with the stack: casefeed stack down, then up. "
            "One with three nodes is had with casefeed stack up --nodes 3 in another CASEFEED_HOME."
        )
    if unknown := set(numbers) - nodes.keys():
        raise UsageError(f"There is no node {min(unknown)}: this stack has the nodes {', '.join(map(str, nodes))}.")
    return [nodes[number] for number in numbers]
