"""What a test may ask of the running broker and registry, whichever they are."""

from __future__ import annotations

from typing import Protocol


class StackServices(Protocol):
    """One Kafka node and one schema registry that keep their addresses and their data over stop, kill and start.

    `casefeed_stack.Stack` is one, `tests.compose.containers.Containers` the other: TEST_KAFKA says which. Whoever
    stops or kills a part starts it again.
    """

    @property
    def bootstrap(self) -> str:
        """`host:port` of the node."""

    @property
    def registry_url(self) -> str:
        """Base address of the registry's Confluent-compatible interface."""

    def kill_kafka(self) -> None:
        """SIGKILL the node; it is gone when this returns."""

    def stop_kafka(self) -> None:
        """Stop the node in order; it is gone when this returns."""

    def start_kafka(self) -> None:
        """Start the node again and wait until it answers."""

    def stop_registry(self) -> None:
        """Stop the registry in order; it is gone when this returns."""

    def start_registry(self) -> None:
        """Start the registry again and wait until it answers."""
