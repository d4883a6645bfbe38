"""The command group of an agency, `casefeed ice` or `casefeed orr`, and the groups in it."""

from __future__ import annotations

from collections.abc import Mapping

import click

from casefeed.cli.lazy_group import LazyGroup
from casefeed.publish.agency import Agency


def agency_group(agency: Agency, help: str, factories: Mapping[str, str]) -> click.Group:
    """The agency's own group, of the commands that `factories` make."""
    return command_group(agency, agency.group, help, factories)


def command_group(agency: Agency, name: str, help: str, factories: Mapping[str, str]) -> click.Group:
    """A group of commands of an agency.

    `factories` names for each command the function that makes it for an agency, as `module:function`, in the order
    in which --help lists them.
    """
    return LazyGroup(name, help=help, targets=factories, make=lambda factory: factory(agency))
