"""`casefeed stack up|down|status|run`: a real Kafka and registry on this machine without docker."""

import json
import os
import select
import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from casefeed.wire.errors import AnswerIsNo
from casefeed.wire.settings import load
from casefeed_stack import detached
from casefeed_stack.fetch import cache_dir
from casefeed_stack.health import Health, ask
from casefeed_stack.home import Home, Running
from casefeed_stack.supervisor import supervise


@click.group()
def stack() -> None:
    """A real Kafka and schema registry on this machine, without docker."""


@stack.command()
def up() -> None:
    """Start them and leave them running; at the first time they are fetched (0.2 GB).

    Their data lies under CASEFEED_HOME and outlives `down`. Every casefeed command finds them by itself.
    """
    home = Home(load().home)
    running, before = detached.up(home, cache_dir(), lambda line: click.echo(line, err=True))
    click.echo("The stack is already up." if before else "The stack is up.")
    _show(running)


@stack.command()
def run() -> None:
    """Start them and stay: they end with this process, when its input closes or it is told to stop.

    One JSON line on standard output says that they are ready, or why not.
    """
    home = Home(load().home)
    home.make()
    report = os.dup(sys.stdout.fileno())
    with home.supervisor_log.open("a") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    sys.exit(supervise(home, cache_dir(), report, _input_closed))


def _input_closed() -> bool:
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(ready) and not os.read(sys.stdin.fileno(), 4096)


@stack.command()
def down() -> None:
    """Stop them; their data and logs stay."""
    home = Home(load().home)
    if detached.down(home):
        click.echo(f"The stack is down; its data stays in {home.data}.")
    else:
        click.echo(f"No stack is up under {home.folder.parent}.")


@stack.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def status(form: str) -> None:
    """Ask both whether they answer; exit code 1 when the stack is not up and well."""
    home = Home(load().home)
    running = home.running()
    health = ask(running) if running else Health(None, None)
    if form == "json":
        found = asdict(running) if running else {"log_dir": str(home.logs)}
        click.echo(json.dumps({"up": health.well, **asdict(health), **found}, indent=2))
    if running is None:
        starting = home.supervisor() is not None
        raise AnswerIsNo(
            f"The stack under {home.folder.parent} is starting or stopping."
            if starting
            else f"No stack is up under {home.folder.parent}: casefeed stack up starts one. Logs: {home.logs}"
        )
    if form == "table":
        _show(running)
    if not health.well:
        silent = "Kafka" if health.cluster_id is None else "The registry"
        raise AnswerIsNo(f"{silent} does not answer; see {running.log_dir}.")


def _show(running: Running) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    # Folded and not cut: addresses and folders are there to be copied.
    for _ in range(3):
        table.add_column(overflow="fold")
    table.add_row(f"Kafka {running.kafka_version}", running.bootstrap, f"pid {running.kafka_pid}")
    table.add_row(
        f"Apicurio Registry {running.registry_version}", running.registry_url, f"pid {running.registry_pid}"
    )
    table.add_row("up since", running.started_at, f"supervisor {running.pid}")
    table.add_row("logs", running.log_dir)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
