"""The ways a command ends that are not a fault of the program; `casefeed.cli.main` gives them exit codes."""

from __future__ import annotations

from typing import ClassVar


class Sentence(Exception):
    """Carries one `sentence` for people: what was wrong, where, what to do; never a personal value."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class AnswerIsNo(Sentence):
    """The question was answered, and the answer is no: exit code 1."""


class WrongUse(Sentence):
    """The command was asked for something that cannot be meant: exit code 2."""


class Unavailable(Sentence):
    """Something the command needs is not there: exit code 3."""

    service: ClassVar[str] = "other"
    """Which service of the surroundings that is, in a word."""


class BrokerUnavailable(Unavailable):
    """No Kafka broker answers at the address in force."""

    service = "broker"


class Unacknowledged(BrokerUnavailable):
    """The broker answers, and has not acknowledged what it was given."""


class Stalled(Unavailable):
    """The broker answers, and nothing moves however often this process connects: its client is stuck."""


class RegistryUnavailable(Unavailable):
    """The schema registry does not answer, or not as a registry does."""

    service = "registry"
