"""Whether anything listens at an address of this machine, asked without a client: a client takes long to load."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

TIMEOUT_S = 0.2


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or its address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_refused(url: str, default_port: int) -> bool:
    """Whether this machine refuses a connection to the host and port of `url` (//HOST:PORT, or with a scheme).

    False for another machine, which may take long to say so, and for what does not refuse at once.
    """
    address = urlsplit(url)
    if not is_loopback(address.hostname or ""):
        return False
    try:
        with socket.create_connection((address.hostname, address.port or default_port), timeout=TIMEOUT_S):
            return False
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
