"""The process that `casefeed stack up` leaves behind: it owns the stack, and the stack dies with it.

SIGTERM, SIGINT and SIGHUP stop the stack in order. When the registry or the one node of Kafka ends by itself, the
other is stopped, the log says which and how, and the supervisor ends: half a stack helps nobody. Of three nodes any
may end: that is said, and it is started when somebody asks for it. Nothing is restarted in secret.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from casefeed.runtime.errors import Unavailable
from casefeed_stack import pins
from casefeed_stack.home import NodeInfo, StackHome, StackInfo
from casefeed_stack.kafka import KafkaNode
from casefeed_stack.locks import try_lock
from casefeed_stack.stack import Stack

POLL_INTERVAL_S = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def supervise(
    home: StackHome, cache: Path, nodes: int | None, report_fd: int, owner_gone: Callable[[], bool] = lambda: False
) -> int:
    """Run a stack under `home` until told to stop, its owner is gone or a part of it ends; returns the exit code.

    Writes one JSON line to `report_fd`, then closes it: `{"failed": null}` when ready, else the sentence.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    lock = try_lock(home.pid_file)
    if lock is None:
        _report(report_fd, "Another `casefeed stack up` was faster: ask casefeed stack status.")
        return 1
    stack = Stack(home.data, log_dir=home.logs, nodes=nodes, cache_dir=cache, report=_log)
    try:
        stack.start()
        began = datetime.now(UTC)
        home.write(_stack_info(stack, began))
        _report(report_fd, None)
        _log(f"up: Kafka at {stack.bootstrap}, registry at {stack.registry_url}")
        return _watch(stack, home, began, owner_gone)
    except Unavailable as error:
        _log(error.message)
        _report(report_fd, error.message)
        return 3
    finally:
        _ignore_signals()
        home.clear()
        stack.stop()
        _log("down")


def _watch(stack: Stack, home: StackHome, began: datetime, owner_gone: Callable[[], bool]) -> int:
    needed = {"the registry": stack.registry_process}
    if len(stack.cluster.nodes) == 1:
        needed["Kafka"] = stack.kafka_process
    told = _stack_info(stack, began)
    while not owner_gone():
        for name, child in needed.items():
            if not child.alive:
                _log(f"{name} ended ({child.exit_description}), so the stack goes down. The end of {child.log}:")
                _log(child.tail())
                return 1
        for number in home.requested_starts():
            _start_node(stack, number)
            home.write(_stack_info(stack, began))
            home.clear_start_request(number)
        told = _update_nodes(told, _stack_info(stack, began), home)
        time.sleep(POLL_INTERVAL_S)
    return 0


def _start_node(stack: Stack, number: int) -> None:
    child = stack.cluster.nodes[number].child
    if child is not None and child.alive:
        return
    _log(f"starting node {number}")
    try:
        stack.cluster.launch(number)
    except Unavailable as error:
        _log(error.message)


def _update_nodes(previous: StackInfo, current: StackInfo, home: StackHome) -> StackInfo:
    """Say what became of the nodes since it was last `told`."""
    if current != previous:
        home.write(current)
        for node in current.nodes:
            if node["ended"] is not None and node not in previous.nodes:
                _log(f"node {node['number']} ended ({node['ended']}); the stack goes on with the others")
    return current


def _stack_info(stack: Stack, began: datetime) -> StackInfo:
    nodes = [_node_info(each) for each in stack.cluster.nodes.values()]
    return StackInfo(
        bootstrap=stack.bootstrap,
        registry_url=stack.registry_url,
        pid=os.getpid(),
        kafka_pid=nodes[0]["pid"],
        registry_pid=stack.registry_process.pid,
        kafka_version=pins.KAFKA_VERSION,
        registry_version=pins.REGISTRY_VERSION,
        log_dir=str(stack.log_dir),
        started_at=began.isoformat(timespec="seconds"),
        nodes=nodes,
    )


def _node_info(node: KafkaNode) -> NodeInfo:
    child = node.child
    if child is None:
        return NodeInfo(number=node.number, address=node.bootstrap, pid=None, ended="it could not be started")
    alive = child.alive
    return NodeInfo(
        number=node.number,
        address=node.bootstrap,
        pid=child.pid if alive else None,
        ended=None if alive else child.exit_description,
    )


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _ignore_signals()
    _log(f"told to stop ({signal.Signals(number).name})")
    raise SystemExit(0)


def _ignore_signals() -> None:
    """A stop under way is not stopped by being told again."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _report(fd: int, failed: str | None) -> None:
    # Nobody reads when the owner is gone by now; that is noticed soon enough.
    with suppress(BrokenPipeError):
        os.write(fd, (json.dumps({"failed": failed}) + "\n").encode())
    os.close(fd)


def _log(line: str) -> None:
    click.echo(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}")


if __name__ == "__main__":
    # Whoever starts us waits for this process; what supervises is its child, in a session of its own.
    if os.fork():
        os._exit(0)
    os.setsid()
    home_folder, cache_folder, nodes, report_fd = sys.argv[1:]
    sys.exit(supervise(StackHome(Path(home_folder)), Path(cache_folder), int(nodes) or None, int(report_fd)))
