"""The command group of an agency, `casefeed ice` or `casefeed orr`, and the groups in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from casefeed.cli.lazy_group import LazyGroup
from casefeed.publish.agency import Agency


def agency_group(agency: Agency, help: str, targets: Mapping[str, str]) -> click.Group:
    """The agency's own group; `targets` names its commands as `command_group` takes them."""
    return command_group(agency, agency.group, help, targets)


def command_group(agency: Agency, name: str, help: str, targets: Mapping[str, str]) -> click.Group:
    """A group of commands of an agency, which each command has as the object of its context.

    `targets` names for each command, in the order in which --help lists them, a command or the function that makes
    it for an agency, as `module:attribute`.
    """

    def make(found: Any) -> Any:
        return found if isinstance(found, click.Command) else found(agency)

    return LazyGroup(name, help=help, targets=targets, make=make, context_settings={"obj": agency})
