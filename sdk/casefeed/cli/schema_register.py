"""`casefeed schema register`: the registry gets every packaged schema before anything is published."""

from __future__ import annotations

import asyncio

import click

from casefeed.contract.catalogue import load_catalogue
from casefeed.runtime.settings import load as load_settings


@click.command("register")
def register_command() -> None:
    """Register every packaged schema; doing it again changes nothing.

    A producer registers what it sends by itself: this makes the registry whole before the first event.
    """
    registered = asyncio.run(_register(load_settings().registry_url))
    for name, number in sorted(registered.items()):
        click.echo(f"{name}: {number}")


async def _register(url: str) -> dict[str, int]:
    from casefeed.kafka.registry import SchemaRegistry  # not for --help

    async with SchemaRegistry(url) as registry:
        return await registry.register_all(load_catalogue())
