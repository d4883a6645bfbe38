"""The command group of an agency: `casefeed ice`, `casefeed orr`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from casefeed.cli.lazy_group import LazyGroup
from casefeed.publish.agency import Agency


def agency_group(agency: Agency, help: str, factories: Mapping[str, str]) -> click.Group:
    """The agency's command group.

    `factories` names for each command the function that makes it for an agency, as `module:function`.
    """
    return LazyGroup(agency.group, help=help, targets=factories, make=lambda factory: factory(agency))
