"""Killing and starting single nodes of the stack that is up: what `kill` and `start` do."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from signal import Signals

from casefeed.runtime.errors import Unavailable, WrongUse
from casefeed_stack.cluster import answers, has_majority
from casefeed_stack.home import Home, Node, Running
from casefeed_stack.ready import READY_WITHIN_S

LOOK_EVERY_S = 0.1
TAKEN_UP_WITHIN_S = 150.0
"""The supervisor looks twice a second, and may have to format a disk first."""


def kill(home: Home, numbers: Sequence[int], signal: Signals) -> int:
    """Send nodes a signal; after SIGKILL they are down when this returns. Those that are down stay so.

    Returns how many nodes ran and got it.

    Raises WrongUse, and Unavailable where no stack is up.
    """
    pids = {node["pid"] for node in _named(_running(home), numbers)} - {None}
    for pid in filter(None, pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal)
    if signal is Signals.SIGKILL:
        # Until the supervisor has seen it, a start would find the node still there.
        while pids & {node["pid"] for node in _running(home).nodes}:
            time.sleep(LOOK_EVERY_S)
    return len(pids)


def start(home: Home, numbers: Sequence[int]) -> bool:
    """Start nodes that are down; True when they answer, False when they cannot until another is started too.

    Raises WrongUse, and Unavailable where no stack is up or a node does not come up.
    """
    _named(_running(home), numbers)
    for number in numbers:
        home.want(number)
    deadline = time.monotonic() + TAKEN_UP_WITHIN_S
    while set(home.wanted()) & set(numbers):
        if home.supervisor() is None or time.monotonic() > deadline:
            raise Unavailable(f"The stack went down, or is stuck: see {home.supervisor_log}.")
        time.sleep(LOOK_EVERY_S)
    running = _running(home)
    alive = [each for each in running.nodes if each["pid"] is not None]
    if not has_majority(len(alive), len(running.nodes)):
        return False
    deadline = time.monotonic() + READY_WITHIN_S
    for number in numbers:
        _await(home, number, deadline)
    return True


def _await(home: Home, number: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        (node,) = _named(_running(home), [number])
        if node["pid"] is None:
            raise Unavailable(f"Node {number} did not start ({node['ended']}): see the logs in {home.logs}.")
        with suppress(OSError, ValueError):
            if answers(node["address"]):
                return
        time.sleep(LOOK_EVERY_S)
    raise Unavailable(
        f"Node {number} runs and does not answer within {READY_WITHIN_S:.0f} s: see the logs in {home.logs}."
    )


def _running(home: Home) -> Running:
    running = home.running()
    if running is None:
        raise Unavailable(
            f"No stack is up under {home.folder.parent}: casefeed stack up --nodes 3 starts one."
        )
    return running


def _named(running: Running, numbers: Sequence[int]) -> list[Node]:
    nodes = {each["number"]: each for each in running.nodes}
    if len(nodes) == 1:
        raise WrongUse(
            "This stack has one node, which comes and goes with the stack: casefeed stack down, then up. "
            "One with three nodes is had with casefeed stack up --nodes 3 in another CASEFEED_HOME."
        )
    if unknown := set(numbers) - nodes.keys():
        raise WrongUse(
            f"There is no node {min(unknown)}: this stack has the nodes {', '.join(map(str, nodes))}."
        )
    return [nodes[number] for number in numbers]
