"""`casefeed settings`: what is in force, and where each value came from."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from casefeed.cli import tables
from casefeed.runtime.settings import explain


@click.command
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def settings(form: str) -> None:
    """Show each setting in force and where it came from; secrets are masked."""
    found = explain()
    if form == "json":
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    rows = ((each.name, each.value, each.origin, each.meaning) for each in found)
    tables.say(("setting", "value", "from", "meaning"), rows)
