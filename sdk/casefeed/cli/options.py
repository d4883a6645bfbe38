"""Options that commands of several rooms have alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from casefeed.contract.validation import LONG_MAX, is_child_key
from casefeed.runtime.errors import UsageError

if TYPE_CHECKING:
    from casefeed.runtime.http import ListenAddress

_F = TypeVar("_F", bound=Callable[..., Any])

SEQUENCE_NUMBER = click.IntRange(1, LONG_MAX)
"""A number that a source gave an event of a child, as the contract bounds it."""


def combined_options(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Several options as one, listed by --help in this order."""

    def given(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return given


def parse_child_key(_: click.Context, __: click.Parameter, given: str | tuple[str, ...] | None) -> str | None:
    """A child key from the command line; raises UsageError for what is none, and never repeats it.

    It may be a name or an A-number that was typed in its place, in several words too.
    """
    if given is None:
        return None
    key = given if isinstance(given, str) else " ".join(given)
    if not is_child_key(key):
        raise UsageError(
            "That is not a child key: a child key is sixteen characters, each a-z or 2-7, as it stands in a list "
            "or on an event. An A-number or a name finds no child here."
        )
    return key


def _parse_listen(_: click.Context, __: click.Parameter, given: str | None) -> ListenAddress | None:
    if given is None:
        return None
    from casefeed.runtime.http import parse_address  # the server takes long to load

    return parse_address(given)


listen_option = click.option(
    "--listen", metavar="HOST:PORT", callback=_parse_listen, help="Answer /livez, /readyz and /metrics here."
)
"""The option of every command that can listen; it gives a ListenAddress, or None."""
