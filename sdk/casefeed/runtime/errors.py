"""The ways a command ends that are not a fault of the program; `casefeed.cli.app` gives them exit codes."""

from __future__ import annotations

from typing import ClassVar


class CasefeedError(Exception):
    """Carries one `message` for people: what was wrong, where, what to do; never a personal value."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CheckFailed(CasefeedError):
    """The question was answered, and the answer is no: exit code 1."""


class UsageError(CasefeedError):
    """The command was asked for something that cannot be meant: exit code 2."""


class Unavailable(CasefeedError):
    """Something the command needs is not there: exit code 3."""

    service: ClassVar[str] = "other"
    """Which service of the surroundings that is, in a word."""


class BrokerUnavailable(Unavailable):
    """No Kafka broker answers at the address in force."""

    service = "broker"


class Unacknowledged(BrokerUnavailable):
    """The broker answers, and has not acknowledged what it was given."""


class ClientStalled(Unavailable):
    """The broker answers, and nothing moves however often this process connects: its client is stuck."""


class RegistryUnavailable(Unavailable):
    """The schema registry does not answer, or not as a registry does."""

    service = "registry"
