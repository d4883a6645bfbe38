"""The command group of an agency, `casefeed ice` or `casefeed orr`, and the groups in it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import click

from casefeed.cli.lazy_group import LazyGroup
from casefeed.publish.agency import Agency


def agency_group(agency: Agency, help: str, targets: Mapping[str, str], *, name: str = "") -> click.Group:
    """A group of commands of an agency, which each command has as the object of its context.

    `targets` names for each command, in the order in which --help lists them, a command or the function that makes
    it for an agency, as `module:attribute`. The help of a command may name `{agency}` and its attributes. `name`: the
    agency's own unless given.
    """

    def make(found: Any) -> Any:
        if not isinstance(found, click.Command):
            return found(agency)
        command = copy(found)
        command.help = (found.help or "").format(agency=agency)
        return command

    return LazyGroup(name or agency.group, help=help, targets=targets, make=make, context_settings={"obj": agency})
