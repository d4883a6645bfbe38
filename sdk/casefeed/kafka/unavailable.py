"""The sentences that say that no broker, or no registry, answers; `cause` is the name of the client's error."""

from __future__ import annotations

from casefeed.runtime.errors import BrokerUnavailable, RegistryUnavailable


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
