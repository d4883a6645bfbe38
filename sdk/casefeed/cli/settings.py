"""`casefeed settings`: what is in force, and where each value came from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from rich import box
from rich.console import Console
from rich.table import Column, Table

from casefeed.wire.settings import explain

WIDTH_IN_A_PIPE = 200


@click.command
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def settings(form: str) -> None:
    """Show each setting in force and where it came from; secrets are masked."""
    found = explain()
    if form == "json":
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    table = Table("setting", Column("value", overflow="fold"), "from", "meaning", box=box.SIMPLE_HEAD)
    for each in found:
        table.add_row(each.name, each.value, each.origin, each.meaning)
    Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_PIPE).print(table)
