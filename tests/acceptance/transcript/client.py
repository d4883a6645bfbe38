"""Stands in for the executable `casefeed`: `python client.py SOCKET WORDS...` has forks.py run the command.

It imports no more than it needs, for it runs once for each command.
"""

import json
import os
import socket
import sys

STREAMS = (0, 1, 2)


def main(path: str, *words: str) -> int:
    """Have the server run a command; returns its exit code."""
    request = {"words": words, "directory": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [b"\0"], STREAMS)
        server.sendall(json.dumps(request).encode())
        server.shutdown(socket.SHUT_WR)
        return server.recv(1)[0]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
