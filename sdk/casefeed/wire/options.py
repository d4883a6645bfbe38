"""Options that commands of several rooms have alike."""

from __future__ import annotations

import click

from casefeed.contract.rules import LONG_MAX, is_child_key
from casefeed.wire.errors import WrongUse

NUMBER = click.IntRange(1, LONG_MAX)
"""A number that a source gave an event of a child, as the contract bounds it."""


def child_key(_ctx: click.Context, _param: click.Parameter, key: str | None) -> str | None:
    """A child key given with --child; raises WrongUse for what is none, which may be a name, and never repeats it."""
    if key is not None and not is_child_key(key):
        raise WrongUse(
            "--child is no child key: sixteen characters, each a-z or 2-7. It is not repeated here."
        )
    return key
