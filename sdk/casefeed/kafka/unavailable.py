"""Whether anything listens at an address of this machine, asked without a client, which takes long to load; and the
sentences that say that no broker, or no registry, answers, where `cause` is the name of the client's error."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable

TIMEOUT_S = 0.2


def broker_unavailable(bootstrap: str, cause: str) -> BrokerUnavailable:
    """The error that says that no broker answers at `bootstrap`."""
    return BrokerUnavailable(
        f"The Kafka broker at {bootstrap} does not answer ({cause}); "
        "start it (`casefeed stack up`) or set CASEFEED_KAFKA_BOOTSTRAP."
    )


def registry_unavailable(masked_url: str, cause: str) -> RegistryUnavailable:
    """The error that says that no registry answers at a URL, which holds no password."""
    return RegistryUnavailable(
        f"The schema registry at {masked_url} does not answer ({cause}); "
        "start it (`casefeed stack up`) or set CASEFEED_REGISTRY_URL."
    )


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
