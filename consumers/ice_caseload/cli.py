"""The command group `casefeed ice`."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "intake": "casefeed.cli.agency.intake:intake",
    "scorecard": "casefeed.cli.agency.scorecard:scorecard",
    "series": "casefeed.cli.agency.scorecard:series",
    "case": "casefeed.cli.agency.case:case",
    "list": "casefeed.cli.agency.lists:listing",
    "status": "casefeed.cli.agency.status:status",
    "parked": "casefeed.cli.agency.parked:parked",
    "gaps": "casefeed.cli.agency.gaps:gaps",
    "refused": "casefeed.cli.agency.refused:refused",
    "sources": "casefeed.cli.agency.sources:sources",
    "decisions": "casefeed.cli.agency.decisions:decisions",
    "record": "ice_caseload.agency:record",
    "relay": "ice_caseload.agency:relay",
    "outbox": "ice_caseload.agency:outbox",
    "replay": "ice_caseload.agency:replay",
    "resend": "ice_caseload.agency:resend",
}


class LazyGroup(click.Group):
    """Loads a command when it is asked for, so that each starts as fast as it can."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup)
def ice() -> None:
    """ICE's side: read the feed into the ledger, ask the ledger, tell ORR what ICE knows."""
