"""The process that `casefeed stack up` leaves behind: it owns the stack, and the stack dies with it.

SIGTERM, SIGINT and SIGHUP stop the stack in order. When Kafka or the registry ends by itself, the other is stopped,
the log says which and how, and the supervisor ends: half a stack helps nobody. Nothing is restarted in secret.
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

from casefeed.wire.errors import Unavailable
from casefeed_stack import pins
from casefeed_stack.home import Home, Running
from casefeed_stack.locks import try_lock
from casefeed_stack.process import Child
from casefeed_stack.stack import Stack

LOOK_EVERY_S = 0.5
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def supervise(home: Home, cache: Path, report_fd: int, owner_gone: Callable[[], bool] = lambda: False) -> int:
    """Run a stack under `home` until told to stop, its owner is gone or a part of it ends; returns the exit code.

    Writes one JSON line to `report_fd`, then closes it: `{"failed": null}` when ready, else the sentence.
    """
    for number in STOPPING:
        signal.signal(number, _stop)
    lock = try_lock(home.pid_file)
    if lock is None:
        _report(report_fd, "Another `casefeed stack up` was faster: ask casefeed stack status.")
        return 1
    stack = Stack(home.data, log_dir=home.logs, cache_dir=cache, say=_log)
    try:
        stack.start()
        home.write(_running(stack))
        _report(report_fd, None)
        _log(f"up: Kafka at {stack.bootstrap}, registry at {stack.registry_url}")
        return _watch({"Kafka": stack.kafka, "the registry": stack.registry}, owner_gone)
    except Unavailable as error:
        _log(error.sentence)
        _report(report_fd, error.sentence)
        return 3
    finally:
        _ignore_signals()
        home.forget()
        stack.stop()
        _log("down")


def _watch(parts: dict[str, Child], owner_gone: Callable[[], bool]) -> int:
    while not owner_gone():
        for name, child in parts.items():
            if not child.alive:
                _log(f"{name} ended ({child.ended}), so the stack goes down. The end of {child.log}:")
                _log(child.tail())
                return 1
        time.sleep(LOOK_EVERY_S)
    return 0


def _running(stack: Stack) -> Running:
    return Running(
        bootstrap=stack.bootstrap,
        registry_url=stack.registry_url,
        pid=os.getpid(),
        kafka_pid=stack.kafka.pid,
        registry_pid=stack.registry.pid,
        kafka_version=pins.KAFKA_VERSION,
        registry_version=pins.REGISTRY_VERSION,
        log_dir=str(stack.log_dir),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _ignore_signals()
    _log(f"told to stop ({signal.Signals(number).name})")
    raise SystemExit(0)


def _ignore_signals() -> None:
    """A stop under way is not stopped by being told again."""
    for number in STOPPING:
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
    home_folder, cache_folder, report_fd = sys.argv[1:]
    sys.exit(supervise(Home(Path(home_folder)), Path(cache_folder), int(report_fd)))
