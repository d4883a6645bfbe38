"""The command group `casefeed ice`."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "intake": "ice_caseload.commands.intake:intake",
    "scorecard": "ice_caseload.commands.scorecard:scorecard",
    "series": "ice_caseload.commands.scorecard:series",
    "case": "ice_caseload.commands.case:case",
    "list": "ice_caseload.commands.lists:listing",
    "status": "ice_caseload.commands.status:status",
    "parked": "ice_caseload.commands.parked:parked",
    "gaps": "ice_caseload.commands.gaps:gaps",
    "refused": "ice_caseload.commands.refused:refused",
    "sources": "ice_caseload.commands.sources:sources",
    "decisions": "ice_caseload.commands.deciding:decisions",
    "record": "ice_caseload.desk:record",
    "relay": "ice_caseload.desk:relay",
    "outbox": "ice_caseload.desk:outbox",
    "replay": "ice_caseload.desk:replay",
    "resend": "ice_caseload.desk:resend",
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
