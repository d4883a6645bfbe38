"""Runs casefeed commands as forks of one process that has imported all of it, so that each starts in milliseconds.

`python -P forks.py SOCKET` serves the clients of client.py. A command gets the client's arguments, directory,
environment and standard streams, and the client exits with the command's exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import entry_points
from typing import Any

STREAMS = (0, 1, 2)


def load() -> Callable[[], Any]:
    """The function behind the executable `casefeed`, once every module of its packages is imported."""
    (script,) = entry_points(group="console_scripts", name="casefeed")
    packages = {each.module.partition(".")[0] for each in (script, *entry_points(group="casefeed.commands"))}
    for name in sorted(packages):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                with suppress(ImportError):  # a library of an extra that is not installed
                    importlib.import_module(module.name)
    main: Callable[[], Any] = script.load()
    gc.freeze()
    return main


def next_request(path: str) -> dict[str, Any]:
    """Serve for ever; returns only in a forked process, with the request that it is to run."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        client, _ = listener.accept()
        if os.fork():
            client.close()
            continue
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, streams, _, _ = socket.recv_fds(client, 1, len(STREAMS))
        with client.makefile("rb") as sent:
            request: dict[str, Any] = json.load(sent)
        # The first fork waits for the second, which is the command, and sends its exit code.
        if command := os.fork():
            for each in streams:
                os.close(each)
            code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
            client.sendall(bytes([code % 256]))
            os._exit(0)
        client.close()
        for number, each in zip(STREAMS, streams, strict=True):
            os.dup2(each, number)
            os.close(each)
        return request


def serve(path: str) -> None:
    """Fork a command for each request."""
    main = load()
    request = next_request(path)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["casefeed", *request["words"]]
    main()


if __name__ == "__main__":
    serve(sys.argv[1])
