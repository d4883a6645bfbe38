"""Free ports on the loopback, kept apart between stacks that start at the same moment."""

import os
import random
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from casefeed.runtime.errors import Unavailable
from casefeed_stack.locks import try_lock

# Below 32768: a port of the ephemeral range can be taken by any outgoing connection before the JVM binds it.
FIRST, LAST = 20_000, 32_000


class Ports:
    """Reserved ports: nobody who reserves through this class gets one of `numbers` until `release`."""

    def __init__(self, count: int, preferred: Sequence[int] = ()) -> None:
        """Reserve `count` ports, the `preferred` ones where free; raises Unavailable when none are."""
        folder = Path(tempfile.gettempdir()) / f"casefeed-ports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.numbers: list[int] = []
        self._locks: list[IO[str]] = []
        for position in range(count):
            wanted = preferred[position : position + 1]
            for port in (*wanted, *random.sample(range(FIRST, LAST), 200)):
                if self._reserve(folder, port):
                    break
            else:
                self.release()
                raise Unavailable(
                    f"No free port between {FIRST} and {LAST} on 127.0.0.1: end what holds them."
                )

    def _reserve(self, folder: Path, port: int) -> bool:
        lock = try_lock(folder / str(port))
        if lock is None:
            return False
        if not is_free(port):
            lock.close()
            return False
        self.numbers.append(port)
        self._locks.append(lock)
        return True

    def release(self) -> None:
        """Give the ports back."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        # As the JVMs do: connections of a server that has just stopped linger and are no reason to move.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True
